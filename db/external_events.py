"""Webhooks as they came: kept once each, whatever is delivered twice, until retention drops them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db.pool import Connection


@dataclass(frozen=True, slots=True)
class ExternalEvent:
    """One provider's event. `object_id` names what it is about; `body` is the event as it was sent."""

    event_id: str
    type: str
    object_id: str | None
    body: dict[str, Any]


async def keep_event(conn: Connection, provider: str, event: ExternalEvent) -> bool:
    """Store an event; False when it was stored before."""
    done = await conn.execute(
        """
        INSERT INTO external_events (provider, event_id, type, object_id, body)
        VALUES ($1, $2, $3, $4, $5::text::jsonb) ON CONFLICT DO NOTHING
        """,
        provider,
        event.event_id,
        event.type,
        event.object_id,
        json.dumps(event.body),
    )
    return bool(done == "INSERT 0 1")


async def event_by_id(conn: Connection, provider: str, event_id: str) -> ExternalEvent | None:
    """A stored event, or None when retention has dropped it."""
    row = await conn.fetchrow(
        "SELECT event_id, type, object_id, body::text AS body FROM external_events"
        " WHERE provider = $1 AND event_id = $2",
        provider,
        event_id,
    )
    return ExternalEvent(**{**dict(row.items()), "body": json.loads(row["body"])}) if row else None


async def received_at(conn: Connection, provider: str, event_id: str) -> datetime | None:
    """When an event came, or None when retention has dropped it."""
    at: datetime | None = await conn.fetchval(
        "SELECT received_at FROM external_events WHERE provider = $1 AND event_id = $2", provider, event_id
    )
    return at
