"""One status change: lock, check, write, record, queue its consequences. One transaction, no calls outside.

Taking the same step twice is answered as before; two different steps at once take turns at the row lock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from db.errors import Forbidden, Invalid
from db.job_edits import write_completion
from db.job_events import append_event, newest_step
from db.jobs import Job, lock_job, write_status
from db.need_job import NoSuchJob, lock_needed_job
from db.outbox import add_effects
from db.pain_flags import open_critical_flags
from db.people import is_available_pro
from db.pool import Connection, Database
from db.tracking_links import expire_links_of_job
from rooms.principal import Principal, Role
from tracker.jobs.consequences import EFFECTS
from tracker.jobs.facts import MONEY, Actor
from tracker.jobs.lifecycle import (
    ENTERED_AT,
    FORGETS,
    LIFECYCLE,
    LINK_ENDS,
    JobFacts,
    Party,
    Status,
    check_step,
    party_of,
    unmet_guards,
)

OLDEST_TAP = timedelta(days=7)  # an offline phone may report a step this late
CLOCK_SLACK = timedelta(minutes=2)  # a phone's clock may run ahead this much


@dataclass(frozen=True, slots=True)
class Step:
    """What a caller asks for. `pro_id` names who gets the job when staff assigns it."""

    to: Status
    occurred_at: datetime | None = None
    lat: float | None = None
    lng: float | None = None
    notes: str | None = None
    override_reason: str | None = None
    pro_id: str | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """The job's status and version after the call; `changed` is False when the step was already taken."""

    job_id: UUID
    status: Status
    version: int
    changed: bool


def facts_of(job: Job) -> JobFacts:
    """The part of a job that the lifecycle's rules look at."""
    return JobFacts(
        status=Status(job.status),
        customer_id=job.customer_id,
        pro_id=job.pro_id,
        order_required=job.order_required,
        order_stage=job.order_stage,
        has_window=job.window_start is not None,
    )


async def move_job(
    database: Database,
    principal: Principal,
    job_id: UUID,
    step: Step,
    *,
    now: datetime,
    link_grace: timedelta,
) -> Moved:
    """Take one step in a job's life.

    Raises NotFound (also for a stranger's job), Forbidden, TransitionRefused, GuardRefused, Invalid,
    Unavailable.
    """
    occurred_at = _believable(step.occurred_at, now)

    async def work(conn: Connection) -> Moved:
        job = await lock_needed_job(conn, job_id)
        if party_of(principal, facts_of(job)) is None:
            return await _answer_stranger(conn, job, step, principal)
        if _already_there(job, step, principal):
            return await taken_before(conn, job)
        pro_id = await pro_after(conn, job, step, principal)
        facts = await guarded_facts(conn, job, step.to)
        check_step(facts, step.to, principal, pro_id=pro_id, override_reason=step.override_reason)
        waived = unmet_guards(facts, step.to, pro_id=pro_id)
        return await write_step(
            conn,
            job,
            step,
            Actor.of(principal),
            pro_id,
            occurred_at,
            links_die_at=now + link_grace,
            more={"overridden": [*waived.values()], "guards": [*waived]} if waived else None,
        )

    return await database.in_transaction(work)


async def taken_before(conn: Connection, job: Job) -> Moved:
    """The answer to a step that was taken before: the one it had then, whatever was recorded since."""
    newest = await newest_step(conn, job.id)
    return Moved(job.id, Status(job.status), newest.version if newest else job.version, changed=False)


async def _answer_stranger(conn: Connection, job: Job, step: Step, principal: Principal) -> Moved:
    """The pro who just released the job may be retrying; anybody else learns nothing of it."""
    newest = await newest_step(conn, job.id)
    if newest and newest.actor_id == principal.id and newest.to_status == step.to.value:
        return Moved(job.id, step.to, newest.version, changed=False)
    if principal.role is Role.PRO and job.status == Status.OPEN.value:
        raise Forbidden("Take an open job with POST /api/jobs/{id}/accept.")
    raise NoSuchJob


def _believable(occurred_at: datetime | None, now: datetime) -> datetime:
    """The device's time of the tap, or now. Raises Invalid for a clock that cannot be right."""
    if occurred_at is None:
        return now
    if occurred_at > now + CLOCK_SLACK or occurred_at < now - OLDEST_TAP:
        raise Invalid("occurred_at is in the future or more than seven days ago", field="occurred_at")
    return min(occurred_at, now)


def _already_there(job: Job, step: Step, principal: Principal) -> bool:
    """A step taken before is answered as before: a retry must not be a conflict."""
    reassigns = step.pro_id is not None and step.pro_id != job.pro_id
    leaves = party_of(principal, facts_of(job)) is Party.OWN_CUSTOMER and step.to is not Status.CANCELLED
    return job.status == step.to.value and not reassigns and not leaves


async def pro_after(conn: Connection, job: Job, step: Step, principal: Principal) -> str | None:
    """Who has the job after this step. Raises Invalid for a person who cannot take it."""
    if step.to is Status.OPEN:
        return None
    if step.pro_id is None:
        return job.pro_id
    if not principal.is_staff or step.to is not Status.ACCEPTED:
        raise Invalid("pro_id is given only when a dispatcher assigns", field="pro_id")
    if not await is_available_pro(conn, step.pro_id):
        raise Invalid("pro_id is not a pro who can take jobs", field="pro_id")
    return step.pro_id


async def guarded_facts(conn: Connection, job: Job, to: Status) -> JobFacts:
    """The facts of a locked job that the guards of a step ask for; one more question where one needs it."""
    facts = facts_of(job)
    if to is not Status.COMPLETED:
        return facts
    return replace(facts, critical_flags=tuple(await open_critical_flags(conn, job.id)))


async def write_step(
    conn: Connection,
    job: Job,
    step: Step,
    actor: Actor,
    pro_id: str | None,
    occurred_at: datetime,
    *,
    links_die_at: datetime | None = None,
    more: dict[str, object] | None = None,
) -> Moved:
    """Write a step that was checked: status and times, the event (with `more` data), the effects.

    `links_die_at`: when the job's tracking links end, for a step that ends them.
    """
    times: dict[str, datetime | None] = dict.fromkeys(FORGETS.get(step.to, ()))
    at = max(occurred_at, _last_step_at(job))
    if step.to in ENTERED_AT:
        times[ENTERED_AT[step.to]] = at
    version = await write_status(conn, job.id, status=step.to.value, pro_id=pro_id, times=times)
    if step.to is Status.COMPLETED:
        await write_completion(conn, job.id, labour_minutes=labour_minutes(job.started_at, at))
    await append_event(
        conn,
        job_id=job.id,
        version=version,
        kind="status",
        from_status=job.status,
        to_status=step.to.value,
        actor_id=actor.id,
        actor_role=actor.role,
        occurred_at=occurred_at,
        data={**_event_data(job, step, pro_id), **(more or {})},
    )
    await add_effects(conn, job.id, version, [effect.value for effect in EFFECTS[step.to]])
    if step.to in LINK_ENDS and links_die_at is not None:
        await expire_links_of_job(conn, job.id, links_die_at)
    return Moved(job.id, step.to, version, changed=True)


def _last_step_at(job: Job) -> datetime:
    """A step is never before the one it follows: from `en_route_at` on, a customer sees where the pro was."""
    steps = (job.accepted_at, job.en_route_at, job.arrived_at, job.started_at, job.finished_at)
    return max((at for at in steps if at), default=job.created_at)


def _event_data(job: Job, step: Step, pro_id: str | None) -> dict[str, object]:
    data = {
        "notes": step.notes,
        "override_reason": step.override_reason,
        "lat": step.lat,
        "lng": step.lng,
        "pro_id": pro_id if pro_id != job.pro_id else None,
        "previous_pro_id": job.pro_id if pro_id != job.pro_id else None,
    }
    return {key: value for key, value in data.items() if value is not None}


def labour_minutes(started_at: datetime | None, finished_at: datetime) -> int | None:
    """The labour timer in whole minutes, rounded to the nearest; None for work that was never begun."""
    if started_at is None:
        return None
    return max(0, round((finished_at - started_at) / timedelta(minutes=1)))


async def pay_job(conn: Connection, job_id: UUID, *, now: datetime) -> int | None:
    """The pro has the money for a job: `completed` becomes `paid`, in the caller's transaction.

    Called by the money side alone (no person may take this step). Locks the job. Returns the new version;
    None when the job is not completed, or is paid already.
    """
    job = await lock_job(conn, job_id)
    if job is None or not any(
        step.to is Status.PAID and Party.MONEY in step.by for step in LIFECYCLE[Status(job.status)]
    ):
        return None
    moved = await write_step(conn, job, Step(Status.PAID), MONEY, job.pro_id, now)
    return moved.version
