"""Pain flags of jobs. Whoever writes one holds the job's row, so that its event has one writer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from db.pool import Connection

_COLUMNS = """
    id, job_id, type, severity, by_rule, note, created_by, created_at,
    resolved_at, resolved_by, resolution_notes
"""


@dataclass(frozen=True, slots=True)
class PainFlag:
    """One flag. `resolved_by` is None when a rule took it back (`resolved_at` says whether it did)."""

    id: int
    job_id: UUID
    type: str
    severity: str
    by_rule: bool
    note: str | None
    created_by: str
    created_at: datetime
    resolved_at: datetime | None
    resolved_by: str | None
    resolution_notes: str | None

    @property
    def is_open(self) -> bool:
        """Nobody and nothing has resolved it."""
        return self.resolved_at is None


async def flags_of_job(conn: Connection, job_id: UUID) -> list[PainFlag]:
    """All flags of a job, oldest first."""
    return (await flags_of_jobs(conn, [job_id]))[job_id]


async def flags_of_jobs(conn: Connection, job_ids: Collection[UUID]) -> dict[UUID, list[PainFlag]]:
    """All flags of each of these jobs, oldest first."""
    found: dict[UUID, list[PainFlag]] = {job_id: [] for job_id in job_ids}
    for row in await conn.fetch(
        f"SELECT {_COLUMNS} FROM pain_flags WHERE job_id = ANY($1::uuid[]) ORDER BY id", list(job_ids)
    ):
        found[row["job_id"]].append(_flag(row))
    return found


async def open_critical_flags(conn: Connection, job_id: UUID) -> list[str]:
    """The types of a job's open CRITICAL flags."""
    rows = await conn.fetch(
        "SELECT type FROM pain_flags WHERE job_id = $1 AND resolved_at IS NULL AND severity = 'CRITICAL'"
        " ORDER BY id",
        job_id,
    )
    return [row["type"] for row in rows]


async def add_rule_flags(
    conn: Connection, job_id: UUID, severities: Mapping[str, str], *, at: datetime
) -> None:
    """Add flags by rule, as {type: severity}; a type that is open already stays as it is."""
    await conn.execute(
        "INSERT INTO pain_flags (job_id, type, severity, by_rule, created_by, created_at)"
        " SELECT $1, t.type, t.severity, true, 'system', $4"
        " FROM unnest($2::text[], $3::text[]) AS t (type, severity)"
        " ON CONFLICT (job_id, type) WHERE resolved_at IS NULL DO NOTHING",
        job_id,
        list(severities),
        list(severities.values()),
        at,
    )


async def resolve_rule_flags(conn: Connection, job_id: UUID, types: Collection[str], *, at: datetime) -> None:
    """Take back these open flags: their reason is gone."""
    await conn.execute(
        "UPDATE pain_flags SET resolved_at = $3"
        " WHERE job_id = $1 AND type = ANY($2::text[]) AND resolved_at IS NULL AND by_rule",
        job_id,
        list(types),
        at,
    )


async def add_flag(
    conn: Connection,
    job_id: UUID,
    *,
    flag_type: str,
    severity: str,
    note: str | None,
    created_by: str,
    at: datetime,
) -> PainFlag:
    """Add a person's flag of a type that is not open."""
    row = await conn.fetchrow(
        f"""
        INSERT INTO pain_flags (job_id, type, severity, by_rule, note, created_by, created_at)
        VALUES ($1, $2, $3, false, $4, $5, $6) RETURNING {_COLUMNS}
        """,
        job_id,
        flag_type,
        severity,
        note,
        created_by,
        at,
    )
    return _flag(row)


async def take_over_flag(
    conn: Connection,
    job_id: UUID,
    *,
    flag_type: str,
    severity: str,
    note: str | None,
    created_by: str,
    at: datetime,
) -> PainFlag:
    """Make the open flag of a type a person's own: the rule that opened it no longer takes it back."""
    row = await conn.fetchrow(
        f"""
        UPDATE pain_flags SET severity = $3, by_rule = false, note = $4, created_by = $5, created_at = $6
        WHERE job_id = $1 AND type = $2 AND resolved_at IS NULL RETURNING {_COLUMNS}
        """,
        job_id,
        flag_type,
        severity,
        note,
        created_by,
        at,
    )
    return _flag(row)


async def resolve_flag(
    conn: Connection, flag_id: int, *, resolved_by: str, notes: str, at: datetime
) -> PainFlag:
    """A person resolves an open flag."""
    row = await conn.fetchrow(
        f"""
        UPDATE pain_flags SET resolved_at = $4, resolved_by = $2, resolution_notes = $3
        WHERE id = $1 AND resolved_at IS NULL RETURNING {_COLUMNS}
        """,
        flag_id,
        resolved_by,
        notes,
        at,
    )
    return _flag(row)


def _flag(row: asyncpg.Record | None) -> PainFlag:
    if row is None:
        raise LookupError("the caller holds the job and has seen the flag")
    return PainFlag(**dict(row.items()))
