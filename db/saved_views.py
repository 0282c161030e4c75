"""Saved views: what a dispatcher asks of the board, by a name of their own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from db.pool import Connection

_COLUMNS = "v.id, v.owner_id, p.name AS owner_name, v.name, v.filter::text AS filter, v.shared, v.updated_at"


@dataclass(frozen=True, slots=True)
class SavedView:
    """One view. `owner_name` is None for an owner without a record of their own."""

    id: int
    owner_id: str
    owner_name: str | None
    name: str
    filter: dict[str, Any]
    shared: bool
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ViewFacts:
    """What an owner writes: a name of theirs, the filter, and whether others see it."""

    name: str
    filter: dict[str, Any]
    shared: bool


def _view(row: asyncpg.Record) -> SavedView:
    return SavedView(**{**dict(row.items()), "filter": json.loads(row["filter"])})


async def views_for(conn: Connection, person_id: str, *, most_shared: int) -> list[SavedView]:
    """A person's own views by name, then others' shared ones, at most `most_shared` of these."""
    rows = await conn.fetch(
        f"""
        (SELECT {_COLUMNS} FROM saved_views v LEFT JOIN people p ON p.id = v.owner_id
         WHERE v.owner_id = $1 ORDER BY v.name)
        UNION ALL
        (SELECT {_COLUMNS} FROM saved_views v LEFT JOIN people p ON p.id = v.owner_id
         WHERE v.shared AND v.owner_id <> $1 ORDER BY v.name, v.id LIMIT $2)
        """,
        person_id,
        most_shared,
    )
    return [_view(row) for row in rows]


async def lock_views_of(conn: Connection, owner_id: str) -> int:
    """How many views a person has; nobody else adds or renames one of them until the transaction ends."""
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('views ' || $1, 0))", owner_id)
    count: int = await conn.fetchval("SELECT count(*) FROM saved_views WHERE owner_id = $1", owner_id)
    return count


async def view_by_id(conn: Connection, view_id: int) -> SavedView | None:
    """One view, or None."""
    row = await conn.fetchrow(
        f"SELECT {_COLUMNS} FROM saved_views v LEFT JOIN people p ON p.id = v.owner_id WHERE v.id = $1",
        view_id,
    )
    return _view(row) if row else None


async def add_view(conn: Connection, owner_id: str, facts: ViewFacts) -> int | None:
    """A new view's number; None when its owner has one of this name. The owner's views must be locked."""
    number: int | None = await conn.fetchval(
        "INSERT INTO saved_views (owner_id, name, filter, shared) VALUES ($1, $2, $3::text::jsonb, $4)"
        " ON CONFLICT (owner_id, name) DO NOTHING RETURNING id",
        owner_id,
        facts.name,
        json.dumps(facts.filter),
        facts.shared,
    )
    return number


async def replace_view(conn: Connection, view_id: int, facts: ViewFacts) -> bool:
    """Write a view anew; False when it is gone, or its owner has another of this name.

    The owner's views must be locked.
    """
    done = await conn.execute(
        """
        UPDATE saved_views v SET name = $2, filter = $3::text::jsonb, shared = $4, updated_at = now()
        WHERE id = $1 AND NOT EXISTS (
            SELECT FROM saved_views o WHERE o.owner_id = v.owner_id AND o.name = $2 AND o.id <> v.id)
        """,
        view_id,
        facts.name,
        json.dumps(facts.filter),
        facts.shared,
    )
    return bool(done == "UPDATE 1")


async def remove_view(conn: Connection, view_id: int) -> bool:
    """False when there was none."""
    done = await conn.execute("DELETE FROM saved_views WHERE id = $1", view_id)
    return bool(done == "DELETE 1")
