"""The forms that a judged heartbeat takes: a database row, a job's dot, a place on the dispatchers' map."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from math import ceil
from typing import Any, Protocol, TypeVar

from db.position_group import PositionRow
from db.times import iso
from tracker.positions.contact import Contact
from tracker.positions.eta import Eta
from tracker.positions.filters import Verdict
from tracker.positions.heartbeat import Heartbeat
from tracker.positions.live_pro import ActiveJob, LivePro

MOST_SMALLINT = 32_767
_FARTHEST_FIRST = ("in_progress", "arrived", "en_route", "scheduled", "accepted")


class HasStatus(Protocol):
    """An active job, in memory or as a row."""

    @property
    def status(self) -> str:
        """One of those in which a pro is busy with it."""


Job = TypeVar("Job", bound=HasStatus)


@lru_cache(maxsize=64)  # one fix is written for several jobs and for the fleet
def iso_of(ms: int) -> str:
    """Epoch milliseconds as the wire writes them."""
    return iso(datetime.fromtimestamp(ms / 1000, UTC))


def rows_of(
    fix: Heartbeat, verdict: Verdict, received_ms: int, pro_id: str, session_nos: list[int]
) -> list[PositionRow]:
    """One row for each of the jobs' sessions. Accuracy is rounded up: never better than the device said."""
    accuracy, speed, heading, battery = fix.accuracy_m, fix.speed_m_s, fix.heading_deg, fix.battery
    rest = (
        fix.seq,
        fix.recorded_ms,
        received_ms,
        round(fix.lat * 1e7),
        round(fix.lng * 1e7),
        None if accuracy is None else min(MOST_SMALLINT, ceil(accuracy)),
        None if speed is None else min(MOST_SMALLINT, round(speed * 100)),
        None if heading is None else round(heading * 100) % 36_000,
        None if battery is None else round(battery * 100),
        int(verdict),
        pro_id,
    )
    return [PositionRow(session_no, *rest) for session_no in session_nos]


def dot_of(job: ActiveJob, fix: Heartbeat, eta: Eta | None, next_in_s: int) -> dict[str, Any]:
    """A `location_update` without the room's `version`. Its `seq` is the time of the fix, epoch ms."""
    return {
        "job_id": job.key,
        "seq": fix.recorded_ms,
        "lat": round(fix.lat, 7),
        "lng": round(fix.lng, 7),
        "accuracy": fix.accuracy_m,
        "heading": fix.heading_deg,
        "speed": fix.speed_m_s,
        "recorded_at": iso_of(fix.recorded_ms),
        "eta": None if eta is None else eta.as_dict(),
        "next_in_s": next_in_s,
    }


def job_at_hand(jobs: Iterable[Job]) -> Job | None:
    """Of a pro's active jobs the one that has come farthest: what the pro is doing now, if anything."""
    return min(jobs, key=lambda job: _FARTHEST_FIRST.index(job.status), default=None)


def fleet_place_of(pro: LivePro, fix: Heartbeat, contact: Contact = Contact.LIVE) -> dict[str, Any]:
    """A pro as the dispatchers' map shows it; `job_id` is the job at hand, if any."""
    job = job_at_hand(pro.jobs.values())
    return {
        "pro_id": pro.id,
        "name": pro.name,
        "lat": round(fix.lat, 7),
        "lng": round(fix.lng, 7),
        "heading": fix.heading_deg,
        "recorded_at": iso_of(fix.recorded_ms),
        "contact": contact.value,
        "job_id": None if job is None else job.key,
    }
