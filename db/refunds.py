"""Refunds: asked for by a person or found at the provider; each gives back a part of one payment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from db.pool import Connection

_COLUMNS = """
    r.id, r.payment_id, r.request_key, r.amount_cents, r.reason, r.requested_by, r.status, r.refund_id,
    r.problem, r.created_at, r.ended_at
"""


@dataclass(frozen=True, slots=True)
class RefundRow:
    """One refund of ours. `refund_id` is the provider's."""

    id: int
    payment_id: int
    request_key: str
    amount_cents: int
    reason: str
    requested_by: str
    status: str
    refund_id: str | None
    problem: str | None
    created_at: datetime
    ended_at: datetime | None


def _refund(row: asyncpg.Record) -> RefundRow:
    return RefundRow(**dict(row.items()))


async def add_refund(
    conn: Connection, *, payment_id: int, request_key: str, amount_cents: int, reason: str, requested_by: str
) -> RefundRow | None:
    """A refund to be made; None when this request made one before."""
    row = await conn.fetchrow(
        f"""
        INSERT INTO refunds AS r (payment_id, request_key, amount_cents, reason, requested_by)
        VALUES ($1, $2, $3, left($4, 500), $5) ON CONFLICT (request_key) DO NOTHING RETURNING {_COLUMNS}
        """,
        payment_id,
        request_key,
        amount_cents,
        reason,
        requested_by,
    )
    return _refund(row) if row else None


async def refund_row(conn: Connection, refund_no: int) -> RefundRow | None:
    """One refund by our number, or None."""
    row = await conn.fetchrow(f"SELECT {_COLUMNS} FROM refunds r WHERE r.id = $1", refund_no)
    return _refund(row) if row else None


async def refund_by_provider_id(conn: Connection, refund_id: str) -> RefundRow | None:
    """One refund by the provider's id, or None for one we have not heard of."""
    row = await conn.fetchrow(f"SELECT {_COLUMNS} FROM refunds r WHERE r.refund_id = $1", refund_id)
    return _refund(row) if row else None


async def refunds_of_job(conn: Connection, job_id: UUID) -> list[RefundRow]:
    """All refunds of a job's payments, oldest first. Stable while the job is locked."""
    rows = await conn.fetch(
        f"SELECT {_COLUMNS} FROM refunds r JOIN payments p ON p.id = r.payment_id"
        " WHERE p.job_id = $1 ORDER BY r.id",
        job_id,
    )
    return [_refund(row) for row in rows]


async def end_refund(
    conn: Connection, refund_no: int, *, status: str, refund_id: str | None, problem: str | None = None
) -> None:
    """What became of a refund: 'done', or 'failed' with the reason."""
    await conn.execute(
        "UPDATE refunds SET status = $2, refund_id = coalesce($3, refund_id), problem = left($4, 500),"
        " ended_at = clock_timestamp() WHERE id = $1",
        refund_no,
        status,
        refund_id,
        problem,
    )
