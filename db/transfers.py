"""Transfers: money sent to one pro's connected account for the payout lines bound to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from db.pool import Connection


@dataclass(frozen=True, slots=True)
class Sent:
    """One transfer. `status`: asked, paid, failed or reversed; `transfer_id` is the provider's."""

    id: int
    pro_id: str
    provider: str
    amount_cents: int
    currency: str
    status: str
    transfer_id: str | None
    reversed_cents: int
    problem: str | None
    run_key: str
    created_at: datetime
    ended_at: datetime | None


_COLUMNS = (
    "id, pro_id, provider, amount_cents, currency, status, transfer_id, reversed_cents, problem, run_key,"
    " created_at, ended_at"
)


def _sent(row: asyncpg.Record | None) -> Sent | None:
    return Sent(**dict(row.items())) if row else None


async def add_transfer(
    conn: Connection, *, pro_id: str, provider: str, amount_cents: int, currency: str, run_key: str
) -> int | None:
    """Write down a transfer to be made; None when this run has one for this pro already."""
    number: int | None = await conn.fetchval(
        "INSERT INTO transfers (pro_id, provider, amount_cents, currency, run_key)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (run_key, pro_id) DO NOTHING RETURNING id",
        pro_id,
        provider,
        amount_cents,
        currency,
        run_key,
    )
    return number


async def transfer_by_number(conn: Connection, number: int) -> Sent | None:
    """One transfer, or None."""
    return _sent(await conn.fetchrow(f"SELECT {_COLUMNS} FROM transfers WHERE id = $1", number))


async def lock_transfer(conn: Connection, number: int) -> Sent | None:
    """One transfer, locked."""
    return _sent(
        await conn.fetchrow(f"SELECT {_COLUMNS} FROM transfers WHERE id = $1 FOR NO KEY UPDATE", number)
    )


async def number_of_transfer(conn: Connection, transfer_id: str) -> int | None:
    """Our number of the provider's transfer, or None."""
    number: int | None = await conn.fetchval("SELECT id FROM transfers WHERE transfer_id = $1", transfer_id)
    return number


async def is_asked(conn: Connection, number: str) -> bool:
    """Whether this is the number of a transfer that we have asked for, and not written down as made yet."""
    return bool(
        await conn.fetchval("SELECT true FROM transfers WHERE id::text = $1 AND status = 'asked'", number)
    )


async def end_transfer(
    conn: Connection,
    number: int,
    *,
    status: str,
    at: datetime,
    transfer_id: str | None = None,
    problem: str | None = None,
) -> None:
    """What became of a locked transfer; the provider's id stays once it is known."""
    await conn.execute(
        "UPDATE transfers SET status = $2, ended_at = $3, transfer_id = coalesce($4, transfer_id),"
        " problem = $5 WHERE id = $1",
        number,
        status,
        at,
        transfer_id,
        problem,
    )


async def note_reversal(
    conn: Connection, number: int, *, reversed_cents: int, status: str, at: datetime
) -> None:
    """How much of a locked transfer the provider has taken back by now."""
    await conn.execute(
        "UPDATE transfers SET reversed_cents = $2, status = $3, ended_at = $4 WHERE id = $1",
        number,
        reversed_cents,
        status,
        at,
    )


async def explain_transfer(conn: Connection, number: int, problem: str) -> None:
    """Say what is the matter with a transfer, or why it is being taken back."""
    await conn.execute("UPDATE transfers SET problem = left($2, 500) WHERE id = $1", number, problem)


async def list_transfers(
    conn: Connection, *, pro_id: str | None = None, before: int | None = None, limit: int = 50
) -> list[Sent]:
    """Transfers, newest first, from just below `before` (a number)."""
    rows = await conn.fetch(
        f"""
        SELECT {_COLUMNS} FROM transfers
        WHERE ($1::text IS NULL OR pro_id = $1) AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3
        """,
        pro_id,
        before,
        limit,
    )
    return [Sent(**dict(row.items())) for row in rows]


async def jobs_in_transfer(conn: Connection, number: int) -> list[UUID]:
    """Jobs with a line in this transfer."""
    rows = await conn.fetch("SELECT DISTINCT job_id FROM payouts WHERE transfer_no = $1", number)
    return [row["job_id"] for row in rows]


async def jobs_paid_with(conn: Connection, payout_no: int) -> list[UUID]:
    """Jobs with a line in the same transfer as this payout line."""
    number: int | None = await conn.fetchval("SELECT transfer_no FROM payouts WHERE id = $1", payout_no)
    return [] if number is None else await jobs_in_transfer(conn, number)


async def lock_payee(conn: Connection, pro_id: str) -> str | None:
    """Lock a pro's row, so that one run at a time pays them; their connected account, if they have one."""
    account: str | None = await conn.fetchval(
        "SELECT payout_account FROM people WHERE id = $1 AND role = 'pro' FOR NO KEY UPDATE", pro_id
    )
    return account


async def set_payout_account(conn: Connection, pro_id: str, account: str | None) -> bool:
    """Where a pro's money goes; False when this is no pro."""
    done = await conn.execute(
        "UPDATE people SET payout_account = $2 WHERE id = $1 AND role = 'pro'", pro_id, account
    )
    return bool(done == "UPDATE 1")
