"""The `tell_both_cancelled` effect: the customer and the pro learn that the job does not take place."""

from __future__ import annotations

from tracker.effects.task import Task, Tools
from tracker.messages.job_news import news_of
from tracker.messages.kinds import Kind
from tracker.messages.notify import notify


async def tell_both_cancelled(tools: Tools, task: Task) -> None:
    """Tell both. It breaks quiet hours when somebody may be waiting or on the way."""
    async with tools.database.transaction() as conn:
        news = await news_of(conn, task, Kind.CANCELLED)
        if news is not None:
            job = news.job
            people = (job.customer_id, *((job.pro_id,) if job.pro_id else ()))
            facts = {"service": job.service, **news.window}
            urgent = news.somebody_may_wait(task.now)
            notice = news.notice(Kind.CANCELLED, people, facts, urgent=urgent)
            await notify(conn, tools.settings, notice, now=task.now)
