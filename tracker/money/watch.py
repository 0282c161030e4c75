"""Holds do not last: whoever has to finish a job is told a day before the bank lets its money go.

How long a hold lasts is what the card's own answer said (`capture_before`), never an assumption.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from db.jobs import job_by_id
from db.payments import Payment, holds_ending_before
from db.pool import Database
from tracker.jobs.lifecycle import TERMINAL, Status
from tracker.messages.notify import alert_dispatch
from tracker.money.provider import PaymentProvider
from tracker.money.settle import settle_intent
from tracker.settings import Settings

AHEAD = timedelta(hours=24)
AT_ONCE = 500  # holds looked at in one hour, the most urgent first


async def watch(database: Database, settings: Settings, provider: PaymentProvider, *, now: datetime) -> None:
    """Alert dispatch once per hold that ends within a day; write down those that have ended.

    Raises ProviderUnknown, ProviderRefused, Unavailable.
    """
    async with database.connection() as conn:
        ending = await holds_ending_before(conn, now + AHEAD, limit=AT_ONCE)
    for payment in ending:
        if payment.capture_before is None or payment.intent_id is None or payment.provider != provider.name:
            continue
        if payment.capture_before > now:
            await _alert(database, settings, payment, payment.capture_before, now)
        else:  # the provider says it by an event too, which may have been lost
            intent = await provider.intent(payment.intent_id)
            async with database.transaction() as conn:
                await settle_intent(conn, settings, payment.id, intent, now=now)


async def _alert(
    database: Database, settings: Settings, payment: Payment, until: datetime, now: datetime
) -> None:
    async with database.transaction() as conn:
        job = await job_by_id(conn, payment.job_id)
        if job is None or Status(job.status) in (Status.COMPLETED, *TERMINAL):
            return  # it is being captured or let go
        await alert_dispatch(
            conn,
            settings,
            event_key=f"payment:{payment.id}:ends",
            title=f"A hold ends soon: {job.service}",
            body=f"{payment.authorized_cents} cents of {job.customer_name} are held until"
            f" {until:%Y-%m-%d %H:%M} UTC. Complete the job before, or ask for payment again after.",
            job_id=job.id,
            now=now,
        )
