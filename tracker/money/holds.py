"""Asking for a job's money: a hold on a saved method, or a page where the customer pays.

A request only writes rows: the payment, the frozen call, the effect that makes it. One live hold per job.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from db.errors import Conflict
from db.jobs import Job
from db.need_job import lock_needed_job
from db.outbox import add_task
from db.payments import Payment, add_payment, lock_payments
from db.pool import Connection, Database
from tracker.jobs.consequences import Effect
from tracker.jobs.facts import Actor, record_fact
from tracker.jobs.lifecycle import Status
from tracker.money.books import DONE, price_of
from tracker.money.calls import freeze, is_frozen
from tracker.money.checkouts import checkout_params
from tracker.money.payer import NoSavedMethod, ask_params, saved_method
from tracker.money.terms import Purpose, due_of, missing
from tracker.settings import Settings


class HoldExists(Conflict):
    """This job's money is held, taken, or being asked for already."""

    code = "hold_exists"


class NothingToPay(Conflict):
    """There is nothing to pay for this job."""

    code = "nothing_to_pay"


async def ask_for_hold(
    database: Database,
    settings: Settings,
    provider_name: str,
    actor: Actor,
    job_id: UUID,
    *,
    payment_method: str | None,
    now: datetime,
) -> Payment:
    """Ask for a hold on a saved method, or on the customer's method that was named.

    Raises NotFound, NothingToPay, HoldExists, NoSavedMethod, Unavailable.
    """

    async def work(conn: Connection) -> Payment:
        job = await _job(conn, job_id)
        method = await saved_method(conn, provider_name, job.customer_id, chosen=payment_method)
        if method is None:
            raise NoSavedMethod
        payment = await _begin(conn, settings, provider_name, job)
        await freeze(conn, f"payment:{payment.id}:hold", "hold", ask_params(settings, job, payment, method))
        await add_task(conn, Effect.PLACE_HOLD.value, str(payment.id))
        await _record(conn, payment, actor, "saved_method", now)
        return payment

    return await database.in_transaction(work)


async def ask_for_checkout(
    database: Database, settings: Settings, provider_name: str, actor: Actor, job_id: UUID, *, now: datetime
) -> Payment:
    """Ask for a payment page, whose address is sent to the customer; while one is open, that one.

    Raises NotFound, NothingToPay, HoldExists, Unavailable.
    """

    async def work(conn: Connection) -> Payment:
        job = await _job(conn, job_id)
        for waiting in await lock_payments(conn, job_id):
            if waiting.status == "asked" and await is_frozen(conn, f"payment:{waiting.id}:checkout"):
                return waiting
        payment = await _begin(conn, settings, provider_name, job)
        params = await checkout_params(conn, settings, job, payment)
        await freeze(conn, f"payment:{payment.id}:checkout", "checkout", params)
        await add_task(conn, Effect.ASK_FOR_PAYMENT.value, str(payment.id))
        await _record(conn, payment, actor, "payment_page", now)
        return payment

    return await database.in_transaction(work)


async def _job(conn: Connection, job_id: UUID) -> Job:
    job = await lock_needed_job(conn, job_id)
    if job.status == Status.CANCELLED:
        raise NothingToPay("This job was cancelled.")
    return job


async def _begin(conn: Connection, settings: Settings, provider_name: str, job: Job) -> Payment:
    """The payment to be asked for: the whole price at booking, what is still missing after completion."""
    payments = await lock_payments(conn, job.id)
    lives = any(one.purpose == Purpose.HOLD and one.status not in ("released", "failed") for one in payments)
    if job.status in DONE:
        due = due_of(price_of(job), job.tip_cents, payments)
        purpose = Purpose.OVERAGE if lives else Purpose.HOLD
        amount_cents = missing(due, payments)
    else:
        purpose, amount_cents = Purpose.HOLD, price_of(job) + job.tip_cents
    if lives and purpose is Purpose.HOLD:
        raise HoldExists
    if amount_cents == 0:
        raise NothingToPay
    payment = await add_payment(
        conn,
        job_id=job.id,
        purpose=purpose.value,
        provider=provider_name,
        currency=settings.currency,
        amount_cents=amount_cents,
    )
    if payment is None:
        raise HoldExists
    return payment


async def _record(conn: Connection, payment: Payment, actor: Actor, way: str, now: datetime) -> None:
    data = {
        "payment": payment.id,
        "purpose": payment.purpose,
        "provider": payment.provider,
        "amount_cents": payment.amount_cents,
        "way": way,
    }
    await record_fact(conn, payment.job_id, kind="payment_asked", data=data, actor=actor, now=now)
