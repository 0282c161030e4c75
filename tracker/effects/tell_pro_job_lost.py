"""The `tell_pro_job_lost` effect: a pro whose job dispatch took away learns that they need not go."""

from __future__ import annotations

from tracker.effects.task import Task, Tools
from tracker.messages.job_news import news_of
from tracker.messages.kinds import Kind
from tracker.messages.notify import notify


async def tell_pro_job_lost(tools: Tools, task: Task) -> None:
    """Tell the pro who lost it by this event, unless they have it back. It may break the quiet hours.

    Who gave it up themself knows that.
    """
    async with tools.database.transaction() as conn:
        news = await news_of(conn, task, Kind.JOB_LOST)
        if news is None or news.taken_from in (None, news.job.pro_id):
            return
        facts = {"service": news.job.service, **news.window}
        notice = news.notice(
            Kind.JOB_LOST, (str(news.taken_from),), facts, urgent=news.somebody_may_wait(task.now)
        )
        await notify(conn, tools.settings, notice, now=task.now)
