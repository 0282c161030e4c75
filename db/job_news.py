"""What messages about a job look up beside the job itself."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from db.pool import Connection


async def is_superseded(conn: Connection, job_id: UUID, version: int, effect: str) -> bool:
    """Whether a later event of the job causes the same effect: then this one's news is old."""
    return bool(
        await conn.fetchval(
            "SELECT EXISTS (SELECT FROM outbox WHERE job_id = $1 AND version > $2 AND effect = $3)",
            job_id,
            version,
            effect,
        )
    )


async def write_promise(conn: Connection, job_id: UUID, at: datetime) -> None:
    """When the customer was told that the pro will be there; the arrival is measured against it."""
    await conn.execute("UPDATE jobs SET promised_arrival_at = $2 WHERE id = $1", job_id, at)


async def paid_cents(conn: Connection, job_id: UUID, pro_id: str) -> int:
    """What a pro was paid for a job so far, corrections taken off."""
    cents: int = await conn.fetchval(
        "SELECT coalesce(sum(amount_cents), 0)::bigint FROM payouts"
        " WHERE job_id = $1 AND pro_id = $2 AND status = 'paid'",
        job_id,
        pro_id,
    )
    return cents


async def is_waiting(conn: Connection, job_id: UUID, version: int, effect: str) -> bool:
    """Whether an effect of a job event has neither taken place nor been given up."""
    return bool(
        await conn.fetchval(
            "SELECT EXISTS (SELECT FROM outbox WHERE job_id = $1 AND version = $2 AND effect = $3"
            " AND done_at IS NULL AND dead_at IS NULL AND expired_at IS NULL)",
            job_id,
            version,
            effect,
        )
    )
