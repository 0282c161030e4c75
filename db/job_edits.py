"""What may change on a job beside its status. Each write goes with a job event, under the job's row lock."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from db.pool import Connection


async def write_metadata(
    conn: Connection, job_id: UUID, *, metadata: dict[str, Any], order_required: bool, order_stage: str
) -> None:
    """Write a job's metadata (`tracker.jobs.metadata.Metadata`) and the two facts of it that are columns."""
    await conn.execute(
        "UPDATE jobs SET metadata = $2::text::jsonb, order_required = $3, order_stage = $4 WHERE id = $1",
        job_id,
        json.dumps(metadata),
        order_required,
        order_stage,
    )


async def write_window(conn: Connection, job_id: UUID, start: datetime, end: datetime) -> None:
    """Write a job's appointment window."""
    await conn.execute("UPDATE jobs SET window_start = $2, window_end = $3 WHERE id = $1", job_id, start, end)


async def write_completion(conn: Connection, job_id: UUID, *, labour_minutes: int | None) -> None:
    """What the work was: its minutes, and the price asked for unless another final price was set."""
    await conn.execute(
        "UPDATE jobs SET labour_minutes = $2, final_price_cents = coalesce(final_price_cents, price_cents)"
        " WHERE id = $1",
        job_id,
        labour_minutes,
    )
