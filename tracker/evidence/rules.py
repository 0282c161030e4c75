"""Who may add and see which evidence, and what makes a piece of it doubtful.

A rule module: values in, values out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from db.errors import Conflict, Forbidden
from db.jobs import Job
from db.need_job import NoSuchJob
from rooms.principal import Principal
from tracker.jobs.lifecycle import ACTIVE, Party, Status, party_of
from tracker.jobs.transition import facts_of
from tracker.positions.geo import geodesic_m

MAX_PER_KIND = 20  # of one job
LATE_FOR = timedelta(days=7)  # a pro may bring what a dead phone held back
NEAR_M = 300.0  # a flat's door is in a street's other end; a garden is large
MAX_ACCURACY_M = 1000.0  # however unsure a device is, it knows the town
SLACK = timedelta(minutes=30)  # around the visit: photos are taken from the car, and clocks differ
# What writes its name into a photo that it changed; phones write their own system's version instead.
EDITORS = (
    "photoshop",
    "lightroom",
    "gimp",
    "snapseed",
    "picsart",
    "pixelmator",
    "affinity",
    "canva",
    "paint",
)


class Kind(StrEnum):
    """What a piece of evidence shows."""

    BEFORE = "before"  # the place before the work
    AFTER = "after"  # and after it
    SIGNATURE = "signature"  # the customer's, that it is done


class Doubt(StrEnum):
    """Why dispatch should look twice. A doubt never refuses a photo: phones are often wrong."""

    TAKEN_ELSEWHERE = "taken_elsewhere"  # more than 300 m from the job, beyond its own uncertainty
    TAKEN_AT_ANOTHER_TIME = "taken_at_another_time"  # not during the visit
    NO_CAPTURE_TIME = "no_capture_time"  # nothing says when
    NO_PLACE = "no_place"  # nothing says where
    EDITED_SOFTWARE = "edited_software"  # a photo editor wrote its name into it


class TooMuchEvidence(Conflict):
    """This job has all the photos of this kind that it may have."""

    code = "too_much_evidence"


class EvidenceClosed(Conflict):
    """This job takes no evidence now."""

    code = "evidence_closed"


@dataclass(frozen=True, slots=True)
class Taken:
    """When, where and by what a photo says it was taken; None where it says nothing."""

    at: datetime | None = None
    lat: float | None = None
    lng: float | None = None
    accuracy_m: float | None = None
    software: str | None = None


def check_may_add(principal: Principal, job: Job, now: datetime) -> None:
    """Dispatch always may; the job's pro from its acceptance until a week after its end.

    Raises NotFound to a stranger, Forbidden to the customer, EvidenceClosed.
    """
    party = party_of(principal, facts_of(job))
    if party is None:
        raise NoSuchJob
    if party is Party.STAFF:
        return
    if party is not Party.OWN_PRO:
        raise Forbidden("Evidence is added by the job's pro or by dispatch.")
    finished = job.status in (Status.COMPLETED, Status.PAID) and job.finished_at is not None
    late = finished and job.finished_at is not None and now > job.finished_at + LATE_FOR
    if late or not (finished or job.status in ACTIVE):
        raise EvidenceClosed(status=job.status)


def may_see(principal: Principal, job: Job, kind: Kind) -> bool:
    """Dispatch, the job's pro and its customer see all of it; the customer's own link sees no signature, and
    the photos once the work is done; one that was passed on sees nothing.
    """
    if principal.shared:
        return False
    if principal.is_link:
        done = job.status in (Status.COMPLETED, Status.PAID)
        return principal.job_id == str(job.id) and done and kind is not Kind.SIGNATURE
    return party_of(principal, facts_of(job)) is not None


def distance_m(job: Job, taken: Taken) -> float | None:
    """From the job's door to where the photo says it was taken, in metres."""
    if taken.lat is None or taken.lng is None:
        return None
    return geodesic_m(job.lat, job.lng, taken.lat, taken.lng)


def doubts_of(job: Job, taken: Taken, now: datetime) -> list[Doubt]:
    """What does not fit, in the order of `Doubt`."""
    doubts = []
    away_m = distance_m(job, taken)
    if away_m is not None and away_m - min(taken.accuracy_m or 0.0, MAX_ACCURACY_M) > NEAR_M:
        doubts.append(Doubt.TAKEN_ELSEWHERE)
    if taken.at is not None and not _during_the_visit(job, taken.at, now):
        doubts.append(Doubt.TAKEN_AT_ANOTHER_TIME)
    if taken.at is None:
        doubts.append(Doubt.NO_CAPTURE_TIME)
    if away_m is None:
        doubts.append(Doubt.NO_PLACE)
    if any(editor in (taken.software or "").lower() for editor in EDITORS):
        doubts.append(Doubt.EDITED_SOFTWARE)
    return doubts


def _during_the_visit(job: Job, at: datetime, now: datetime) -> bool:
    """From arrival to the end, half an hour around; before an arrival was tapped, around the upload."""
    begin = job.arrived_at or job.started_at or now
    return begin - SLACK <= at <= (job.finished_at or now) + SLACK
