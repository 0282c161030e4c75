"""Orders that wait for their payment, or have become a job. The reference is the shop's own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from db.pool import Connection


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order. `body` is a `tracker.jobs.orders.Order`; `job_id` is None until it became a job."""

    reference: str
    body: dict[str, Any]
    source: str
    job_id: UUID | None
    created_at: datetime


async def add_order(conn: Connection, reference: str, body: dict[str, Any], *, source: str) -> bool:
    """Keep an order; False when there is one with this reference."""
    done = await conn.execute(
        "INSERT INTO orders (reference, body, source) VALUES ($1, $2::text::jsonb, $3)"
        " ON CONFLICT (reference) DO NOTHING",
        reference,
        json.dumps(body),
        source,
    )
    return bool(done == "INSERT 0 1")


async def order_by_reference(conn: Connection, reference: str) -> OrderRow | None:
    """The order, or None."""
    row = await conn.fetchrow(
        "SELECT reference, body::text AS body, source, job_id, created_at FROM orders WHERE reference = $1",
        reference,
    )
    return OrderRow(**{**dict(row.items()), "body": json.loads(row["body"])}) if row else None


async def skill_exists(conn: Connection, code: str) -> bool:
    """Whether the catalogue has this skill."""
    return bool(await conn.fetchval("SELECT true FROM skills WHERE code = $1", code))


async def order_became_job(conn: Connection, reference: str, job_id: UUID) -> None:
    """Remember which job an order became, where the order was kept."""
    await conn.execute(
        "UPDATE orders SET job_id = $2 WHERE reference = $1 AND job_id IS NULL", reference, job_id
    )
