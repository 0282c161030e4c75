"""Rows of any day, written straight into the database: for tests of what is read from them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from db.pool import Connection

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 3, 30, 12, tzinfo=BERLIN)  # of the day after the one of 23 hours


async def job(conn: Connection, created: datetime = NOON, status: str = "completed", **facts: Any) -> Any:
    """A job of Cleo's, and Pat's where somebody has it; `facts` by column."""
    columns = {
        "id": uuid4(),
        "customer_id": "cleo",
        "pro_id": None if status in ("open", "pending", "cancelled") else "pat",
        "status": status,
        "skill_no": await conn.fetchval("SELECT skill_no FROM skills WHERE code = 'tv_mounting'"),
        "service": "Mount a TV",
        "lat": 53.4,
        "lng": -2.99,
        "address": "1 Some Street",
        "approximate_address": "Some Street",
        "price_cents": 10_000,
        "created_at": created,
        **facts,
    }
    places = ", ".join(f"${number + 1}" for number in range(len(columns)))
    return await conn.fetchval(
        f"INSERT INTO jobs ({', '.join(columns)}) VALUES ({places}) RETURNING id", *columns.values()
    )


async def post(conn: Connection, key: str, kind: str, at: datetime, **cents: int) -> None:
    """A ledger transaction of another day."""
    number = await conn.fetchval(
        "INSERT INTO ledger_transactions (key, kind, posted_at) VALUES ($1, $2, $3) RETURNING id",
        key,
        kind,
        at,
    )
    for account, amount in cents.items():
        await conn.execute(
            "INSERT INTO ledger_entries (transaction_id, account, pro_id, amount_cents)"
            " VALUES ($1, $2, $3, $4)",
            number,
            account,
            "pat" if account == "pro_payable" else None,
            amount,
        )


async def payment(conn: Connection, job_id: Any, captured: int, tip: int) -> int:
    number: int = await conn.fetchval(
        """
        INSERT INTO payments (job_id, purpose, provider, status, currency, amount_cents, authorized_cents,
                              captured_cents, earned_cents, tip_cents)
        VALUES ($1, 'hold', 'sandbox', 'captured', 'usd', $2, $2, $2, $2, $3) RETURNING id
        """,
        job_id,
        captured,
        tip,
    )
    return number


async def message(conn: Connection, job_id: Any, at: datetime, status: str, cost: int | None) -> None:
    number = await conn.fetchval(
        "INSERT INTO notifications (event_key, kind, person_id, job_id, title, body)"
        " VALUES ($1, 'x', 'cleo', $2, 't', 'b') RETURNING id",
        str(uuid4()),
        job_id,
    )
    await conn.execute(
        "INSERT INTO deliveries (notification_id, channel, recipient, status, cost_micros, send_after)"
        " VALUES ($1, 'sms', '+15550102', $2, $3, $4)",
        number,
        status,
        cost,
        at,
    )


async def review(
    conn: Connection,
    at: datetime,
    rating: int,
    direction: str = "customer_to_pro",
    hidden_at: datetime | None = None,
) -> None:
    await conn.execute(
        "INSERT INTO reviews (job_id, direction, author_id, subject_id, rating, created_at, hidden_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        await job(conn, datetime(2020, 1, 1, tzinfo=UTC)),
        direction,
        *(("cleo", "pat") if direction == "customer_to_pro" else ("pat", "cleo")),
        rating,
        at,
        hidden_at,
    )
