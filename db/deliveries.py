"""Deliveries: one send of one notification by one channel, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from db.pool import Connection

_COLUMNS = """
    d.id, d.notification_id, d.channel, d.provider, d.recipient, d.status, d.provider_id, d.problem,
    d.cost_micros, d.segments, d.send_after, d.expires_at, d.first_tried_at, d.resent, d.sent_at, d.updated_at
"""
# How far a message has come; it never goes back. What we gave up on without knowing its outcome has no
# provider's id, and a late callback may still tell.
_COME = """CASE WHEN status IN ('delivered', 'suppressed') THEN 3
                WHEN status = 'failed' AND provider_id IS NOT NULL THEN 3
                WHEN status = 'sent' THEN 2 ELSE 1 END"""
_RANKS = {"sent": 2, "delivered": 3, "failed": 3}


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery's row. `recipient` is a number, an address, or for push the person's id."""

    id: int
    notification_id: int
    channel: str
    provider: str | None
    recipient: str
    status: str
    provider_id: str | None
    problem: str | None
    cost_micros: int | None
    segments: int | None
    send_after: datetime
    expires_at: datetime | None
    first_tried_at: datetime | None
    resent: bool
    sent_at: datetime | None
    updated_at: datetime


def _delivery(row: asyncpg.Record) -> Delivery:
    return Delivery(**dict(row.items()))


async def add_delivery(
    conn: Connection,
    *,
    notification_id: int,
    channel: str,
    recipient: str,
    status: str,
    problem: str | None,
    send_after: datetime,
    expires_at: datetime,
) -> int | None:
    """One more channel for a notification; None when it has that channel already."""
    number: int | None = await conn.fetchval(
        "INSERT INTO deliveries"
        " (notification_id, channel, recipient, status, problem, send_after, expires_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (notification_id, channel) DO NOTHING RETURNING id",
        notification_id,
        channel,
        recipient,
        status,
        problem,
        send_after,
        expires_at,
    )
    return number


async def delivery_by_id(conn: Connection, number: int) -> Delivery | None:
    """One delivery, or None."""
    row = await conn.fetchrow(f"SELECT {_COLUMNS} FROM deliveries d WHERE d.id = $1", number)
    return _delivery(row) if row else None


async def begin_try(conn: Connection, number: int, provider: str) -> bool:
    """Write that the provider is about to be asked; False when somebody has begun already.

    Committed before the call: whoever comes after a crash knows that the message may be out.
    """
    done = await conn.execute(
        "UPDATE deliveries SET status = 'sending', provider = $2, first_tried_at = clock_timestamp(),"
        " problem = NULL, updated_at = clock_timestamp()"
        " WHERE id = $1 AND status = 'queued' AND first_tried_at IS NULL",
        number,
        provider,
    )
    return bool(done == "UPDATE 1")


async def begin_resend(conn: Connection, number: int, tried_at: datetime) -> bool:
    """Use the one resend; False when it was used, or somebody has tried since `tried_at` (updated_at)."""
    done = await conn.execute(
        "UPDATE deliveries SET resent = true, problem = NULL, updated_at = clock_timestamp()"
        " WHERE id = $1 AND status = 'sending' AND NOT resent AND updated_at = $2",
        number,
        tried_at,
    )
    return bool(done == "UPDATE 1")


async def undo_try(conn: Connection, number: int, reason: str) -> None:
    """The message was certainly not sent by this try: the try does not count."""
    await conn.execute(
        """
        UPDATE deliveries SET status = CASE WHEN resent THEN status ELSE 'queued' END,
            first_tried_at = CASE WHEN resent THEN first_tried_at END, resent = false,
            problem = left($2, 500), updated_at = clock_timestamp()
        WHERE id = $1 AND status = 'sending'
        """,
        number,
        reason,
    )


async def note_problem(conn: Connection, number: int, reason: str) -> None:
    """Why it has not arrived yet, for dispatch to read."""
    await conn.execute(
        "UPDATE deliveries SET problem = left($2, 500) WHERE id = $1 AND status IN ('queued', 'sending')",
        number,
        reason,
    )


async def end_delivery(conn: Connection, number: int, status: str, reason: str) -> bool:
    """It will not be sent (any more): failed, suppressed or expired. False when it has ended otherwise."""
    done = await conn.execute(
        "UPDATE deliveries SET status = $2, problem = left($3, 500), updated_at = clock_timestamp()"
        " WHERE id = $1 AND status IN ('queued', 'sending')",
        number,
        status,
        reason,
    )
    return bool(done == "UPDATE 1")


async def advance(
    conn: Connection,
    number: int,
    status: str,
    *,
    provider_id: str | None = None,
    problem: str | None = None,
    segments: int | None = None,
    cost_micros: int | None = None,
) -> None:
    """What the provider says of it: sent, delivered or failed.

    A late word of an earlier state changes nothing. What is known of segments and cost is kept whenever it
    comes.
    """
    await conn.execute(
        f"""
        UPDATE deliveries SET
            status = CASE WHEN {_COME} < $3 THEN $2 ELSE status END,
            problem = CASE WHEN {_COME} < $3 THEN left($5, 500) ELSE problem END,
            provider_id = coalesce(provider_id, $4),
            segments = coalesce($6, segments),
            cost_micros = coalesce($7, cost_micros),
            sent_at = coalesce(sent_at, CASE WHEN $2 <> 'failed' THEN clock_timestamp() END),
            updated_at = clock_timestamp()
        WHERE id = $1 AND (provider_id IS NULL OR $4::text IS NULL OR provider_id = $4)
        """,
        number,
        status,
        _RANKS[status],
        provider_id,
        problem,
        segments,
        cost_micros,
    )


async def delivery_by_provider_id(conn: Connection, provider: str, provider_id: str) -> Delivery | None:
    """The delivery that a provider knows by this id, or None."""
    row = await conn.fetchrow(
        f"SELECT {_COLUMNS} FROM deliveries d WHERE d.provider = $1 AND d.provider_id = $2",
        provider,
        provider_id,
    )
    return _delivery(row) if row else None


async def known_provider_ids(conn: Connection, recipient: str, since: datetime) -> frozenset[str]:
    """The provider's ids of what was sent to this recipient since a moment: none of them is a lost one."""
    rows = await conn.fetch(
        "SELECT provider_id FROM deliveries WHERE recipient = $1 AND provider_id IS NOT NULL"
        " AND first_tried_at >= $2",
        recipient,
        since,
    )
    return frozenset(row["provider_id"] for row in rows)


async def queue_again(
    conn: Connection, number: int, *, recipient: str, send_after: datetime, expires_at: datetime
) -> bool:
    """A message that failed or expired is to be sent after all; False when it has done neither."""
    done = await conn.execute(
        """
        UPDATE deliveries SET status = 'queued', problem = NULL, provider_id = NULL, first_tried_at = NULL,
            resent = false, sent_at = NULL, recipient = $4, send_after = $2, expires_at = $3,
            updated_at = clock_timestamp()
        WHERE id = $1 AND status IN ('failed', 'expired')
        """,
        number,
        send_after,
        expires_at,
        recipient,
    )
    return bool(done == "UPDATE 1")
