"""The ledger: transactions of signed cents that sum to zero, posted once per key and never edited.

The database checks the sum when the transaction commits (`sums_to_zero` in the schema).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.pool import Connection


@dataclass(frozen=True, slots=True)
class Line:
    """One entry with what its transaction says. Debits are positive."""

    id: int
    key: str
    kind: str
    account: str
    pro_id: str | None
    amount_cents: int
    memo: str
    posted_at: datetime


@dataclass(frozen=True, slots=True)
class Balance:
    """The sum of an account; `pro_payable` has one per pro."""

    account: str
    pro_id: str | None
    amount_cents: int


async def insert_transaction(
    conn: Connection,
    *,
    key: str,
    kind: str,
    job_id: UUID | None,
    memo: str,
    entries: Sequence[tuple[str, str | None, int]],
) -> bool:
    """Write a transaction and its entries (account, pro, cents); False when the key was posted before."""
    number = await conn.fetchval(
        "INSERT INTO ledger_transactions (key, kind, job_id, memo) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (key) DO NOTHING RETURNING id",
        key,
        kind,
        job_id,
        memo,
    )
    if number is None:
        return False
    await conn.execute(
        "INSERT INTO ledger_entries (transaction_id, account, pro_id, amount_cents)"
        " SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bigint[])",
        number,
        [account for account, _, _ in entries],
        [pro_id for _, pro_id, _ in entries],
        [cents for _, _, cents in entries],
    )
    return True


async def lines_of_job(conn: Connection, job_id: UUID) -> list[Line]:
    """Every entry that concerns a job, oldest first."""
    rows = await conn.fetch(
        """
        SELECT e.id, t.key, t.kind, e.account, e.pro_id, e.amount_cents, t.memo, t.posted_at
        FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id
        WHERE t.job_id = $1 ORDER BY e.id
        """,
        job_id,
    )
    return [Line(**dict(row.items())) for row in rows]


async def balances(conn: Connection) -> list[Balance]:
    """Every account's sum. Together they are zero."""
    rows = await conn.fetch(
        "SELECT account, pro_id, sum(amount_cents)::bigint AS amount_cents FROM ledger_entries"
        " GROUP BY account, pro_id ORDER BY account, pro_id"
    )
    return [Balance(**dict(row.items())) for row in rows]
