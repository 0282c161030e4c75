"""The `send_receipt` effect: by mail, once it is known what was charged."""

from __future__ import annotations

from datetime import timedelta

from db.job_news import is_waiting
from db.payments import payments_of_job
from db.pool import Connection
from tracker.effects.task import Postpone, Task, Tools
from tracker.jobs.consequences import Effect
from tracker.messages.job_news import JobNews, news_of
from tracker.messages.kinds import Kind
from tracker.messages.notify import notify
from tracker.messages.receipt import bill_of

AGAIN_S = 1.0
UNTICKED_S = 5.0  # later than `SOON`: all is settled, but the capture's own row is not done yet
AGAIN_LATER_S = 30.0  # later than `SOON`: settling the money makes it due at once
SOON = timedelta(minutes=1)  # of completion: the usual capture is settled by then
PATIENCE = timedelta(days=1)  # then the customer gets a receipt that says what is still to be charged


async def send_receipt(tools: Tools, task: Task) -> None:
    """Tell the customer. Raises Postpone while money is still on its way, for a day at most."""
    async with tools.database.transaction() as conn:
        news = await news_of(conn, task, Kind.RECEIPT)
        if news is None:
            return
        job = news.job
        waited = task.now - (job.finished_at or task.now)
        if waited < PATIENCE and (pause_s := await _pause_s(conn, news, waited)):
            raise Postpone("what is charged is not settled yet", pause_s)
        bill = bill_of(job, await payments_of_job(conn, job.id))
        facts = {"service": job.service, "amount_cents": str(bill.total_cents)}
        notice = news.notice(Kind.RECEIPT, (job.customer_id,), facts)
        await notify(conn, tools.settings, notice, now=task.now)


async def _pause_s(conn: Connection, news: JobNews, waited: timedelta) -> float | None:
    """When to look again, if money is held or being asked for beyond the hold, or the capture is to be tried.

    A capture is ticked off a moment after it has settled everything, be it minutes after the completion
    because its first worker died.
    """
    soon = waited < SOON
    if any(
        one.status == "authorized" or (one.status == "asked" and one.purpose == "overage")
        for one in await payments_of_job(conn, news.job.id)
    ):
        return AGAIN_S if soon else AGAIN_LATER_S
    if await is_waiting(conn, news.job.id, news.event.version, Effect.CAPTURE_HOLD.value):
        return AGAIN_S if soon else UNTICKED_S
    return None
