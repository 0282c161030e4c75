"""The `tell_customer_who_comes` effect: the name of the pro who has the job now."""

from __future__ import annotations

from db.pool import Connection
from tracker.effects.task import Task, Tools
from tracker.messages.job_news import JobNews, news_of
from tracker.messages.kinds import Kind
from tracker.messages.notify import notify


async def tell_customer_who_comes(tools: Tools, task: Task) -> None:
    """Tell the customer, unless that pro has lost the job since or had it before."""
    async with tools.database.transaction() as conn:
        news = await news_of(conn, task, Kind.WHO_COMES)
        if news is not None:
            await tell_name(conn, tools, task, news)


async def tell_name(conn: Connection, tools: Tools, task: Task, news: JobNews) -> None:
    """The same for an event that also does something else: a fixed appointment that changes hands."""
    job = news.job
    if news.given_to is None or news.given_to != job.pro_id:
        return
    facts = {"pro": job.pro_name or "", "service": job.service, **news.window}
    notice = news.notice(Kind.WHO_COMES, (job.customer_id,), facts, part="who")
    await notify(conn, tools.settings, notice, now=task.now)
