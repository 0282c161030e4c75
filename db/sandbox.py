"""What the sandbox providers hold, where a real one would: intents, checkouts, transfers, messages."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from db.pool import Connection

_COLUMNS = "id, kind, key, job_id, body::text AS body, created_at, updated_at"
KEY_KIND = "key"  # rows that only remember an idempotency key; nobody is shown them


@dataclass(frozen=True, slots=True)
class SandboxObject:
    """One object. `body` is the provider's own idea of it."""

    id: str
    kind: str
    key: str | None
    job_id: UUID | None
    body: dict[str, Any]
    created_at: datetime
    updated_at: datetime


def _object(row: asyncpg.Record) -> SandboxObject:
    return SandboxObject(**{**dict(row.items()), "body": json.loads(row["body"])})


async def put(
    conn: Connection, id: str, kind: str, key: str | None, job_id: UUID | None, body: dict[str, Any]
) -> bool:
    """Keep an object; False when there is one with this id or key. Waits for whoever is just writing it."""
    done = await conn.execute(
        "INSERT INTO sandbox_objects (id, kind, key, job_id, body) VALUES ($1, $2, $3, $4, $5::text::jsonb)"
        " ON CONFLICT DO NOTHING",
        id,
        kind,
        key,
        job_id,
        json.dumps(body),
    )
    return bool(done == "INSERT 0 1")


async def get(conn: Connection, id: str, kind: str, *, lock: bool = False) -> SandboxObject | None:
    """One object of a kind, or None; locked until the transaction ends when it is to be changed."""
    row = await conn.fetchrow(
        f"SELECT {_COLUMNS} FROM sandbox_objects WHERE id = $1 AND kind = $2"
        + (" FOR NO KEY UPDATE" if lock else ""),
        id,
        kind,
    )
    return _object(row) if row else None


async def change(conn: Connection, id: str, body: dict[str, Any]) -> None:
    """Write an object anew."""
    await conn.execute(
        "UPDATE sandbox_objects SET body = $2::text::jsonb, updated_at = clock_timestamp() WHERE id = $1",
        id,
        json.dumps(body),
    )


async def of_intent(conn: Connection, intent_id: str, kind: str) -> list[SandboxObject]:
    """The objects of a kind that name an intent, oldest first."""
    rows = await conn.fetch(
        f"SELECT {_COLUMNS} FROM sandbox_objects WHERE kind = $1 AND body->>'intent_id' = $2"
        " ORDER BY created_at, id",
        kind,
        intent_id,
    )
    return [_object(row) for row in rows]


async def made_between(conn: Connection, kind: str, since: datetime, until: datetime) -> list[SandboxObject]:
    """The objects of a kind that were made from `since` up to, not including, `until`, oldest first."""
    rows = await conn.fetch(
        f"SELECT {_COLUMNS} FROM sandbox_objects WHERE kind = $1 AND created_at >= $2 AND created_at < $3"
        " ORDER BY created_at, id",
        kind,
        since,
        until,
    )
    return [_object(row) for row in rows]


async def list_newest(
    conn: Connection, *, before: tuple[datetime, str] | None = None, limit: int = 50
) -> list[SandboxObject]:
    """What the sandbox holds, newest first, from just below `before` (a keyset cursor)."""
    at, object_id = before or (None, None)
    rows = await conn.fetch(
        f"""
        SELECT {_COLUMNS} FROM sandbox_objects
        WHERE kind <> '{KEY_KIND}'
          AND ($1::timestamptz IS NULL OR (created_at, id) < ($1::timestamptz, $2::text))
        ORDER BY created_at DESC, id DESC LIMIT $3
        """,
        at,
        object_id,
        limit,
    )
    return [_object(row) for row in rows]
