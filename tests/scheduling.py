"""Appointments for tests: jobs with windows, the effect that looks at them, and the flags they get."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from db.job_events import broken_links
from db.pain_flags import flags_of_job
from db.pool import Database
from rooms.principal import Principal, Role
from tests.company import add_job
from tests.effects import tools_of
from tracker.effects.check_schedule import check_schedule
from tracker.effects.task import Task
from tracker.jobs.consequences import Effect
from tracker.jobs.schedule import Scheduled, schedule_job

DEE = Principal("dee", Role.DISPATCHER)
NOON = (datetime.now(UTC) + timedelta(days=3)).replace(hour=12, minute=0, second=0, microsecond=0)


def window(from_hour: float, hours: float = 2) -> tuple[datetime, datetime]:
    """A window that begins `from_hour` hours after noon in three days."""
    start = NOON + timedelta(hours=from_hour)
    return start, start + timedelta(hours=hours)


async def book(
    database: Database,
    job_id: UUID,
    at: tuple[datetime, datetime],
    who: Principal = DEE,
    version: int | None = None,
) -> Scheduled:
    """Give a job this window."""
    now = datetime.now(UTC)
    return await schedule_job(database, who, job_id, *at, expected_version=version, now=now)


async def booked_job(
    database: Database, status: str, at: tuple[datetime, datetime], pro: str = "pat"
) -> UUID:
    """A job that was ordered with this window and has come to `status`."""
    job_id = await add_job(database, status, pro=pro)
    async with database.connection() as conn:
        await conn.execute("UPDATE jobs SET window_start = $2, window_end = $3 WHERE id = $1", job_id, *at)
    return job_id


async def conflicted(database: Database, *job_ids: UUID) -> list[bool]:
    """Which of these jobs carry an open SCHEDULE_CONFLICT; no job carries two, and every chain holds."""
    found = []
    async with database.connection() as conn:
        for job_id in job_ids:
            flags = [flag for flag in await flags_of_job(conn, job_id) if flag.is_open]
            assert len(flags) == len({flag.type for flag in flags})
            found.append(any(flag.type == "SCHEDULE_CONFLICT" for flag in flags))
        assert await broken_links(conn) == []
    return found


async def look_at_schedule(database: Database, job_id: UUID, version: int) -> None:
    """Carry out CHECK_SCHEDULE of one event, as the worker does."""
    task = Task(Effect.CHECK_SCHEDULE, job_id, version, None, 1, datetime.now(UTC))
    await check_schedule(tools_of(database), task)
