"""How a job comes to be: once per order reference, with its first event and its first effects."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from db.errors import Conflict, Invalid
from db.job_events import append_event
from db.jobs import Job, NewJob, create_job, job_by_reference
from db.outbox import add_effects
from db.pool import Connection, Database
from rooms.principal import Principal
from tracker.jobs.consequences import EFFECTS
from tracker.jobs.lifecycle import Status


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


async def take_in(database: Database, principal: Principal, new: NewJob, *, now: datetime) -> Created:
    """Create a job, its first event and its effects in one transaction.

    The same reference again with the same facts answers with the job it made; with others it is a
    ReferenceConflict. Raises Invalid for an unknown skill or customer, Unavailable.
    """
    if (new.window_start is None) != (new.window_end is None) or (
        new.window_start and new.window_end and new.window_start >= new.window_end
    ):
        raise Invalid("window_start and window_end go together, start first", field="window_start")
    # A tenth of a millimetre. PostgreSQL's arithmetic refuses floats that are almost, but not quite, zero.
    new = replace(new, lat=round(new.lat, 9), lng=round(new.lng, 9))

    async def work(conn: Connection) -> Created:
        job_id = await create_job(conn, new)
        if job_id is None:
            return await _made_before(conn, new)
        status = Status(new.status)
        await append_event(
            conn,
            job_id=job_id,
            version=1,
            kind="created",
            from_status=None,
            to_status=status.value,
            actor_id=principal.id,
            actor_role=principal.role.value,
            occurred_at=now,
            data={"reference": new.reference} if new.reference else {},
        )
        await add_effects(conn, job_id, 1, [effect.value for effect in EFFECTS[status]])
        return Created(job_id, status, 1, made_now=True)

    return await database.in_transaction(work)


async def _made_before(conn: Connection, new: NewJob) -> Created:
    job = await job_by_reference(conn, new.reference) if new.reference else None
    if job is None:
        raise Invalid("customer_id is not a customer, or skill is not in the catalogue", field="skill")
    if not _same_order(job, new):
        raise ReferenceConflict(job_id=str(job.id))
    return Created(job.id, Status(job.status), job.version, made_now=False)


def _same_order(job: Job, new: NewJob) -> bool:
    facts = ("customer_id", "skill", "service", "lat", "lng", "address", "price_cents", "order_required")
    return all(getattr(job, fact) == getattr(new, fact) for fact in facts)


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
