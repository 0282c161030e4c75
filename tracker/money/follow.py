"""Something happened at the payment provider: fetch the object as it is NOW and write that down.

Never what an event says: events come late, twice and in any order, while the object is always true. Each
function may run any number of times; whoever comes first writes, the others find it written.
"""

from __future__ import annotations

from datetime import datetime

from db.payments import Payment, payment_by_intent
from db.pool import Connection, Database
from tracker.money.checkout_orders import take_paid_checkout
from tracker.money.checkouts import payment_of_checkout, settle_checkout
from tracker.money.disputes import settle_dispute
from tracker.money.provider import Dispute, Intent, IntentStatus, PaymentProvider, Refund
from tracker.money.refunds import settle_refund
from tracker.money.settle import settle_intent
from tracker.settings import Settings


async def follow_intent(
    database: Database, settings: Settings, provider: PaymentProvider, intent_id: str, *, now: datetime
) -> None:
    """Held, taken, let go, refunded, disputed. An intent that is not ours (yet) is left alone.

    Raises ProviderUnknown, ProviderRefused, Unavailable.
    """
    async with database.connection() as conn:
        payment = await payment_by_intent(conn, intent_id)
    if payment is None:
        return
    intent = await provider.intent(intent_id)
    number = payment.id

    async def settle(conn: Connection) -> Payment:
        return await settle_intent(conn, settings, number, intent, now=now)

    payment = await database.in_transaction(settle)
    if intent.status is IntentStatus.TAKEN:
        await _follow_what_went_back(database, settings, provider, payment, intent, now)


async def _follow_what_went_back(
    database: Database,
    settings: Settings,
    provider: PaymentProvider,
    payment: Payment,
    intent: Intent,
    now: datetime,
) -> None:
    refunds = await provider.refunds(intent.id)
    disputes = await provider.disputes(intent.id) if intent.disputed or payment.dispute else []
    for refund in refunds:
        await _settle_refund(database, settings, payment, refund, now)
    for dispute in disputes:
        await _settle_dispute(database, settings, payment, dispute, now)


async def _settle_refund(
    database: Database, settings: Settings, payment: Payment, refund: Refund, now: datetime
) -> None:
    async def settle(conn: Connection) -> None:
        await settle_refund(conn, settings, payment.id, refund, now=now)

    await database.in_transaction(settle)


async def _settle_dispute(
    database: Database, settings: Settings, payment: Payment, dispute: Dispute, now: datetime
) -> None:
    async def settle(conn: Connection) -> None:
        await settle_dispute(conn, settings, payment.id, dispute, now=now)

    await database.in_transaction(settle)


async def follow_dispute(
    database: Database, settings: Settings, provider: PaymentProvider, dispute_id: str, *, now: datetime
) -> None:
    """Opened, won, lost. A dispute of a payment that is not ours is left alone. Raises as `follow_intent`.

    The payment's own state is written first: a dispute can be heard of before the capture it is about.
    """
    dispute = await provider.dispute(dispute_id)
    await follow_intent(database, settings, provider, dispute.intent_id, now=now)
    async with database.connection() as conn:
        payment = await payment_by_intent(conn, dispute.intent_id)
    if payment is not None:
        await _settle_dispute(database, settings, payment, dispute, now)


async def follow_checkout(
    database: Database, settings: Settings, provider: PaymentProvider, checkout_id: str, *, now: datetime
) -> None:
    """Paid, or closed unpaid: a page that we opened, or one of the shop's, whose order becomes a job.

    Raises UnusableCheckout for money that we cannot make a job of; else as `follow_intent`.
    """
    page = await provider.checkout(checkout_id)
    intent = await provider.intent(page.intent_id) if page.intent_id else None

    async def work(conn: Connection) -> None:
        payment = await payment_of_checkout(conn, page)
        if payment is not None:
            await settle_checkout(conn, settings, payment, page, intent, now=now)
        elif page.paid or (page.status == "complete" and page.amount_cents == 0):  # a voucher paid for it
            await take_paid_checkout(conn, settings, provider.name, page, intent, now=now)

    await database.in_transaction(work)
    if intent is not None:  # what happened to it before we knew it, as its own events were left alone
        await follow_intent(database, settings, provider, intent.id, now=now)
