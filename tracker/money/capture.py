"""When a job ends: its holds are captured or let go, and what a hold did not cover is charged.

The job's status decides which of both: a job is completed or cancelled, never both, and stays so. Each flow
decides by rows under the job's lock, freezes its calls in the same transaction, makes them outside, and
settles inside; running it twice, half, or in two workers at once ends the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from db.money_calls import MoneyCall
from db.outbox import add_task, hasten
from db.payments import Payment, add_payment, save_payment
from db.pool import Connection, Database
from tracker.jobs.consequences import Effect
from tracker.jobs.lifecycle import Status
from tracker.messages.notify import alert_dispatch
from tracker.money.books import Books, earn_deposit, open_books, open_books_of_job
from tracker.money.calls import Params, freeze, is_frozen, once
from tracker.money.payer import ask_params, saved_method
from tracker.money.provider import Intent, IntentStatus, PaymentProvider, ProviderRefused, check_provider
from tracker.money.refunds import give_back_deposits
from tracker.money.settle import settle_failure, settle_intent
from tracker.money.terms import Purpose, missing, takes
from tracker.settings import Settings

NO_METHOD = "the customer has no saved payment method to charge"


@dataclass(frozen=True, slots=True)
class Ending:
    """What was decided for a hold: `kind` is capture or release."""

    payment_id: int
    intent_id: str
    kind: str


class StillHeld(Exception):
    """The provider refused to take or to let go what it still holds; a person has to look."""


async def capture_job(
    database: Database, settings: Settings, provider: PaymentProvider, job_id: UUID, *, now: datetime
) -> None:
    """Take a completed job's price and tip, and share them out.

    Raises LookupError, StillHeld, OtherProvider, ProviderUnknown (try again later), Unavailable.
    """

    async def decide(conn: Connection) -> list[Ending]:
        books = await open_books_of_job(conn, job_id)
        if not books.is_done:
            return []
        for payment in books.payments:
            books = await earn_deposit(conn, settings, books.about(payment))
        return [
            await _decide(conn, provider, take.payment, take.amount_cents)
            for take in takes(books.due, books.payments)
        ]

    for ending in await database.in_transaction(decide):
        await _end_hold(database, settings, provider, ending, now)
    await database.in_transaction(lambda conn: _close(conn, settings, provider.name, job_id, now))


async def release_job(
    database: Database, settings: Settings, provider: PaymentProvider, job_id: UUID, *, now: datetime
) -> None:
    """Let a cancelled job's holds go, and give back what was taken before. Raises as `capture_job`."""

    async def decide(conn: Connection) -> list[Ending]:
        books = await open_books_of_job(conn, job_id)
        if books.job.status != Status.CANCELLED:
            return []
        return [await _decide(conn, provider, one, 0) for one in books.payments if one.status == "authorized"]

    async def give_back(conn: Connection) -> None:
        books = await open_books_of_job(conn, job_id)
        if books.job.status == Status.CANCELLED:
            await give_back_deposits(conn, books, "the job was cancelled")

    for ending in await database.in_transaction(decide):
        await _end_hold(database, settings, provider, ending, now)
    await database.in_transaction(give_back)


async def _decide(conn: Connection, provider: PaymentProvider, payment: Payment, amount_cents: int) -> Ending:
    """Freeze what a hold ends in. What was frozen before stays: a try may be under way."""
    check_provider(provider, payment.provider, f"payment {payment.id}")
    assert payment.intent_id is not None  # what is held has an intent
    for kind in ("capture", "release"):
        if await is_frozen(conn, f"payment:{payment.id}:{kind}"):
            return Ending(payment.id, payment.intent_id, kind)
    kind = "capture" if amount_cents else "release"
    params: Params = {"intent": payment.intent_id, "amount_cents": amount_cents}
    await freeze(conn, f"payment:{payment.id}:{kind}", kind, params)
    return Ending(payment.id, payment.intent_id, kind)


async def _end_hold(
    database: Database, settings: Settings, provider: PaymentProvider, ending: Ending, now: datetime
) -> None:
    """Capture a hold or let it go. However it then ended at the provider: that is what is written."""

    async def ask(key: str, params: Params) -> Intent:
        if ending.kind == "capture":
            return await provider.capture(key, params["intent"], params["amount_cents"])
        return await provider.release(key, params["intent"])

    async def look(_call: MoneyCall) -> Intent | None:
        intent = await provider.intent(ending.intent_id)
        return None if intent.status is IntentStatus.HELD else intent

    key = f"payment:{ending.payment_id}:{ending.kind}"
    try:
        intent = await once(database, key, ask=ask, look=look, now=now, again=True)
    except ProviderRefused as refused:
        intent = await provider.intent(ending.intent_id)
        if intent.status is IntentStatus.HELD:
            await _alert_still_held(database, settings, ending, str(refused), now)
            raise StillHeld(str(refused)) from refused
    async with database.transaction() as conn:
        await settle_intent(conn, settings, ending.payment_id, intent, now=now)


async def _alert_still_held(
    database: Database, settings: Settings, ending: Ending, problem: str, now: datetime
) -> None:
    async with database.transaction() as conn:
        books = await open_books(conn, ending.payment_id)
        await save_payment(conn, replace(books.payment, problem=problem))
        await alert_dispatch(
            conn,
            settings,
            event_key=f"payment:{ending.payment_id}:{ending.kind}:refused",
            title=f"The {ending.kind} of a hold was refused: {books.job.service}",
            body=f"{books.payment.authorized_cents} cents of {books.job.customer_name} are held: {problem}",
            job_id=books.job.id,
            now=now,
        )


async def _close(
    conn: Connection, settings: Settings, provider_name: str, job_id: UUID, now: datetime
) -> None:
    """What the holds did not cover is charged, once; what was taken too much goes back."""
    books = await open_books_of_job(conn, job_id)
    if not books.is_done:
        return
    missing_cents = missing(books.due, books.payments)
    if missing_cents and all(one.purpose != Purpose.OVERAGE for one in books.payments):
        await _charge_rest(conn, settings, provider_name, books, missing_cents, now)
    elif any(one.status == "asked" and one.purpose == Purpose.HOLD for one in books.payments):
        await alert_dispatch(
            conn,
            settings,
            event_key=f"job:{job_id}:unpaid",
            title=f"A completed job is not paid yet: {books.job.service}",
            body=f"{books.job.customer_name} was asked to pay and has not done so.",
            job_id=job_id,
            now=now,
        )
    await give_back_deposits(conn, books, "more was paid than the job cost")
    await hasten(conn, Effect.SEND_RECEIPT.value, job_id)


async def _charge_rest(
    conn: Connection, settings: Settings, provider_name: str, books: Books, amount_cents: int, now: datetime
) -> None:
    payment = await add_payment(
        conn,
        job_id=books.job.id,
        purpose=Purpose.OVERAGE.value,
        provider=provider_name,
        currency=settings.currency,
        amount_cents=amount_cents,
    )
    assert payment is not None  # the job is locked and has none
    method = await saved_method(conn, provider_name, books.job.customer_id)
    if method is None:
        await settle_failure(conn, settings, books.about(payment), NO_METHOD, now=now)
        return
    params = ask_params(settings, books.job, payment, method)
    await freeze(conn, f"payment:{payment.id}:charge", "charge", params)
    await add_task(conn, Effect.CHARGE_SAVED.value, str(payment.id))
