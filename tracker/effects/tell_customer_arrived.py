"""The `tell_customer_arrived` effect: the pro is at the door."""

from __future__ import annotations

from tracker.effects.task import Task, Tools
from tracker.messages.job_news import news_of
from tracker.messages.kinds import Kind
from tracker.messages.notify import notify


async def tell_customer_arrived(tools: Tools, task: Task) -> None:
    """Push, or a text where no browser of the customer's is subscribed."""
    async with tools.database.transaction() as conn:
        news = await news_of(conn, task, Kind.ARRIVED)
        if news is not None:
            job = news.job
            facts = {"pro": job.pro_name or "", "service": job.service}
            notice = news.notice(Kind.ARRIVED, (job.customer_id,), facts)
            await notify(conn, tools.settings, notice, now=task.now)
