"""The `tell_both_cancelled` effect: the customer and the pro learn that the job does not take place."""

from __future__ import annotations

from datetime import datetime, timedelta

from tracker.effects.task import Task, Tools
from tracker.jobs.lifecycle import Status
from tracker.messages.job_news import JobNews, news_of
from tracker.messages.kinds import Kind
from tracker.messages.notify import notify

SOON = timedelta(hours=18)  # a visit before the next evening: nobody may wait for it, also if it is night
UNDER_WAY = frozenset({Status.EN_ROUTE, Status.ARRIVED, Status.IN_PROGRESS})


async def tell_both_cancelled(tools: Tools, task: Task) -> None:
    """Tell both. It breaks quiet hours when somebody may be waiting or on the way."""
    async with tools.database.transaction() as conn:
        news = await news_of(conn, task, Kind.CANCELLED)
        if news is not None:
            job = news.job
            people = (job.customer_id, *((job.pro_id,) if job.pro_id else ()))
            facts = {"service": job.service, **news.window}
            urgent = _cannot_wait(news, task.now)
            notice = news.notice(Kind.CANCELLED, people, facts, urgent=urgent)
            await notify(conn, tools.settings, notice, now=task.now)


def _cannot_wait(news: JobNews, now: datetime) -> bool:
    begin, end = news.job.window_start, news.job.window_end
    soon = begin is not None and end is not None and begin <= now + SOON and now < end
    return soon or news.event.from_status in UNDER_WAY
