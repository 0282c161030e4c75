"""The `tell_pro_paid` effect: the pro's money for a job was sent."""

from __future__ import annotations

from db.job_news import paid_cents
from tracker.effects.task import Task, Tools
from tracker.messages.job_news import news_of
from tracker.messages.kinds import Kind
from tracker.messages.notify import notify


async def tell_pro_paid(tools: Tools, task: Task) -> None:
    """Tell the pro how much."""
    async with tools.database.transaction() as conn:
        news = await news_of(conn, task, Kind.PAYOUT_PAID)
        if news is None or news.job.pro_id is None:
            return
        job, pro_id = news.job, news.job.pro_id
        facts = {"service": job.service, "amount_cents": str(await paid_cents(conn, job.id, pro_id))}
        notice = news.notice(Kind.PAYOUT_PAID, (pro_id,), facts)
        await notify(conn, tools.settings, notice, now=task.now)
