"""Tracking links: only the hash of a link is kept, so a stolen backup opens nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.pool import Connection

_COLUMNS = "id, job_id, kind, expires_at, revoked_at"


@dataclass(frozen=True, slots=True)
class StoredLink:
    """A link's row, whether or not it still opens anything. `kind`: the customer's own, or shared by them."""

    id: int
    job_id: UUID
    kind: str
    expires_at: datetime | None
    revoked_at: datetime | None

    @property
    def is_shared(self) -> bool:
        """Whether the customer passed it on."""
        return self.kind == "shared"

    def is_alive(self, now: datetime) -> bool:
        """Whether it opens its job."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


async def add_link(
    conn: Connection,
    job_id: UUID,
    token_hash: bytes,
    *,
    created_by: str,
    expires_at: datetime | None,
    also_ended: bool = False,
) -> int | None:
    """Store a new link and return its id; None when there is no such job, it has ended, or it has that link.

    A job's end expires the links that it has, so one made afterwards would live for ever; `also_ended` is
    for one that says itself when it ends. Sharing the row's lock makes that end wait, or this see it.
    """
    link_id: int | None = await conn.fetchval(
        """
        INSERT INTO tracking_links (job_id, token_hash, created_by, expires_at)
        SELECT id, $2, $3, $4 FROM jobs
        WHERE id = $1 AND ($5 OR status NOT IN ('completed', 'paid', 'cancelled')) FOR SHARE
        ON CONFLICT (token_hash) DO NOTHING RETURNING id
        """,
        job_id,
        token_hash,
        created_by,
        expires_at,
        also_ended,
    )
    return link_id


async def link_by_hash(conn: Connection, token_hash: bytes) -> StoredLink | None:
    """The link with this hash, dead or alive, or None.

    The dead ones are returned too, so that an unknown, an expired and a revoked link cost the same query.
    """
    row = await conn.fetchrow(f"SELECT {_COLUMNS} FROM tracking_links WHERE token_hash = $1", token_hash)
    return StoredLink(**dict(row.items())) if row else None


async def link_by_id(conn: Connection, link_id: int) -> StoredLink | None:
    """The link with this number, dead or alive, or None."""
    row = await conn.fetchrow(f"SELECT {_COLUMNS} FROM tracking_links WHERE id = $1", link_id)
    return StoredLink(**dict(row.items())) if row else None


async def has_living_link(conn: Connection, job_id: UUID, now: datetime) -> bool:
    """Whether some link of the customer's own opens this job now."""
    return bool(
        await conn.fetchval(
            "SELECT EXISTS (SELECT FROM tracking_links WHERE job_id = $1 AND kind = 'own'"
            " AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2))",
            job_id,
            now,
        )
    )


async def revoke_links_of_job(conn: Connection, job_id: UUID, at: datetime) -> list[int]:
    """End all of a job's links now, also the shared ones; returns the ids of those that were alive.

    Locks the job first, so that two rotations at once leave one live link, not two.
    """
    await conn.execute("SELECT 1 FROM jobs WHERE id = $1 FOR NO KEY UPDATE", job_id)
    rows = await conn.fetch(
        """
        UPDATE tracking_links SET revoked_at = $2
        WHERE job_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2) RETURNING id
        """,
        job_id,
        at,
    )
    return sorted(row["id"] for row in rows)


async def expire_links_of_job(conn: Connection, job_id: UUID, at: datetime) -> list[int]:
    """Let a job's links end at `at` (the job ended; `at` is that plus the grace), never later than before.

    Returns the ids of the links concerned.
    """
    rows = await conn.fetch(
        """
        UPDATE tracking_links SET expires_at = $2
        WHERE job_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2) RETURNING id
        """,
        job_id,
        at,
    )
    return sorted(row["id"] for row in rows)
