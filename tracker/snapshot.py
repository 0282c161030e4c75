"""What a joiner gets first: the job, the dot, contact, ETA, the trail's tail, and what was missed.

Everything is read from the database in one go, so any node can answer, also right after the pro's phone,
another node, or Redis died. The rooms decide whether the joiner may see the dot; `Snapshot.ack` leaves it
out when not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from db.active_jobs import active_jobs_of, names_of
from db.errors import NotFound
from db.job_events import JobEvent, events_since
from db.jobs import Job, job_by_id, jobs_by_ids
from db.pool import Connection, Database
from db.positions import (
    LastPosition,
    TrailRow,
    last_position,
    last_positions_in,
    last_positions_of,
    trail_of,
    trail_since,
)
from db.times import epoch_ms, iso
from rooms.events import Told
from rooms.membership import JobFacts
from rooms.principal import Principal, Role
from rooms.sockets import Since
from tracker.jobs.lifecycle import ACTIVE, Status
from tracker.positions.contact import contact_of
from tracker.positions.eta import PRIOR_PACE_M_S, estimate
from tracker.positions.geo import geodesic_m
from tracker.positions.policy import JobNeeds, policy_for

TRAIL_TAIL = 500  # points in a snapshot, and positions replayed to a returning watcher
FLEET_MEMORY = timedelta(hours=12)  # pros not heard for longer are not on a dispatcher's map
BEFORE_ARRIVAL = frozenset({Status.ACCEPTED, Status.SCHEDULED, Status.EN_ROUTE})

Dot = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that was read for one joiner at one moment."""

    job: Job
    crew: bool
    last: LastPosition | None
    dot: Dot | None
    trail: list[tuple[float, float, int]]
    since: Since | None
    missed: list[JobEvent]
    now: datetime

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
            "job": _job_payload(self.job, crew=self.crew),
            "position": dot,
            "contact": _contact(self.job, self.last, self.now) if sees_dot and active else None,
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
            {"event": Told.STATUS_CHANGED.value, "data": _event_payload(event)} for event in self.missed
        ]
        after = self.since.seq if self.since else 0
        dots = [
            {"event": Told.LOCATION_UPDATE.value, "data": _bare_dot(self.job, point)}
            for point in (self.trail if sees_dot else [])
            if point[2] > after > 0
        ]
        return events + dots


class Snapshots:
    """Reads snapshots. `newest_dot(job_id)` gives the last dot told on this node, with its live ETA."""

    def __init__(
        self,
        database: Database,
        *,
        visible: frozenset[str],
        newest_dot: Callable[[UUID], Dot | None] = lambda _job_id: None,
    ) -> None:
        self._database = database
        self._visible = visible
        self.newest_dot = newest_dot

    async def read(
        self, principal: Principal, job_id: UUID, since: Since | None
    ) -> tuple[JobFacts, Callable[[bool], dict[str, Any]]]:
        """The facts that the snapshot was read with, and its ack. Raises NotFound, Unavailable."""
        async with self._database.connection() as conn:
            job = await job_by_id(conn, job_id)
            if job is None:
                raise NotFound("There is no such job, or it is not yours to follow.")
            last = await last_position(conn, job.pro_id) if job.pro_id else None
            crew = _is_crew(principal)
            shown_from = None if crew else visible_since(job)
            trail = await trail_since(conn, job_id, shown_from, TRAIL_TAIL)
            missed = await events_since(conn, job_id, since.version) if since else []
        facts = JobFacts(job.id, job.version, job.status, job.customer_id, job.pro_id)
        last = None if last and shown_from and last.recorded_at < shown_from else last
        snapshot = Snapshot(job, crew, last, self._dot(job, last), trail, since, missed, datetime.now(UTC))
        return facts, snapshot.ack

    async def trail(
        self,
        conn: Connection,
        job: Job,
        principal: Principal,
        *,
        after: datetime | None,
        limit: int,
        every_verdict: bool = False,
    ) -> list[TrailRow]:
        """A page of a job's trail; for a customer only while, and from when, the pro is visible."""
        if not _is_crew(principal):
            if job.status not in self._visible:
                return []
            after = max(filter(None, (after, visible_since(job))), default=None)
        return await trail_of(conn, job.id, after, limit, every_verdict=every_verdict)

    async def dots(self, job_ids: list[UUID]) -> dict[UUID, Dot]:
        """The newest position of each of these jobs that is active, for rooms that missed some."""
        async with self._database.connection() as conn:
            jobs = [job for job in await jobs_by_ids(conn, job_ids) if job.status in ACTIVE and job.pro_id]
            last = await last_positions_of(conn, {job.pro_id for job in jobs if job.pro_id})
        found = ((job, last.get(job.pro_id or "")) for job in jobs)
        return {job.id: dot_of(job, position) for job, position in found if position}

    async def fleet(self, west: float, south: float, east: float, north: float) -> list[dict[str, Any]]:
        """Every pro lately seen in a viewport, as `watch_fleet` answers it."""
        now = datetime.now(UTC)
        async with self._database.connection() as conn:
            seen = await last_positions_in(conn, west, south, east, north, seen_after=now - FLEET_MEMORY)
            pro_ids = [position.pro_id for position in seen]
            names = await names_of(conn, pro_ids)
            jobs = await active_jobs_of(conn, pro_ids)
        return [
            {
                "pro_id": position.pro_id,
                "name": names.get(position.pro_id),
                "lat": position.lat,
                "lng": position.lng,
                "heading": position.heading_deg,
                "recorded_at": iso(position.recorded_at),
                "contact": _contact_for(
                    [job.status for job in jobs[position.pro_id]], position.received_at, now
                ),
                "job_id": str(jobs[position.pro_id][0].id) if jobs[position.pro_id] else None,
            }
            for position in seen
        ]

    def _dot(self, job: Job, last: LastPosition | None) -> Dot | None:
        """The live dot of this node when it is as new as the database's, for its smoothed ETA."""
        told = self.newest_dot(job.id)
        if last is None or (told and told["seq"] >= epoch_ms(last.recorded_at)):
            return told if last else None
        return dot_of(job, last)


def visible_since(job: Job) -> datetime:
    """From when on a customer may see positions of this job: never from before the pro set out."""
    times = [at for at in (job.en_route_at, job.arrived_at, job.started_at) if at]
    return min(times, default=datetime.max.replace(tzinfo=UTC))


def dot_of(job: Job, last: LastPosition) -> Dot:
    """A `location_update` made from the database alone."""
    return {
        "job_id": str(job.id),
        "seq": epoch_ms(last.recorded_at),
        "version": job.version,
        "lat": last.lat,
        "lng": last.lng,
        "accuracy": last.accuracy_m,
        "heading": last.heading_deg,
        "speed": last.speed_m_s,
        "recorded_at": iso(last.recorded_at),
        "eta": _eta(job, last),
        "next_in_s": _interval_s([job.status], watched=True),
    }


def _eta(job: Job, last: LastPosition) -> dict[str, Any] | None:
    if Status(job.status) not in BEFORE_ARRIVAL:
        return None
    return estimate(geodesic_m(last.lat, last.lng, job.lat, job.lng), PRIOR_PACE_M_S).as_dict()


def _contact(job: Job, last: LastPosition | None, now: datetime) -> str:
    return _contact_for([job.status], last.received_at, now) if last else "lost"


def _contact_for(statuses: list[str], received_at: datetime, now: datetime) -> str:
    """Until now perhaps nobody watched, so the phone may rightly have been silent for longer."""
    interval_s = _interval_s(statuses, watched=False)
    return contact_of(epoch_ms(received_at), interval_s, epoch_ms(now)).value


def _interval_s(statuses: list[str], *, watched: bool) -> int:
    """How often the phone is asked to send."""
    return policy_for([JobNeeds(status, watched, None) for status in statuses], None).interval_s


def _is_crew(principal: Principal) -> bool:
    return principal.is_staff or principal.role is Role.PRO


def _job_payload(job: Job, *, crew: bool) -> dict[str, Any]:
    """The job as its room shows it: never the pro's phone, the customer's name only to the crew."""
    pro = {"name": job.pro_name} if job.pro_id else None
    if pro and crew:
        pro["id"] = job.pro_id
    payload: dict[str, Any] = {
        "id": str(job.id),
        "status": job.status,
        "version": job.version,
        "service": job.service,
        "destination": {"lat": job.lat, "lng": job.lng},
        "address": job.address,
        "window_start": iso(job.window_start) if job.window_start else None,
        "window_end": iso(job.window_end) if job.window_end else None,
        "pro": pro,
    }
    if crew:
        payload["customer_name"] = job.customer_name
    return payload


def _event_payload(event: JobEvent) -> dict[str, Any]:
    return {
        "job_id": str(event.job_id),
        "version": event.version,
        "status": event.to_status,
        "previous": event.from_status,
        "occurred_at": iso(event.occurred_at),
    }


def _bare_dot(job: Job, point: tuple[float, float, int]) -> dict[str, Any]:
    lat, lng, ms = point
    return {
        "job_id": str(job.id),
        "seq": ms,
        "version": job.version,
        "lat": lat,
        "lng": lng,
        "recorded_at": iso(datetime.fromtimestamp(ms / 1000, UTC)),
    }
