"""Writing pain flags: by rule with every edit, and by people. The job's row is locked by the caller."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from db.jobs import Job
from db.pain_flags import PainFlag, add_rule_flags, flags_of_job, resolve_rule_flags
from db.pool import Connection
from tracker.jobs.metadata import Metadata, metadata_of
from tracker.jobs.pain_flags import SEVERITY, Change, FlagFacts, FlagType, change, evaluate


async def reevaluate(
    conn: Connection, job: Job, *, now: datetime, metadata: Metadata | None = None, order_required: bool
) -> Change:
    """Bring a job's rule flags in line with its facts, of which `metadata` may be newer than the job read.

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
