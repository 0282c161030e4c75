"""Holds do not last, and events get lost: once an hour we look ourselves.

Whoever has to finish a job is told a day before the bank lets its money go. A payment page or a slow bank
that was not heard of for a day is asked about; a page lasts no longer (Stripe: 24 hours).

How long a hold lasts is what the card's own answer said (`capture_before`), never an assumption.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from db.jobs import job_by_id
from db.payments import Payment, asked_before, holds_ending_before
from db.pool import Database
from tracker.jobs.lifecycle import TERMINAL, Status
from tracker.messages.notify import alert_dispatch
from tracker.money.follow import follow_checkout, follow_intent
from tracker.money.provider import PaymentProvider, ProviderRefused, ProviderUnknown
from tracker.settings import Settings

AHEAD = timedelta(hours=24)
SILENT_FOR = timedelta(hours=25)
AT_ONCE = 500  # of each kind looked at in one hour, the most urgent first


async def watch(database: Database, settings: Settings, provider: PaymentProvider, *, now: datetime) -> None:
    """Alert dispatch once per hold that ends within a day; write down what ended and was not told.

    Raises ProviderUnknown when the provider could not be asked about all of it, Unavailable.
    """
    async with database.connection() as conn:
        ending = await holds_ending_before(conn, provider.name, now + AHEAD, limit=AT_ONCE)
        silent = await asked_before(conn, provider.name, now - SILENT_FOR, limit=AT_ONCE)
    for payment in ending:
        if payment.capture_before is not None and payment.capture_before > now:
            await _alert(database, settings, payment, payment.capture_before, now)
    over = [one for one in ending if one.capture_before is not None and one.capture_before <= now]
    unasked = []
    for payment in (*over, *silent):  # one that cannot be asked about must not hide the others
        try:
            await _ask(database, settings, provider, payment, now)
        except (ProviderRefused, ProviderUnknown) as unsaid:
            unasked.append(f"payment {payment.id}: {unsaid}")
    if unasked:
        raise ProviderUnknown(f"{len(unasked)} could not be asked about: {unasked[0]}")


async def _ask(
    database: Database, settings: Settings, provider: PaymentProvider, payment: Payment, now: datetime
) -> None:
    """Write down what the provider has told by an event too, which may have been lost."""
    if payment.intent_id is not None:
        await follow_intent(database, settings, provider, payment.intent_id, now=now)
    elif payment.checkout_id is not None:
        await follow_checkout(database, settings, provider, payment.checkout_id, now=now)


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
