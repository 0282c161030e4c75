"""Job events: the append-only, hash-chained record of everything that happened to a job."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from db.pool import Connection

_COLUMNS = """
    job_id, version, kind, from_status, to_status, actor_id, actor_role, occurred_at, recorded_at,
    data::text AS data, prev_hash, hash
"""


@dataclass(frozen=True, slots=True)
class JobEvent:
    """One thing that happened. `version` counts from 1 without gaps within a job."""

    job_id: UUID
    version: int
    kind: str
    from_status: str | None
    to_status: str | None
    actor_id: str
    actor_role: str
    occurred_at: datetime
    recorded_at: datetime
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ChainedEvent:
    """An event with its place in the chain of hashes; the first has no `prev_hash`."""

    event: JobEvent
    prev_hash: bytes | None
    hash: bytes


async def append_event(
    conn: Connection,
    *,
    job_id: UUID,
    version: int,
    kind: str,
    from_status: str | None,
    to_status: str | None,
    actor_id: str,
    actor_role: str,
    occurred_at: datetime,
    data: dict[str, Any],
) -> None:
    """Append an event; the job's row must be locked by this transaction. The database chains the hash."""
    await conn.execute(
        """
        INSERT INTO job_events
            (job_id, version, kind, from_status, to_status, actor_id, actor_role, occurred_at, data)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::text::jsonb)
        """,
        job_id,
        version,
        kind,
        from_status,
        to_status,
        actor_id,
        actor_role,
        occurred_at,
        json.dumps(data),
    )


async def events_since(conn: Connection, job_id: UUID, version: int, limit: int = 200) -> list[JobEvent]:
    """The events after `version`, oldest first."""
    return [one.event for one in await chained_events_since(conn, job_id, version, limit)]


async def newest_step(conn: Connection, job_id: UUID) -> JobEvent | None:
    """The job's newest event that changed its status (or made it)."""
    row = await conn.fetchrow(
        f"SELECT {_COLUMNS} FROM job_events WHERE job_id = $1 AND to_status IS NOT NULL"
        " ORDER BY version DESC LIMIT 1",
        job_id,
    )
    return _chained(dict(row.items())).event if row else None


async def version_of_claim(conn: Connection, job_id: UUID, pro_id: str) -> int | None:
    """The version that this pro's newest claim of the job made; None when it was given to them otherwise."""
    version: int | None = await conn.fetchval(
        "SELECT max(version) FROM job_events WHERE job_id = $1 AND actor_id = $2"
        " AND from_status = 'open' AND to_status = 'accepted'",
        job_id,
        pro_id,
    )
    return version


async def chained_events_since(
    conn: Connection, job_id: UUID, version: int, limit: int = 200
) -> list[ChainedEvent]:
    """The events after `version`, oldest first, with their hashes."""
    rows = await conn.fetch(
        f"SELECT {_COLUMNS} FROM job_events WHERE job_id = $1 AND version > $2 ORDER BY version LIMIT $3",
        job_id,
        version,
        limit,
    )
    return [_chained(dict(row.items())) for row in rows]


def _chained(row: dict[str, Any]) -> ChainedEvent:
    prev_hash, own_hash = row.pop("prev_hash"), row.pop("hash")
    return ChainedEvent(JobEvent(**{**row, "data": json.loads(row["data"])}), prev_hash, own_hash)


async def broken_links(conn: Connection, limit: int = 100) -> list[tuple[UUID, int, str]]:
    """Events whose chain does not hold: (job, version, what is wrong). Empty when all is well."""
    rows = await conn.fetch(
        """
        SELECT job_id, version, wrong FROM (
            SELECT e.job_id, e.version, CASE
                WHEN e.hash <> job_event_hash(e) THEN 'the event was edited'
                WHEN e.prev_hash IS DISTINCT FROM lag(e.hash) OVER w THEN 'the previous event was replaced'
                WHEN e.version <> coalesce(lag(e.version) OVER w, 0) + 1 THEN 'an event is missing before it'
            END AS wrong
            FROM job_events e WINDOW w AS (PARTITION BY e.job_id ORDER BY e.version)) checked
        WHERE wrong IS NOT NULL
        UNION ALL
        SELECT j.id, j.version, 'the newest event is missing' FROM jobs j
        WHERE j.version <> coalesce((SELECT max(version) FROM job_events e WHERE e.job_id = j.id), 0)
        ORDER BY 1, 2 LIMIT $1
        """,
        limit,
    )
    return [(row["job_id"], row["version"], row["wrong"]) for row in rows]
