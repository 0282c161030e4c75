"""A pro's statement: every ledger line that changed what we owe them, between two balances."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from db.pool import Connection

MAX_LINES = 20_000  # a pro with fifty postings a day for a year


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One posting, as the pro sees it: positive cents are owed to them. `balance_cents` is after it."""

    posted_at: datetime
    kind: str
    job_id: UUID | None
    reference: str | None
    service: str | None
    memo: str
    amount_cents: int
    balance_cents: int


@dataclass(frozen=True, slots=True)
class Statement:
    """`opening_cents` plus all lines is `closing_cents`."""

    opening_cents: int
    closing_cents: int
    lines: list[StatementLine]


async def statement_of(conn: Connection, pro_id: str, *, start: datetime, end: datetime) -> Statement:
    """What changed a pro's balance from `start` up to, not including, `end`. One query, so one moment.

    The closing balance is summed by itself from the ledger, not from the lines. There is one line more than
    MAX_LINES when there are too many.
    """
    rows = await conn.fetch(
        """
        WITH mine AS MATERIALIZED (
            SELECT e.id, t.posted_at, t.kind, t.job_id, t.memo, -e.amount_cents AS amount_cents
            FROM ledger_entries e JOIN ledger_transactions t ON t.id = e.transaction_id
            WHERE e.pro_id = $1 AND t.posted_at < $3),
        ends AS (
            SELECT coalesce(sum(amount_cents) FILTER (WHERE posted_at < $2), 0)::bigint AS opening_cents,
                   coalesce(sum(amount_cents), 0)::bigint AS closing_cents FROM mine)
        SELECT ends.opening_cents, ends.closing_cents, m.id, m.posted_at, m.kind, m.job_id, j.reference,
               j.service, m.memo, m.amount_cents,
               (ends.opening_cents
                + sum(m.amount_cents) OVER (ORDER BY m.posted_at, m.id))::bigint AS balance_cents
        FROM ends LEFT JOIN mine m ON m.posted_at >= $2 LEFT JOIN jobs j ON j.id = m.job_id
        ORDER BY m.posted_at, m.id LIMIT $4
        """,
        pro_id,
        start,
        end,
        MAX_LINES + 1,
    )
    names = [one.name for one in fields(StatementLine)]
    lines = [StatementLine(**{name: row[name] for name in names}) for row in rows if row["id"] is not None]
    return Statement(rows[0]["opening_cents"], rows[0]["closing_cents"], lines)


async def is_pro(conn: Connection, person_id: str) -> bool:
    """Whether this person is a pro, also a suspended one: what they are owed stays owed."""
    return bool(await conn.fetchval("SELECT true FROM people WHERE id = $1 AND role = 'pro'", person_id))
