"""What a joiner gets first: the job, the dot, contact, ETA, the trail's tail, and what was missed.

Values only; `snapshots.py` reads them. The rooms decide whether the joiner may see the dot, and
`Snapshot.ack` leaves it out when not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db.job_events import JobEvent
from db.jobs import Job
from db.positions import LastPosition
from db.times import iso
from rooms.events import Told
from rooms.principal import Principal, Role
from rooms.sockets import Since
from tracker.dots import Dot, bare_dot, contact_with
from tracker.evidence.portraits import portrait_address
from tracker.jobs.lifecycle import ACTIVE, Status

TRAIL_TAIL = 500  # points in a snapshot, and positions replayed to a returning watcher


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that was read for one joiner at one moment; `time_zone` is the company's, if it is known."""

    job: Job
    principal: Principal
    last: LastPosition | None
    dot: Dot | None
    trail: list[tuple[float, float, int]]
    since: Since | None
    missed: list[JobEvent]
    now: datetime
    time_zone: str | None = None

    def ack(self, sees_dot: bool) -> dict[str, Any]:
        """The ack of `watch`: `{ok, recovered, snapshot, missed}`."""
        recovered = self._recovered()
        return {
            "ok": True,
            "recovered": recovered,
            "snapshot": self._state(sees_dot),
            "missed": self._missed(sees_dot) if recovered else [],
        }

    def _state(self, sees_dot: bool) -> dict[str, Any]:
        active = Status(self.job.status) in ACTIVE
        dot = self.dot if sees_dot else None
        return {
            "job": _job_payload(self.job, self.time_zone, crew=is_crew(self.principal)),
            "shared": self.principal.shared,
            "position": dot,
            "contact": contact_with(self.job, self.last, self.now) if sees_dot and active else None,
            "last_seen": iso(self.last.received_at) if sees_dot and self.last else None,
            "eta": dot["eta"] if dot else None,
            "trail": self.trail if sees_dot else [],
            "version": self.job.version,
            "seq": dot["seq"] if dot else 0,
        }

    def _recovered(self) -> bool:
        """Whether `missed` is everything: no event and no position fell out of reach."""
        if self.since is None or self.since.version > self.job.version:
            return False
        complete = len(self.missed) == self.job.version - self.since.version
        cut = len(self.trail) == TRAIL_TAIL and self.trail[0][2] > self.since.seq
        return complete and not cut

    def _missed(self, sees_dot: bool) -> list[dict[str, Any]]:
        events = [
            {"event": Told.STATUS_CHANGED.value, "data": _event_payload(event, status)}
            for event, status in zip(self.missed, self._statuses(), strict=True)
        ]
        after = self.since.seq if self.since else 0
        dots = [
            {"event": Told.LOCATION_UPDATE.value, "data": bare_dot(self.job, point)}
            for point in (self.trail if sees_dot else [])
            if point[2] > after > 0
        ]
        return events + dots

    def _statuses(self) -> list[str]:
        """The status after each missed event: one that is no step left the job in the status it had."""
        statuses, status = [], self.job.status
        for event in reversed(self.missed):
            statuses.append(event.to_status or status)
            status = event.from_status or status
        return statuses[::-1]


def is_crew(principal: Principal) -> bool:
    """Whether the caller works with the job: its pro, or dispatch."""
    return principal.is_staff or principal.role is Role.PRO


def _job_payload(job: Job, time_zone: str | None, *, crew: bool) -> dict[str, Any]:
    """The job as its room shows it: never the pro's phone, the customer's name only to the crew."""
    pro = _pro_payload(job, crew=crew) if job.pro_id else None
    payload: dict[str, Any] = {
        "id": str(job.id),
        "status": job.status,
        "version": job.version,
        "service": job.service,
        "destination": {"lat": job.lat, "lng": job.lng},
        "address": job.address,
        "window_start": iso(job.window_start) if job.window_start else None,
        "window_end": iso(job.window_end) if job.window_end else None,
        "time_zone": time_zone,
        "pro": pro,
    }
    if crew:
        payload["customer_name"] = job.customer_name
    return payload


def _pro_payload(job: Job, *, crew: bool) -> dict[str, Any]:
    """Who comes: name, portrait and rating (`None` before the first review)."""
    pro: dict[str, Any] = {
        "name": job.pro_name,
        "photo": portrait_address(job.pro_photo_key),
        "rating": job.pro_rating,
        "rating_count": job.pro_rating_count or 0,
    }
    if crew:
        pro["id"] = job.pro_id
    return pro


def _event_payload(event: JobEvent, status: str) -> dict[str, Any]:
    return {
        "job_id": str(event.job_id),
        "version": event.version,
        "status": status,
        "previous": event.from_status,
        "occurred_at": iso(event.occurred_at),
    }
