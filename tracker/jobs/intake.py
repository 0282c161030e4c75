"""How a job comes to be: once per order reference, with its first event and its first effects."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from db.errors import Conflict, Invalid
from db.job_events import append_event, events_since
from db.jobs import Job, NewJob, create_job, job_by_reference
from db.outbox import add_effects
from db.pool import Connection, Database
from rooms.principal import Principal
from tracker.jobs.consequences import EFFECTS
from tracker.jobs.facts import Actor
from tracker.jobs.flagging import write_change
from tracker.jobs.lifecycle import Status
from tracker.jobs.metadata import metadata_of
from tracker.jobs.pain_flags import Change, FlagFacts, FlagType, evaluate
from tracker.jobs.windows import check_window


class ReferenceConflict(Conflict):
    """A different job was made from this order already."""

    code = "reference_conflict"


@dataclass(frozen=True, slots=True)
class Created:
    """A job; `made_now` is False when the same order had made it before."""

    job_id: UUID
    status: Status
    version: int
    made_now: bool
    customer_id: str


async def take_in(database: Database, principal: Principal, new: NewJob, *, now: datetime) -> Created:
    """Create a job for somebody, in a transaction of its own; the customer must be known.

    The same reference again with the same facts answers with the job it made; with others it is a
    ReferenceConflict. Raises Invalid for an unknown skill or customer, or a window that nobody can mean;
    Unavailable.
    """

    async def work(conn: Connection) -> Created:
        made = await job_made_from(conn, new)
        if made is not None:
            return made  # its window may have passed since
        made = await make_job(conn, new, actor=Actor.of(principal), now=now)
        if made.made_now and new.window_start is not None and new.window_end is not None:
            check_window(new.window_start, new.window_end, now)
        return made

    return await database.in_transaction(work)


async def make_job(conn: Connection, new: NewJob, *, actor: Actor, now: datetime) -> Created:
    """Create a job, its pain flags, its first event and its effects in the caller's transaction.

    Raises as `take_in` does.
    """
    if (new.window_start is None) != (new.window_end is None) or (
        new.window_start and new.window_end and new.window_start >= new.window_end
    ):
        raise Invalid("window_start and window_end go together, start first", field="window_start")
    new = _placed(new)
    job_id = await create_job(conn, new)
    if job_id is None:
        made = await job_made_from(conn, new)  # somebody was faster by a moment
        if made is None:
            raise Invalid("customer_id is not a customer, or skill is not in the catalogue", field="skill")
        return made
    status, flags = Status(new.status), _first_flags(new)
    await write_change(conn, job_id, Change(added=flags), now=now)
    await append_event(
        conn,
        job_id=job_id,
        version=1,
        kind="created",
        from_status=None,
        to_status=status.value,
        actor_id=actor.id,
        actor_role=actor.role,
        occurred_at=now,
        data={
            "source": new.source,
            "facts": _digest(new),
            **({"reference": new.reference} if new.reference else {}),
            **Change(added=flags).as_data(),
        },
    )
    await add_effects(conn, job_id, 1, [effect.value for effect in EFFECTS[status]])
    return Created(job_id, status, 1, made_now=True, customer_id=new.customer_id)


async def job_made_from(conn: Connection, new: NewJob) -> Created | None:
    """The job that this order made before, or None. Raises ReferenceConflict when the order was another."""
    job = await job_by_reference(conn, new.reference) if new.reference else None
    if job is None:
        return None
    first = (await events_since(conn, job.id, 0, limit=1))[0]
    if not _same_order(job, first.data, _placed(new)):
        raise ReferenceConflict(job_id=str(job.id))
    return Created(job.id, Status(job.status), job.version, made_now=False, customer_id=job.customer_id)


def _placed(new: NewJob) -> NewJob:
    # A tenth of a millimetre. PostgreSQL's arithmetic refuses floats that are almost, but not quite, zero.
    return replace(new, lat=round(new.lat, 9), lng=round(new.lng, 9))


def _first_flags(new: NewJob) -> tuple[FlagType, ...]:
    facts = FlagFacts(new.skill, new.notes, new.order_required, metadata_of(new.metadata))
    return tuple(sorted(evaluate(facts)))


_ORDERED = ("customer_id", "skill", "service", "lat", "lng", "address", "price_cents")  # never change


def _same_order(job: Job, first_event: dict[str, Any], new: NewJob) -> bool:
    """Whether the order is the one that made the job, whatever has been edited since."""
    if any(getattr(job, fact) != getattr(new, fact) for fact in _ORDERED):
        return False
    return bool(first_event.get("facts", _digest(new)) == _digest(new))  # the first release wrote none


def _digest(new: NewJob) -> str:
    """The facts of an order in 16 digits; how it came in and whether it is offered at once are no facts."""
    window = [at.timestamp() if at else None for at in (new.window_start, new.window_end)]
    facts = [*(getattr(new, fact) for fact in _ORDERED), new.notes, new.order_required, window, new.metadata]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


_NUMBER = r"(?:no\.?\s*)?\d+\s?[a-z]?(?:\s*[-/]\s*\d+\s?[a-z]?)?(?:\s+\d+/\d+)?(?![\w/])"
_HOUSE_NUMBER = re.compile(rf"^\s*{_NUMBER}\s*|\s+{_NUMBER}\s*$", re.IGNORECASE)  # before or after the street
_UNIT_WORD = r"(?:(?:apt|apartment|unit|suite|ste|flat|floor)(?![a-z])|#)"
_UNIT = re.compile(rf"^\s*{_UNIT_WORD}", re.IGNORECASE)
_UNIT_BEHIND = re.compile(rf"\s+{_UNIT_WORD}.*$", re.IGNORECASE)


def approximate(address: str) -> str:
    """The address without house number and unit, for pros who have not claimed the job.

    `482 Alder Street, Apt 3, Riverton` becomes `Alder Street, Riverton`. Rather too little than too much:
    `Route 66` becomes `Route`.
    """
    parts = [part for part in address.split(",") if not _UNIT.match(part)]
    while parts and not _without_number(parts[0]):
        del parts[0]  # `12, Castle Street`
    street, *rest = parts or [""]
    kept = [_without_number(street), *(part.strip() for part in rest)]
    return ", ".join(part for part in kept if part) or "Address on request"


def _without_number(street: str) -> str:
    return _HOUSE_NUMBER.sub("", _UNIT_BEHIND.sub("", street)).strip()
