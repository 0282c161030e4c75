"""Payments: one row per payment intent, what was asked for, held, taken, shared out and given back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from db.pool import Connection

_COLUMNS = """
    id, job_id, purpose, provider, status, intent_id, checkout_id, currency, amount_cents, authorized_cents,
    captured_cents, tip_cents, earned_cents, commission_bp, refunded_cents, capture_before, dispute,
    disputed_cents, problem, created_at
"""


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment of a job. The schema says what each status and each amount means.

    `tip_cents` is the tip in what was captured; `earned_cents` is what was shared between the pro and the
    platform, by `commission_bp`; the rest of what was captured is the customer's deposit.
    """

    id: int
    job_id: UUID
    purpose: str
    provider: str
    status: str
    intent_id: str | None
    checkout_id: str | None
    currency: str
    amount_cents: int
    authorized_cents: int
    captured_cents: int
    tip_cents: int
    earned_cents: int
    commission_bp: int | None
    refunded_cents: int
    capture_before: datetime | None
    dispute: str | None
    disputed_cents: int
    problem: str | None
    created_at: datetime


def _payment(row: asyncpg.Record) -> Payment:
    return Payment(**dict(row.items()))


async def add_payment(
    conn: Connection, *, job_id: UUID, purpose: str, provider: str, currency: str, amount_cents: int
) -> Payment | None:
    """A payment that is about to be asked for; None when the job has a live one for this purpose."""
    row = await conn.fetchrow(
        f"""
        INSERT INTO payments (job_id, purpose, provider, status, currency, amount_cents)
        VALUES ($1, $2, $3, 'asked', $4, $5) ON CONFLICT DO NOTHING RETURNING {_COLUMNS}
        """,
        job_id,
        purpose,
        provider,
        currency,
        amount_cents,
    )
    return _payment(row) if row else None


async def payment_by_id(conn: Connection, payment_id: int) -> Payment | None:
    """One payment, or None."""
    row = await conn.fetchrow(f"SELECT {_COLUMNS} FROM payments WHERE id = $1", payment_id)
    return _payment(row) if row else None


async def payment_by_intent(conn: Connection, intent_id: str) -> Payment | None:
    """The payment that this intent is, or None for one that is not ours."""
    row = await conn.fetchrow(f"SELECT {_COLUMNS} FROM payments WHERE intent_id = $1", intent_id)
    return _payment(row) if row else None


async def payment_by_checkout(conn: Connection, checkout_id: str) -> Payment | None:
    """The payment that this checkout page is for, or None for one that is not ours."""
    row = await conn.fetchrow(f"SELECT {_COLUMNS} FROM payments WHERE checkout_id = $1", checkout_id)
    return _payment(row) if row else None


async def payments_of_job(conn: Connection, job_id: UUID) -> list[Payment]:
    """All payments of a job, oldest first."""
    rows = await conn.fetch(f"SELECT {_COLUMNS} FROM payments WHERE job_id = $1 ORDER BY id", job_id)
    return [_payment(row) for row in rows]


async def lock_payments(conn: Connection, job_id: UUID) -> list[Payment]:
    """The same, locked until the transaction ends. Lock the job first: everybody does."""
    rows = await conn.fetch(
        f"SELECT {_COLUMNS} FROM payments WHERE job_id = $1 ORDER BY id FOR NO KEY UPDATE", job_id
    )
    return [_payment(row) for row in rows]


async def save_payment(conn: Connection, payment: Payment) -> None:
    """Write what changed of a locked payment. The schema refuses amounts that cannot be."""
    await conn.execute(
        """
        UPDATE payments SET status = $2, intent_id = $3, checkout_id = $4, authorized_cents = $5,
            captured_cents = $6, tip_cents = $7, earned_cents = $8, commission_bp = $9, refunded_cents = $10,
            capture_before = $11, dispute = $12, disputed_cents = $13, problem = left($14, 500),
            updated_at = clock_timestamp()
        WHERE id = $1
        """,
        payment.id,
        payment.status,
        payment.intent_id,
        payment.checkout_id,
        payment.authorized_cents,
        payment.captured_cents,
        payment.tip_cents,
        payment.earned_cents,
        payment.commission_bp,
        payment.refunded_cents,
        payment.capture_before,
        payment.dispute,
        payment.disputed_cents,
        payment.problem,
    )


async def holds_ending_before(
    conn: Connection, provider: str, moment: datetime, *, limit: int
) -> list[Payment]:
    """Money that is still held and will be let go by the bank before `moment`, the most urgent first."""
    rows = await conn.fetch(
        f"""
        SELECT {_COLUMNS} FROM payments WHERE status = 'authorized' AND capture_before < $2 AND provider = $1
        ORDER BY capture_before, id LIMIT $3
        """,
        provider,
        moment,
        limit,
    )
    return [_payment(row) for row in rows]


async def asked_before(conn: Connection, provider: str, moment: datetime, *, limit: int) -> list[Payment]:
    """Payments that the provider has in hand since before `moment`: a page, or a slow bank; newest first."""
    rows = await conn.fetch(
        f"""
        SELECT {_COLUMNS} FROM payments WHERE status = 'asked' AND created_at < $2 AND provider = $1
          AND coalesce(intent_id, checkout_id) IS NOT NULL ORDER BY id DESC LIMIT $3
        """,
        provider,
        moment,
        limit,
    )
    return [_payment(row) for row in rows]
