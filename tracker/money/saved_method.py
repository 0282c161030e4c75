"""Holding and taking money on a saved payment method: the two calls that need no customer present."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

from db.money_calls import MoneyCall
from db.payments import save_payment
from db.pool import Database
from tracker.jobs.lifecycle import Status
from tracker.money.books import open_books
from tracker.money.calls import Params, cannot_happen, once, was_tried
from tracker.money.payer import ask_of
from tracker.money.provider import (
    Ask,
    Intent,
    IntentStatus,
    PaymentProvider,
    ProviderRefused,
    check_provider,
)
from tracker.money.settle import settle_failure, settle_intent
from tracker.settings import Settings

NEEDS_CUSTOMER = "the bank wants the customer to confirm this payment; send them a payment page"


async def place_hold(
    database: Database, settings: Settings, provider: PaymentProvider, payment_id: int, *, now: datetime
) -> None:
    """Hold a payment's amount; its call was frozen as `payment:{id}:hold`.

    Raises ProviderUnknown, OtherProvider.
    """
    await _carry_out(database, settings, provider, payment_id, "hold", provider.hold, now)


async def charge_saved(
    database: Database, settings: Settings, provider: PaymentProvider, payment_id: int, *, now: datetime
) -> None:
    """Take a payment's amount at once; frozen as `payment:{id}:charge`.

    Raises ProviderUnknown, OtherProvider.
    """
    await _carry_out(database, settings, provider, payment_id, "charge", provider.charge, now)


async def _carry_out(
    database: Database,
    settings: Settings,
    provider: PaymentProvider,
    payment_id: int,
    kind: str,
    call: Callable[[str, Ask], Awaitable[Intent]],
    now: datetime,
) -> None:
    key = f"payment:{payment_id}:{kind}"
    if not await is_wanted(database, provider, payment_id, key):
        return

    async def ask(versioned: str, params: Params) -> Intent:
        return await call(versioned, ask_of(params))

    async def look(call: MoneyCall) -> Intent | None:
        if call.object_id is not None:
            return await provider.intent(call.object_id)
        return await provider.find_intent(call.provider_key, call.params["customer"], call.begun_at)

    problem, intent = NEEDS_CUSTOMER, None
    try:
        intent = await once(database, key, ask=ask, look=look, now=now)
    except ProviderRefused as refused:
        problem = refused.message or refused.code
    async with database.transaction() as conn:
        if intent is not None and intent.status is not IntentStatus.WAITING:
            await settle_intent(conn, settings, payment_id, intent, now=now)
        else:
            books = await open_books(conn, payment_id)
            await settle_failure(conn, settings, books, problem, now=now)


async def is_wanted(database: Database, provider: PaymentProvider, payment_id: int, key: str) -> bool:
    """Whether to go on. What was never asked for a job that is cancelled by now need not be asked.

    Raises OtherProvider, LookupError.
    """
    async with database.transaction() as conn:
        books = await open_books(conn, payment_id)
        check_provider(provider, books.payment.provider, f"payment {payment_id}")
        if books.payment.status != "asked":
            return False
        if books.job.status != Status.CANCELLED or await was_tried(conn, key):
            return True
        await save_payment(conn, replace(books.payment, status="released", problem="the job was cancelled"))
        await cannot_happen(conn, key, "the job was cancelled")
        return False
