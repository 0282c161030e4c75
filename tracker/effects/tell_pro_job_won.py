"""The `tell_pro_job_won` effect: "You got the job", with service, customer, address and window."""

from __future__ import annotations

from db.pool import Connection
from tracker.effects.task import Task, Tools
from tracker.messages.job_news import JobNews, news_of
from tracker.messages.kinds import Kind
from tracker.messages.notify import notify


async def tell_pro_job_won(tools: Tools, task: Task) -> None:
    """Tell the pro who got the job by this event, unless they have lost it since."""
    async with tools.database.transaction() as conn:
        news = await news_of(conn, task, Kind.JOB_WON)
        if news is not None:
            await tell_winner(conn, tools, task, news)


async def tell_winner(conn: Connection, tools: Tools, task: Task, news: JobNews) -> None:
    """The same for an event that also does something else: a fixed appointment that changes hands."""
    job = news.job
    if news.given_to is None or news.given_to != job.pro_id:
        return
    facts = {"service": job.service, "customer": job.customer_name, "address": job.address, **news.window}
    notice = news.notice(Kind.JOB_WON, (job.pro_id,), facts, part="won")
    await notify(conn, tools.settings, notice, now=task.now)
