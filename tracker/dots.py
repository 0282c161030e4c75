"""Dots made from the database alone: so that any node can answer, whatever else is away."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeAlias

from db.jobs import Job
from db.positions import LastPosition
from db.times import epoch_ms, iso
from tracker.jobs.lifecycle import Status
from tracker.positions.contact import contact_of
from tracker.positions.eta import PRIOR_PACE_M_S, estimate
from tracker.positions.geo import geodesic_m
from tracker.positions.policy import JobNeeds, policy_for

BEFORE_ARRIVAL = frozenset({Status.ACCEPTED, Status.SCHEDULED, Status.EN_ROUTE})

Dot: TypeAlias = dict[str, Any]


def set_out_at(job: Job) -> datetime | None:
    """When the pro set out for this job, or began without having said so."""
    return min((at for at in (job.en_route_at, job.arrived_at, job.started_at) if at), default=None)


def set_out_ms(job: Job) -> int | None:
    """The same in epoch milliseconds."""
    at = set_out_at(job)
    return None if at is None else epoch_ms(at)


def visible_since(job: Job) -> datetime:
    """From when on a customer may see positions of this job: never from before the pro set out."""
    return set_out_at(job) or datetime.max.replace(tzinfo=UTC)


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


def bare_dot(job: Job, point: tuple[float, float, int]) -> Dot:
    """A `location_update` of the past, from a point of the trail: (lat, lng, epoch ms)."""
    lat, lng, ms = point
    return {
        "job_id": str(job.id),
        "seq": ms,
        "version": job.version,
        "lat": lat,
        "lng": lng,
        "recorded_at": iso(datetime.fromtimestamp(ms / 1000, UTC)),
    }


def contact_with(job: Job, last: LastPosition | None, now: datetime) -> str:
    """How well a job's pro is heard."""
    return contact_for([job.status], last.received_at, now) if last else "lost"


def contact_for(statuses: list[str], received_at: datetime, now: datetime) -> str:
    """Until now perhaps nobody watched, so the phone may rightly have been silent for longer."""
    interval_s = _interval_s(statuses, watched=False)
    return contact_of(epoch_ms(received_at), interval_s, epoch_ms(now)).value


def _eta(job: Job, last: LastPosition) -> dict[str, Any] | None:
    if Status(job.status) not in BEFORE_ARRIVAL:
        return None
    return estimate(geodesic_m(last.lat, last.lng, job.lat, job.lng), PRIOR_PACE_M_S).as_dict()


def _interval_s(statuses: list[str], *, watched: bool) -> int:
    """How often the phone is asked to send."""
    return policy_for([JobNeeds(status, watched, None) for status in statuses], None).interval_s
