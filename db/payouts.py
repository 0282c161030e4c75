"""Payout lines: what a pro is owed, one row per ledger posting; approved, bound to a transfer, paid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from db.pool import Connection

DISPUTED = "dispute"  # the first word of `held_for` while a dispute is open


@dataclass(frozen=True, slots=True)
class Payout:
    """One line. Negative amounts are corrections, which later lines make good for."""

    id: int
    pro_id: str
    job_id: UUID
    ledger_key: str
    kind: str
    amount_cents: int
    status: str
    held_for: str | None
    approved_by: str | None
    approved_at: datetime | None
    transfer_no: int | None
    problem: str | None
    created_at: datetime
    paid_at: datetime | None


_COLUMNS = (
    "id, pro_id, job_id, ledger_key, kind, amount_cents, status, held_for, approved_by, approved_at,"
    " transfer_no, problem, created_at, paid_at"
)


def _payout(row: asyncpg.Record) -> Payout:
    return Payout(**dict(row.items()))


async def add_payout(
    conn: Connection, *, pro_id: str, job_id: UUID, ledger_key: str, kind: str, amount_cents: int
) -> None:
    """Write down what a posting owes a pro; once per posting. Zero is no line.

    `kind`: 'job', 'tip', 'overage' or 'correction'. A negative line is approved by itself: nobody is asked
    whether a refund counts. While a dispute of the job is open, its lines are born held, so the caller must
    have locked the job's row.
    """
    if amount_cents == 0:
        return
    await conn.execute(
        f"""
        INSERT INTO payouts (pro_id, job_id, ledger_key, kind, amount_cents, status, approved_by, approved_at, held_for)
        SELECT $1, $2, $3, $4, $5,
               CASE WHEN $5 < 0 THEN 'approved' ELSE 'pending' END,
               CASE WHEN $5 < 0 THEN 'system' END, CASE WHEN $5 < 0 THEN now() END,
               CASE WHEN $5 > 0 THEN (SELECT '{DISPUTED} ' || min(d.dispute_id) FROM disputes d
                                      JOIN payments p ON p.id = d.payment_id
                                      WHERE p.job_id = $2 AND d.status = 'open') END
        ON CONFLICT (ledger_key) DO NOTHING
        """,
        pro_id,
        job_id,
        ledger_key,
        kind,
        amount_cents,
    )
