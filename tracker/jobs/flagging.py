"""Writing pain flags: by rule with every edit, and by people; every change is in a job event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.errors import Conflict, NotFound
from db.jobs import Job
from db.need_job import lock_needed_job
from db.pain_flags import (
    PainFlag,
    add_flag,
    add_rule_flags,
    flags_of_job,
    resolve_flag,
    resolve_rule_flags,
    take_over_flag,
)
from db.pool import Connection, Database
from tracker.jobs.facts import Actor, StaleVersion, record_fact
from tracker.jobs.metadata import Metadata, metadata_of
from tracker.jobs.pain_flags import SEVERITY, Change, FlagFacts, FlagType, Severity, change, evaluate


async def reevaluate(
    conn: Connection, job: Job, *, now: datetime, metadata: Metadata | None = None, order_required: bool
) -> Change:
    """Bring a locked job's rule flags in line with its facts, of which `metadata` may be newer than the job.

    The change belongs into the job event of the edit that caused it.
    """
    facts = FlagFacts(job.skill, job.notes, order_required, metadata or metadata_of(job.metadata))
    return await apply_rules(conn, job.id, evaluate(facts), await flags_of_job(conn, job.id), now=now)


async def apply_rules(
    conn: Connection, job_id: UUID, holds: set[FlagType], flags: list[PainFlag], *, now: datetime
) -> Change:
    """Write what `holds` means for a job that has these `flags`."""
    change_now = change(holds, **memory_of(flags))
    await write_change(conn, job_id, change_now, now=now)
    return change_now


def memory_of(flags: list[PainFlag]) -> dict[str, set[FlagType]]:
    """What the rules must remember of a job's flags, as `pain_flags.change` asks for it."""
    return {
        "open_flags": {FlagType(flag.type) for flag in flags if flag.is_open},
        "open_by_rule": {FlagType(flag.type) for flag in flags if flag.is_open and flag.by_rule},
        "resolved_by_people": {FlagType(flag.type) for flag in flags if flag.resolved_by is not None},
    }


async def write_change(conn: Connection, job_id: UUID, change_now: Change, *, now: datetime) -> None:
    """Write a re-evaluation's outcome."""
    if change_now.added:
        added = {one.value: SEVERITY[one].value for one in change_now.added}
        await add_rule_flags(conn, job_id, added, at=now)
    if change_now.resolved:
        await resolve_rule_flags(conn, job_id, change_now.resolved, at=now)


class FlagOpen(Conflict):
    """A flag of this type is open already."""

    code = "flag_open"


class FlagResolved(Conflict):
    """This flag was resolved before."""

    code = "flag_resolved"


@dataclass(frozen=True, slots=True)
class Flagged:
    """A flag, and the job's version after the call; `changed` is False when the call was a retry."""

    flag: PainFlag
    version: int
    changed: bool


async def add_by_person(
    database: Database,
    job_id: UUID,
    flag_type: FlagType,
    severity: Severity,
    note: str | None,
    *,
    actor: Actor,
    now: datetime,
    expected_version: int,
) -> Flagged:
    """A person sees something coming. A flag that a rule opened becomes theirs, with their severity.

    Raises NotFound, FlagOpen, StaleVersion, Unavailable.
    """

    async def work(conn: Connection) -> Flagged:
        job = await lock_needed_job(conn, job_id)
        flags = await flags_of_job(conn, job_id)
        known = next((flag for flag in flags if flag.is_open and flag.type == flag_type.value), None)
        if known and (known.severity, known.note, known.created_by) == (severity.value, note, actor.id):
            return Flagged(known, job.version, changed=False)
        if known and not known.by_rule:
            raise FlagOpen(flag_id=known.id)
        if job.version != expected_version:
            raise StaleVersion(current=job.version)
        write = add_flag if known is None else take_over_flag
        flag = await write(
            conn,
            job_id,
            flag_type=flag_type.value,
            severity=severity.value,
            note=note,
            created_by=actor.id,
            at=now,
        )
        data = {"flag_id": flag.id, "type": flag.type, "severity": flag.severity, "note": note}
        version = await record_fact(conn, job_id, kind="pain_flag_added", data=data, actor=actor, now=now)
        return Flagged(flag, version, changed=True)

    return await database.in_transaction(work)


async def resolve_by_person(
    database: Database, job_id: UUID, flag_id: int, notes: str, *, actor: Actor, now: datetime
) -> Flagged:
    """A person has dealt with it; no rule opens this type on this job again.

    Raises NotFound, FlagResolved, Unavailable.
    """

    async def work(conn: Connection) -> Flagged:
        job = await lock_needed_job(conn, job_id)
        known = next((flag for flag in await flags_of_job(conn, job_id) if flag.id == flag_id), None)
        if known is None:
            raise NotFound("There is no such flag.")
        if not known.is_open:
            if (known.resolved_by, known.resolution_notes) != (actor.id, notes):
                raise FlagResolved
            return Flagged(known, job.version, changed=False)
        flag = await resolve_flag(conn, flag_id, resolved_by=actor.id, notes=notes, at=now)
        data = {"flag_id": flag_id, "type": known.type, "severity": known.severity, "notes": notes}
        version = await record_fact(conn, job_id, kind="pain_flag_resolved", data=data, actor=actor, now=now)
        return Flagged(flag, version, changed=True)

    return await database.in_transaction(work)
