"""The `check_schedule` effect: flag a pro's jobs whose windows meet, clear those that no longer do."""

from __future__ import annotations

from db.job_events import events_since
from db.jobs import job_by_id
from db.pool import Connection
from tracker.effects.task import Task, Tools
from tracker.jobs.overlaps import settle_schedules


async def check_schedule(tools: Tools, task: Task) -> None:
    """Look at the appointments of the pro who has the job now and of the one who had it before the event."""
    job_id, version = task.job_event()
    async with tools.database.connection() as conn:
        job = await job_by_id(conn, job_id)
        events = await events_since(conn, job_id, version - 1, limit=1)
    if job is None or not events or job.window_start is None:
        return
    had = {job.pro_id, events[0].data.get("pro_id"), events[0].data.get("previous_pro_id")}
    pros = sorted(pro_id for pro_id in had if isinstance(pro_id, str))

    async def work(conn: Connection) -> None:
        await settle_schedules(conn, pros, [job_id], now=task.now)

    await tools.database.in_transaction(work)
