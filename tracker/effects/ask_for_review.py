"""The `ask_for_review` effect: how was it? Both sides are asked, unless they have said so already."""

from __future__ import annotations

from db.reviews import reviews_of_job
from tracker.effects.task import Task, Tools
from tracker.messages.job_news import news_of
from tracker.messages.kinds import Kind
from tracker.messages.notify import notify


async def ask_for_review(tools: Tools, task: Task) -> None:
    """Ask the customer about the pro, and the pro about the customer."""
    async with tools.database.transaction() as conn:
        news = await news_of(conn, task, Kind.REVIEW_REQUEST)
        if news is None or news.job.pro_id is None:
            return
        job, pro_id = news.job, news.job.pro_id
        said = {review.author_id for review in await reviews_of_job(conn, job.id)}
        for person_id, other in ((job.customer_id, job.pro_name), (pro_id, job.customer_name)):
            if person_id not in said:
                facts = {"service": job.service, "other": other or ""}
                notice = news.notice(Kind.REVIEW_REQUEST, (person_id,), facts)
                await notify(conn, tools.settings, notice, now=task.now)
