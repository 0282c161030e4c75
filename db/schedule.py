"""Who is booked when. One lock per pro puts all changes of that pro's appointments in a row.

The order of locks, everywhere: the schedules of the pros concerned (by id), then the rows of jobs (by id).
Who holds a job's row already must not ask for a schedule.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from db.active_jobs import ACTIVE
from db.pool import Connection


class Appointment(NamedTuple):
    """An active job of a pro that has a window."""

    pro_id: str
    job_id: UUID
    start: datetime
    end: datetime


async def lock_schedules(conn: Connection, pro_ids: Collection[str]) -> None:
    """Wait for one's turn to change these pros' appointments; kept until the transaction ends."""
    for pro_id in sorted(set(pro_ids)):
        await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('schedule ' || $1, 0))", pro_id)


async def appointments_of(conn: Connection, pro_ids: Collection[str]) -> list[Appointment]:
    """The appointments of these pros."""
    rows = await conn.fetch(
        "SELECT pro_id, id, window_start, window_end FROM jobs WHERE pro_id = ANY($1::text[])"
        f" AND window_start IS NOT NULL AND status IN {ACTIVE} ORDER BY id",
        list(pro_ids),
    )
    return [Appointment(*row) for row in rows]


async def booked_among(conn: Connection, job_ids: Collection[UUID]) -> set[UUID]:
    """Those of these jobs that are an appointment of somebody."""
    rows = await conn.fetch(
        "SELECT id FROM jobs WHERE id = ANY($1::uuid[]) AND pro_id IS NOT NULL"
        f" AND window_start IS NOT NULL AND status IN {ACTIVE}",
        list(job_ids),
    )
    return {row["id"] for row in rows}


async def lock_jobs(conn: Connection, job_ids: Collection[UUID]) -> None:
    """Lock the rows of these jobs in the order of their ids until the transaction ends."""
    await conn.execute(
        "SELECT FROM jobs WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE", list(job_ids)
    )
