"""The `tell_customer_appointment` effect: date and window, and who comes when that changed as well."""

from __future__ import annotations

from tracker.effects.task import Task, Tools
from tracker.effects.tell_customer_who_comes import tell_name
from tracker.effects.tell_pro_job_won import tell_winner
from tracker.messages.job_news import news_of
from tracker.messages.kinds import Kind
from tracker.messages.notify import notify


async def tell_customer_appointment(tools: Tools, task: Task) -> None:
    """Tell the customer the newest appointment. A fixed one that gets another pro is told to that pro too."""
    async with tools.database.transaction() as conn:
        news = await news_of(conn, task, Kind.APPOINTMENT)
        if news is None:
            return
        job = news.job
        if news.given_to is not None:
            await tell_winner(conn, tools, task, news)
            await tell_name(conn, tools, task, news)
        elif job.window_start is not None:
            facts = {"service": job.service, **news.window}
            notice = news.notice(Kind.APPOINTMENT, (job.customer_id,), facts)
            await notify(conn, tools.settings, notice, now=task.now)
