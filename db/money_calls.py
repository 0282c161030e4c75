"""Calls that move money, written down before they are made: key, frozen parameters, what came of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg

from db.pool import Connection

_COLUMNS = (
    "key, kind, params::text AS params, begun_at, tried_at, outcome, object_id,"
    " answer::text AS answer, ended_at"
)


@dataclass(frozen=True, slots=True)
class MoneyCall:
    """One call under one key. `outcome` None: not known (yet); `answer` says why it was refused."""

    key: str
    kind: str
    params: dict[str, Any]
    begun_at: datetime
    tried_at: datetime | None
    outcome: str | None
    object_id: str | None
    answer: dict[str, Any] | None
    ended_at: datetime | None

    @property
    def provider_key(self) -> str:
        """The key as the provider has it: ours and the moment it was written down.

        Our numbers begin anew in another database, or go back with a backup that is restored, while the
        provider remembers what the first `transfer:7:v1` was.
        """
        return f"{self.key}@{self.begun_at.astimezone(UTC):%Y%m%dT%H%M%S.%f}"


def _call(row: asyncpg.Record) -> MoneyCall:
    values = dict(row.items())
    answer = values["answer"]
    return MoneyCall(
        **{**values, "params": json.loads(values["params"]), "answer": json.loads(answer) if answer else None}
    )


async def freeze_call(conn: Connection, key: str, kind: str, params: dict[str, Any]) -> MoneyCall:
    """Write a call down, or read what is written under this key already."""
    await conn.execute(
        "INSERT INTO money_calls (key, kind, params) VALUES ($1, $2, $3::text::jsonb)"
        " ON CONFLICT (key) DO NOTHING",
        key,
        kind,
        json.dumps(params),
    )
    row = await conn.fetchrow(f"SELECT {_COLUMNS} FROM money_calls WHERE key = $1", key)
    assert row is not None  # rows are never deleted
    return _call(row)


async def calls_by_keys(conn: Connection, keys: list[str]) -> dict[str, MoneyCall]:
    """Those of these calls that are written down, by key."""
    rows = await conn.fetch(f"SELECT {_COLUMNS} FROM money_calls WHERE key = ANY($1::text[])", keys)
    return {row["key"]: _call(row) for row in rows}


async def mark_tried(conn: Connection, key: str) -> None:
    """It is about to be made: from now on it may have happened. The first moment stays."""
    await conn.execute(
        "UPDATE money_calls SET tried_at = coalesce(tried_at, clock_timestamp()) WHERE key = $1", key
    )


async def mark_call_done(conn: Connection, keys: list[str], object_id: str) -> None:
    """It happened, and made or changed this object. What is known already stays."""
    await conn.execute(
        "UPDATE money_calls SET outcome = 'done', object_id = $2, ended_at = clock_timestamp()"
        " WHERE key = ANY($1::text[]) AND outcome IS NULL",
        keys,
        object_id,
    )


async def mark_calls_refused(conn: Connection, keys: list[str], code: str, message: str) -> None:
    """They certainly did not happen, for this reason. What is known already stays."""
    await conn.execute(
        "UPDATE money_calls SET outcome = 'refused', answer = $2::text::jsonb, ended_at = clock_timestamp()"
        " WHERE key = ANY($1::text[]) AND outcome IS NULL",
        keys,
        json.dumps({"code": code, "message": message[:500]}),
    )
