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
