"""Notifications: the bell. One row per event and person, whatever channels it also goes by."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from db.pool import Connection

_COLUMNS = "id, event_key, kind, person_id, job_id, title, body, facts, created_at, read_at"
MOST_UNREAD = 1000  # counting on would cost, and tell nobody more


@dataclass(frozen=True, slots=True)
class Notification:
    """A bell's row. `facts` are what the texts of its channels are made from."""

    id: int
    event_key: str
    kind: str
    person_id: str
    job_id: UUID | None
    title: str
    body: str
    facts: dict[str, str]
    created_at: datetime
    read_at: datetime | None


def _notification(row: asyncpg.Record) -> Notification:
    fields = dict(row.items())
    return Notification(**{**fields, "facts": json.loads(fields["facts"])})


async def add_notification(
    conn: Connection,
    *,
    event_key: str,
    kind: str,
    person_id: str,
    job_id: UUID | None,
    title: str,
    body: str,
    facts: dict[str, str],
) -> int | None:
    """Tell a person of an event; None when they were told before."""
    number: int | None = await conn.fetchval(
        "INSERT INTO notifications (event_key, kind, person_id, job_id, title, body, facts)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb)"
        " ON CONFLICT (event_key, person_id) DO NOTHING RETURNING id",
        event_key,
        kind,
        person_id,
        job_id,
        title,
        body,
        json.dumps(facts),
    )
    return number


async def was_told(conn: Connection, event_key: str) -> bool:
    """Whether anybody was told of this event."""
    return bool(
        await conn.fetchval("SELECT EXISTS (SELECT FROM notifications WHERE event_key = $1)", event_key)
    )


async def is_old_news(conn: Connection, told: Notification) -> bool:
    """Whether the person was told of the same thing anew: the same kind about the same job."""
    return bool(
        await conn.fetchval(
            "SELECT EXISTS (SELECT FROM notifications"
            " WHERE job_id = $1 AND person_id = $2 AND kind = $3 AND id > $4)",
            told.job_id,
            told.person_id,
            told.kind,
            told.id,
        )
    )


async def notification_by_id(conn: Connection, number: int) -> Notification | None:
    """One notification, or None."""
    row = await conn.fetchrow(f"SELECT {_COLUMNS} FROM notifications WHERE id = $1", number)
    return _notification(row) if row else None


async def list_notifications(
    conn: Connection, person_id: str, *, before: int | None, limit: int
) -> list[Notification]:
    """A person's notifications, newest first, from just below number `before`."""
    rows = await conn.fetch(
        f"SELECT {_COLUMNS} FROM notifications WHERE person_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
        person_id,
        before or 2**63 - 1,
        limit,
    )
    return [_notification(row) for row in rows]


async def unread_count(conn: Connection, person_id: str) -> int:
    """How many of a person's notifications are unread; never more than MOST_UNREAD."""
    count: int = await conn.fetchval(
        "SELECT count(*) FROM"
        " (SELECT FROM notifications WHERE person_id = $1 AND read_at IS NULL LIMIT $2) AS unread",
        person_id,
        MOST_UNREAD,
    )
    return count


async def mark_read(conn: Connection, person_id: str, number: int, at: datetime) -> bool:
    """A person has read one of theirs; the first time counts. False when it is not theirs."""
    done = await conn.execute(
        "UPDATE notifications SET read_at = coalesce(read_at, $3) WHERE id = $2 AND person_id = $1",
        person_id,
        number,
        at,
    )
    return bool(done == "UPDATE 1")


async def mark_all_read(conn: Connection, person_id: str, at: datetime) -> None:
    """A person has read all of theirs."""
    await conn.execute(
        "UPDATE notifications SET read_at = $2 WHERE person_id = $1 AND read_at IS NULL", person_id, at
    )
