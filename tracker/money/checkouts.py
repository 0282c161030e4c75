"""Payment pages: opened for a payment, their address sent to the customer, and what paying on one does."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from db.jobs import Job
from db.money_calls import MoneyCall
from db.payers import payer_of, save_payer
from db.payments import Payment, payment_by_checkout, payment_by_id, save_payment
from db.pool import Connection, Database
from tracker.jobs.lifecycle import Status
from tracker.messages.kinds import Kind
from tracker.messages.notify import Notice, notify
from tracker.money.books import open_books
from tracker.money.calls import Params, happened, once
from tracker.money.payer import describe, metadata_of
from tracker.money.provider import Checkout, Intent, PaymentProvider, ProviderRefused
from tracker.money.saved_method import is_wanted
from tracker.money.settle import settle_failure, settle_intent
from tracker.settings import Settings


async def checkout_params(conn: Connection, settings: Settings, job: Job, payment: Payment) -> Params:
    """The frozen parameters of a payment page."""
    payer = await payer_of(conn, job.customer_id)
    return {
        "amount_cents": payment.amount_cents,
        "currency": payment.currency,
        "description": describe(settings, job),
        "success_url": f"{settings.public_url}/paid",
        "cancel_url": f"{settings.public_url}/not-paid",
        "customer_email": payer.email if payer else None,
        "metadata": metadata_of(payment),
    }


async def open_checkout(
    database: Database, settings: Settings, provider: PaymentProvider, payment_id: int, *, now: datetime
) -> None:
    """Open a payment's page (frozen as `payment:{id}:checkout`) and send its address to the customer.

    A page that was opened and lost (no answer came, the key has expired since) is never sent to anybody and
    closes by itself after a day. Raises ProviderUnknown, OtherProvider.
    """

    async def ask(key: str, params: Params) -> Checkout:
        return await provider.open_checkout(key, **params)

    async def look(call: MoneyCall) -> Checkout | None:
        return await provider.checkout(call.object_id) if call.object_id else None

    key = f"payment:{payment_id}:checkout"
    if not await is_wanted(database, provider, payment_id, key):
        return
    try:
        page = await once(database, key, ask=ask, look=look, now=now)
    except ProviderRefused as refused:
        async with database.transaction() as conn:
            books = await open_books(conn, payment_id)
            await settle_failure(conn, settings, books, refused.message or refused.code, now=now)
        return
    async with database.transaction() as conn:
        books = await open_books(conn, payment_id)
        await save_payment(conn, replace(books.payment, checkout_id=page.id))
        wanted = books.payment.status == "asked" and books.job.status != Status.CANCELLED
        if wanted and page.url is not None:
            notice = Notice(
                Kind.PAYMENT_REQUEST,
                f"payment:{payment_id}:page",
                (books.job.customer_id,),
                {
                    "service": books.job.service,
                    "amount_cents": str(books.payment.amount_cents),
                    "url": page.url,
                },
                books.job.id,
            )
            await notify(conn, settings, notice, now=now)


async def payment_of_checkout(conn: Connection, page: Checkout) -> Payment | None:
    """The payment that a page was opened for, also when its id was lost with the answer; None: not ours."""
    known = await payment_by_checkout(conn, page.id)
    number = page.metadata.get("payment", "")
    if known is None and number.isdecimal() and len(number) < 19:
        known = await payment_by_id(conn, int(number))
    if known is None or page.metadata.get("job_id") != str(known.job_id):
        return None
    return known


async def settle_checkout(
    conn: Connection,
    settings: Settings,
    payment: Payment,
    page: Checkout,
    intent: Intent | None,
    *,
    now: datetime,
) -> None:
    """Write what became of a page: paid on (`intent` is what the customer made), or closed unpaid.

    The method is remembered for tips and for what the hold does not cover.
    """
    books = await open_books(conn, payment.id)
    await happened(conn, f"payment:{payment.id}:checkout", page.id)
    if intent is not None and page.paid:
        if intent.customer is not None:
            await save_payer(
                conn, books.job.customer_id, customer=intent.customer, method=intent.payment_method
            )
        await settle_intent(conn, settings, payment.id, intent, now=now)
    elif intent is not None and page.status == "complete":  # the bank takes days, or has said no after all
        await settle_intent(conn, settings, payment.id, intent, now=now)
    elif page.status == "expired":
        await settle_failure(conn, settings, books, "nobody paid on the payment page", now=now)
