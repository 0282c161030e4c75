"""A dispatcher gives a job to a pro: the step, and what it does to that pro's day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.errors import Conflict
from db.jobs import Job, lock_job
from db.need_job import NoSuchJob
from db.pool import Connection, Database
from db.schedule import Appointment
from rooms.principal import Principal
from tracker.jobs.facts import Actor, StaleVersion
from tracker.jobs.lifecycle import LIFECYCLE, Status, TransitionRefused, check_step
from tracker.jobs.overlaps import enter_schedules, settle_new_appointment
from tracker.jobs.transition import Moved, Step, facts_of, pro_after, taken_before, write_step

# Who has it and is not on the way yet may lose it.
_WAITING = frozenset({Status.ACCEPTED, Status.SCHEDULED})
_WAYS_TO_A_PRO = frozenset(
    status for status, steps in LIFECYCLE.items() if any(step.to is Status.ACCEPTED for step in steps)
)
ASSIGNABLE = (_WAITING | _WAYS_TO_A_PRO) - {Status.EN_ROUTE}


class HolderChanged(Conflict):
    """Somebody else was given this job, or lost it, since you looked."""

    code = "holder_changed"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who had the job when a dispatcher decided to give it to another; `pro_id` None: nobody."""

    pro_id: str | None


async def reassign_job(
    database: Database,
    principal: Principal,
    job_id: UUID,
    pro_id: str,
    *,
    expected_version: int | None = None,
    expected_holder: Holder | None = None,
    now: datetime,
) -> Moved:
    """Give a job to a pro, also when another one has it but is not on the way yet.

    With `expected_version`, raises StaleVersion when the job has changed since; with `expected_holder`,
    HolderChanged when it changed hands. Jobs of the new pro whose
    windows meet are flagged in the same transaction; those of the one who loses it are cleared by the effect
    CHECK_SCHEDULE. Raises NotFound, Invalid, TransitionRefused, Unavailable.
    """

    async def work(conn: Connection) -> Moved:
        locked = await enter_schedules(conn, [pro_id], [job_id])
        job = await lock_job(conn, job_id)
        if job is None or not principal.is_staff:
            raise NoSuchJob
        if job.pro_id == pro_id and job.status in _WAITING:
            return await taken_before(conn, job)
        if expected_version is not None and job.version != expected_version:
            raise StaleVersion(current=job.version)
        if expected_holder is not None and job.pro_id != expected_holder.pro_id:
            raise HolderChanged
        step = Step(Status.ACCEPTED, pro_id=pro_id)
        await pro_after(conn, job, step, principal)
        step = _kept_or_checked(job, step, principal)
        conflicts = await _conflicts_at(conn, job, pro_id, locked, now)
        return await write_step(conn, job, step, Actor.of(principal), pro_id, now, more=conflicts)

    return await database.in_transaction(work)


def _kept_or_checked(job: Job, step: Step, principal: Principal) -> Step:
    """The step to take: a scheduled job keeps its appointment. Raises TransitionRefused."""
    if job.status == Status.SCHEDULED:
        return Step(Status.SCHEDULED, pro_id=step.pro_id)
    if job.status == Status.EN_ROUTE:
        raise TransitionRefused(
            "The pro is on the way; turn the job back first.", current=job.status, allowed=[]
        )
    if job.status != Status.ACCEPTED:
        check_step(facts_of(job), step.to, principal, pro_id=step.pro_id, override_reason=None)
    return step


async def _conflicts_at(
    conn: Connection, job: Job, pro_id: str, locked: frozenset[UUID], now: datetime
) -> dict[str, object]:
    if job.window_start is None or job.window_end is None:
        return {}
    new = Appointment(pro_id, job.id, job.window_start, job.window_end)
    return (await settle_new_appointment(conn, new, locked, now=now)).as_data()
