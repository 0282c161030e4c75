"""An appointment: a window is agreed on, and every conflict with the pro's other jobs is known at once.

A customer does not set one: it binds a pro's day. The shop passes on the customer's wish with the order,
and dispatch or the pro agrees on it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from db.errors import Busy
from db.job_edits import write_window
from db.jobs import Job, job_by_id, lock_job
from db.need_job import NoSuchJob
from db.pool import Connection, Database
from db.schedule import Appointment
from db.times import iso
from rooms.principal import Principal
from tracker.jobs.consequences import Effect
from tracker.jobs.facts import Actor, StaleVersion, record_fact
from tracker.jobs.lifecycle import (
    ACTIVE,
    LIFECYCLE,
    Party,
    Status,
    TransitionRefused,
    allowed_next,
    check_step,
    party_of,
)
from tracker.jobs.overlaps import Conflicts, enter_schedules, met_by, settle_new_appointment
from tracker.jobs.transition import Step, facts_of, write_step
from tracker.jobs.windows import check_window

# An appointment that is agreed on before somebody has the job, or changed later, is no step of its own.
_KEEPS_STATUS = {
    Status.PENDING: frozenset({Party.STAFF}),
    Status.OPEN: frozenset({Party.STAFF}),
    Status.SCHEDULED: frozenset({Party.STAFF, Party.OWN_PRO}),
}


@dataclass(frozen=True, slots=True)
class Scheduled:
    """The job after the call. `changed` is False when it had this very appointment already.

    `conflicts` are the pro's other jobs whose windows meet this one.
    """

    job_id: UUID
    status: Status
    version: int
    changed: bool
    conflicts: tuple[UUID, ...]


# Statuses in which dispatch may agree on a window: as a step of its own, or keeping the status.
SCHEDULABLE = frozenset(_KEEPS_STATUS) | {
    status for status, steps in LIFECYCLE.items() if any(step.to is Status.SCHEDULED for step in steps)
}


class _ProChanged(Exception):
    """The job went to another pro between our look at it and our locks."""


async def schedule_job(
    database: Database,
    principal: Principal,
    job_id: UUID,
    start: datetime,
    end: datetime,
    *,
    expected_version: int | None,
    now: datetime,
) -> Scheduled:
    """Give a job its window; a job that waits for one becomes `scheduled`.

    Raises NotFound (also for a stranger's job), Invalid, StaleVersion, TransitionRefused (too late, or not
    yours to say), Busy (it changes hands again and again), Unavailable.
    """
    for _ in range(3):
        async with database.connection() as conn:
            seen = await job_by_id(conn, job_id)
        if seen is None or party_of(principal, facts_of(seen)) is None:
            raise NoSuchJob

        async def work(conn: Connection, pro_id: str | None = seen.pro_id) -> Scheduled:
            locked = await enter_schedules(conn, [pro_id] if pro_id else [], [job_id])
            job = await lock_job(conn, job_id)
            if job is None or job.pro_id != pro_id:
                raise _ProChanged
            return await _schedule(conn, principal, job, locked, start, end, expected_version, now)

        try:
            return await database.in_transaction(work)
        except _ProChanged:
            continue
    raise Busy("This job is changing hands; try again.")


async def _schedule(
    conn: Connection,
    principal: Principal,
    job: Job,
    locked: frozenset[UUID],
    start: datetime,
    end: datetime,
    expected_version: int | None,
    now: datetime,
) -> Scheduled:
    status = Status(job.status)
    if status in _KEEPS_STATUS and (job.window_start, job.window_end) == (start, end):
        meets = await met_by(conn, job.pro_id, job.id) if job.pro_id else ()
        return Scheduled(job.id, status, job.version, changed=False, conflicts=meets)
    if expected_version is not None and job.version != expected_version:
        raise StaleVersion(current=job.version)
    check_window(start, end, now)
    after = _status_after(job, principal)
    conflicts = Conflicts()
    if job.pro_id is not None and after in ACTIVE:
        new = Appointment(job.pro_id, job.id, start, end)
        conflicts = await settle_new_appointment(conn, new, locked, now=now)
    await write_window(conn, job.id, start, end)
    data = {**_change_of_window(job, start, end), **conflicts.as_data()}
    version = await _record(conn, job, after, Actor.of(principal), data, now)
    return Scheduled(job.id, after, version, changed=True, conflicts=conflicts.meets)


def _status_after(job: Job, principal: Principal) -> Status:
    """`scheduled` where the table has that step, else the status it has. Raises TransitionRefused."""
    facts = facts_of(job)
    party = party_of(principal, facts)
    if facts.status in _KEEPS_STATUS:
        if party in _KEEPS_STATUS[facts.status]:
            return facts.status
        raise TransitionRefused(
            "You cannot schedule this job.",
            current=facts.status.value,
            allowed=[status.value for status in allowed_next(facts, party)],
        )
    facts = replace(facts, has_window=True)  # the one that is being agreed on
    check_step(facts, Status.SCHEDULED, principal, pro_id=facts.pro_id, override_reason=None)
    return Status.SCHEDULED


async def _record(
    conn: Connection, job: Job, after: Status, actor: Actor, data: dict[str, object], now: datetime
) -> int:
    if job.status != after.value:
        return (await write_step(conn, job, Step(after), actor, job.pro_id, now, more=data)).version
    told = (Effect.TELL_CUSTOMER_APPOINTMENT, Effect.CHECK_SCHEDULE) if after is Status.SCHEDULED else ()
    return await record_fact(
        conn, job.id, kind="window_changed", data=data, actor=actor, now=now, effects=told
    )


def _change_of_window(job: Job, start: datetime, end: datetime) -> dict[str, object]:
    change: dict[str, object] = {"window": [iso(start), iso(end)]}
    if job.window_start and job.window_end:
        change["previous_window"] = [iso(job.window_start), iso(job.window_end)]
    return change
