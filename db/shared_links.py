"""Links that a customer passes on: they show the live visit and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.pool import Connection

_ALIVE = "kind = 'shared' AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)"


@dataclass(frozen=True, slots=True)
class SharedLink:
    """A shared link that is alive. `seen_at`: when it was last opened, to the minute; None: not yet."""

    id: int
    created_at: datetime
    seen_at: datetime | None


async def shared_links_of_job(conn: Connection, job_id: UUID, now: datetime) -> list[SharedLink]:
    """The living ones, oldest first. Their number is exact while the job is locked."""
    rows = await conn.fetch(
        f"SELECT id, created_at, seen_at FROM tracking_links WHERE job_id = $1 AND {_ALIVE} ORDER BY id",
        job_id,
        now,
    )
    return [SharedLink(**dict(row.items())) for row in rows]


async def add_shared_link(
    conn: Connection, job_id: UUID, token_hash: bytes, *, created_by: str, now: datetime
) -> SharedLink:
    """Keep one more; the caller holds the lock of the job, which has not ended."""
    row = await conn.fetchrow(
        "INSERT INTO tracking_links (job_id, token_hash, kind, created_by, created_at)"
        " VALUES ($1, $2, 'shared', $3, $4) RETURNING id, created_at, seen_at",
        job_id,
        token_hash,
        created_by,
        now,
    )
    assert row is not None
    return SharedLink(**dict(row.items()))


async def revoke_shared_link(conn: Connection, job_id: UUID, link_id: int, at: datetime) -> bool:
    """End one; False when the job has no such shared link alive."""
    done = await conn.execute(
        f"UPDATE tracking_links SET revoked_at = $2 WHERE job_id = $1 AND id = $3 AND {_ALIVE}",
        job_id,
        at,
        link_id,
    )
    return bool(done == "UPDATE 1")


async def note_seen(conn: Connection, link_id: int, at: datetime) -> None:
    """A shared link was opened; written once a minute at most."""
    await conn.execute(
        "UPDATE tracking_links SET seen_at = $2::timestamptz"
        " WHERE id = $1 AND (seen_at IS NULL OR seen_at < $2::timestamptz - interval '1 minute')",
        link_id,
        at,
    )
