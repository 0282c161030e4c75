"""Disputes: payments that a customer's bank took back, for now or for good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.pool import Connection


@dataclass(frozen=True, slots=True)
class KnownDispute:
    """A dispute as we have written it down. `status`: open, won or lost."""

    dispute_id: str
    payment_id: int
    amount_cents: int
    reason: str
    status: str


async def dispute_by_id(conn: Connection, dispute_id: str) -> KnownDispute | None:
    """One dispute, or None."""
    row = await conn.fetchrow(
        "SELECT dispute_id, payment_id, amount_cents, reason, status FROM disputes WHERE dispute_id = $1",
        dispute_id,
    )
    return KnownDispute(**dict(row.items())) if row else None


async def open_dispute(conn: Connection, new: KnownDispute, *, at: datetime) -> None:
    """Write down a dispute that was opened; the payment's row must be locked."""
    await conn.execute(
        "INSERT INTO disputes (dispute_id, payment_id, amount_cents, reason, status, opened_at)"
        " VALUES ($1, $2, $3, left($4, 200), 'open', $5)",
        new.dispute_id,
        new.payment_id,
        new.amount_cents,
        new.reason,
        at,
    )


async def close_dispute(conn: Connection, dispute_id: str, *, status: str, at: datetime) -> None:
    """It was won or lost."""
    await conn.execute(
        "UPDATE disputes SET status = $2, closed_at = $3 WHERE dispute_id = $1", dispute_id, status, at
    )


async def sum_up_disputes(conn: Connection, payment_id: int) -> None:
    """Write what all of a payment's disputes come to into the payment's row: the worst counts.

    `disputed_cents` is what is gone for now (open) or for good (lost).
    """
    await conn.execute(
        """
        UPDATE payments p SET updated_at = now(),
            dispute = CASE WHEN d.open THEN 'open' WHEN d.lost THEN 'lost' ELSE 'won' END,
            disputed_cents = d.gone_cents
        FROM (SELECT bool_or(status = 'open') AS open, bool_or(status = 'lost') AS lost,
                     coalesce(sum(amount_cents) FILTER (WHERE status <> 'won'), 0)::bigint AS gone_cents
              FROM disputes WHERE payment_id = $1) d
        WHERE p.id = $1
        """,
        payment_id,
    )


async def has_open_dispute(conn: Connection, job_id: UUID) -> bool:
    """Whether any payment of a job is disputed right now."""
    return bool(
        await conn.fetchval(
            "SELECT true FROM disputes d JOIN payments p ON p.id = d.payment_id"
            " WHERE p.job_id = $1 AND d.status = 'open' LIMIT 1",
            job_id,
        )
    )


async def lost_cents(conn: Connection, payment_id: int) -> int:
    """What the lost disputes of a payment come to."""
    cents: int = await conn.fetchval(
        "SELECT coalesce(sum(amount_cents), 0)::bigint FROM disputes"
        " WHERE payment_id = $1 AND status = 'lost'",
        payment_id,
    )
    return cents


async def disputes_of_payment(conn: Connection, payment_id: int) -> list[KnownDispute]:
    """All disputes of a payment, oldest first."""
    rows = await conn.fetch(
        "SELECT dispute_id, payment_id, amount_cents, reason, status FROM disputes"
        " WHERE payment_id = $1 ORDER BY opened_at, dispute_id",
        payment_id,
    )
    return [KnownDispute(**dict(row.items())) for row in rows]
