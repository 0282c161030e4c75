"""Refunds: asked for by dispatch, owed to the customer of a cancelled job, or made at the provider itself.

Never more than was captured and not given back, also when two ask at once: they take turns at the job's lock,
and what is asked for counts as given back already.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from db.errors import Conflict
from db.money_calls import MoneyCall
from db.need_job import lock_needed_job
from db.outbox import add_task
from db.payments import lock_payments, payment_by_id
from db.pool import Connection, Database
from db.refunds import RefundRow, add_refund, end_refund, refund_by_provider_id, refund_row, refunds_of_job
from tracker.jobs.consequences import Effect
from tracker.jobs.facts import MONEY, SYSTEM, Actor, record_fact
from tracker.messages.notify import alert_dispatch
from tracker.money.books import Books, open_books, take_back, tell_job
from tracker.money.calls import Params, freeze, happened, once
from tracker.money.ledger import Account
from tracker.money.provider import PaymentProvider, ProviderRefused, Refund, check_provider
from tracker.money.terms import deposit_of, spread
from tracker.settings import Settings

GIVEN = ("succeeded", "pending", "requires_action")  # the provider has taken it from our balance
KEY_CHARS = 64  # of the caller's request key; ours adds the job and the payment


class RefundTooLarge(Conflict):
    """More than was taken and is not given back yet."""

    code = "refund_too_large"


class RequestKeyReused(Conflict):
    """This request key was used for another request."""

    code = "request_key_reused"


class NotCaptured(Exception):
    """A refund of a payment that our books have not as captured; settle the intent first."""


async def ask_for_refund(
    database: Database,
    actor: Actor,
    job_id: UUID,
    *,
    amount_cents: int,
    reason: str,
    request_key: str,
    now: datetime,
) -> list[RefundRow]:
    """Queue a refund of a job, from as many payments as it takes; asking again is answered as before.

    Raises NotFound, RefundTooLarge, RequestKeyReused, Unavailable.
    """

    async def work(conn: Connection) -> list[RefundRow]:
        await lock_needed_job(conn, job_id)
        payments = await lock_payments(conn, job_id)
        known = await refunds_of_job(conn, job_id)
        before = [one for one in known if one.request_key == _key(job_id, request_key, one.payment_id)]
        if before:
            if sum(one.amount_cents for one in before) != amount_cents:
                raise RequestKeyReused
            return before
        parts = spread(amount_cents, payments, known)
        available = sum(part.amount_cents for part in spread(2**62, payments, known))
        if available < amount_cents:
            raise RefundTooLarge(available_cents=available)
        made = [
            await _queue(conn, one.id, _key(job_id, request_key, one.id), part.amount_cents, reason, actor)
            for part in parts
            for one in (part.payment,)
        ]
        data = {"amount_cents": amount_cents, "reason": reason, "refunds": [one.id for one in made]}
        await record_fact(conn, job_id, kind="refund_asked", data=data, actor=actor, now=now)
        return made

    return await database.in_transaction(work)


def _key(job_id: UUID, request_key: str, payment_id: int) -> str:
    """The row's key of one payment's part in a request. Compared whole: keys may begin like others."""
    return f"{job_id}:{request_key}:{payment_id}"


async def give_back_deposits(conn: Connection, books: Books, reason: str) -> None:
    """Queue the refund of what was taken and will not be earned; each deposit once."""
    known = await refunds_of_job(conn, books.job.id)
    for payment in books.payments:
        asked = sum(
            one.amount_cents for one in known if one.payment_id == payment.id and one.status == "asked"
        )
        amount_cents = deposit_of(payment) - asked
        key = f"deposit:{payment.id}"  # no request's key: those begin with the job's id
        if (
            amount_cents > 0
            and payment.dispute != "open"
            and not any(one.request_key == key for one in known)
        ):
            await _queue(conn, payment.id, key, amount_cents, reason, SYSTEM)


async def _queue(
    conn: Connection, payment_id: int, key: str, amount_cents: int, reason: str, actor: Actor
) -> RefundRow:
    row = await add_refund(
        conn,
        payment_id=payment_id,
        request_key=key,
        amount_cents=amount_cents,
        reason=reason,
        requested_by=actor.id,
    )
    payment = await payment_by_id(conn, payment_id)
    assert row is not None  # the job is locked, and the key was looked for
    assert payment is not None
    params: Params = {
        "intent": payment.intent_id,
        "amount_cents": amount_cents,
        "metadata": {"job_id": str(payment.job_id), "payment": str(payment_id), "refund": str(row.id)},
    }
    await freeze(conn, f"refund:{row.id}", "refund", params)
    await add_task(conn, Effect.MAKE_REFUND.value, str(row.id))
    return row


async def make_refund(
    database: Database, settings: Settings, provider: PaymentProvider, refund_no: int, *, now: datetime
) -> None:
    """Give the money back.

    Raises LookupError, OtherProvider, ProviderUnknown (try again later), Unavailable.
    """

    async def ask(key: str, params: Params) -> Refund:
        return await provider.refund(key, params["intent"], params["amount_cents"], params["metadata"])

    async def look(call: MoneyCall) -> Refund | None:
        for refund in await provider.refunds(call.params["intent"]):
            if refund.metadata.get("refund") == str(refund_no) or refund.id == call.object_id:
                return refund
        return None

    async with database.connection() as conn:
        row = await refund_row(conn, refund_no)
        payment = await payment_by_id(conn, row.payment_id) if row else None
    if row is None or payment is None:
        raise LookupError(f"there is no refund {refund_no}")
    if row.status != "asked":
        return
    check_provider(provider, payment.provider, f"refund {refund_no}")
    try:
        refund = await once(database, f"refund:{refund_no}", ask=ask, look=look, now=now)
    except ProviderRefused as refused:
        async with database.transaction() as conn:
            books = await open_books(conn, row.payment_id)
            await _refuse(conn, settings, books, row, refused.message or refused.code, now)
        return
    async with database.transaction() as conn:
        await settle_refund(conn, settings, row.payment_id, refund, now=now)


async def settle_refund(
    conn: Connection, settings: Settings, payment_id: int, refund: Refund, *, now: datetime
) -> None:
    """Write what a refund is now; also one that was made at the provider, and one that failed after all.

    Raises NotCaptured when the payment's capture is not in the books yet, LookupError.
    """
    books = await open_books(conn, payment_id)
    row = await _row_of(conn, books, refund)
    await happened(conn, f"refund:{row.id}", refund.id)
    if refund.status in GIVEN:
        if row.status == "done" or (row.status == "failed" and row.refund_id is not None):
            return  # written already; a refund that failed at the provider stays failed
        if books.payment.captured_cents < books.payment.refunded_cents + refund.amount_cents:
            raise NotCaptured(f"payment {payment_id} has not captured what {refund.id} gives back")
        back = books.payment.refunded_cents + refund.amount_cents
        after = replace(books.payment, refunded_cents=back)
        source = Account.PROVIDER_BALANCE
        await take_back(conn, books, after, key=f"refund:{row.id}", kind="refund", source=source)
        await end_refund(conn, row.id, status="done", refund_id=refund.id)
        facts = {"amount_cents": refund.amount_cents, "refund": row.id, "reason": row.reason}
        await tell_job(conn, books, "refunded", facts, now)
    elif row.status == "done":
        back = books.payment.refunded_cents - refund.amount_cents
        after = replace(books.payment, refunded_cents=back)
        source = Account.PROVIDER_BALANCE
        await take_back(
            conn, books, after, key=f"refund:{row.id}:failed", kind="refund_failed", source=source
        )
        await _refuse(conn, settings, books, row, f"the refund is {refund.status}", now, refund.id)
    elif row.status == "asked":
        await _refuse(conn, settings, books, row, f"the refund is {refund.status}", now, refund.id)


async def _row_of(conn: Connection, books: Books, refund: Refund) -> RefundRow:
    """Our row of a refund; one that we did not ask for, or that was made a second time, gets its own."""
    known = await refund_by_provider_id(conn, refund.id)
    number = refund.metadata.get("refund", "")
    if known is None and number.isdecimal() and len(number) < 19:
        asked = await refund_row(conn, int(number))
        if asked is not None and asked.payment_id == books.payment.id and asked.refund_id is None:
            known = asked
    if known is None:
        known = await add_refund(
            conn,
            payment_id=books.payment.id,
            request_key=f"provider:{refund.id}",
            amount_cents=refund.amount_cents,
            reason="made at the payment provider",
            requested_by=MONEY.id,
        )
    assert known is not None  # the job is locked, and this refund was looked for
    return known


async def _refuse(
    conn: Connection,
    settings: Settings,
    books: Books,
    row: RefundRow,
    problem: str,
    now: datetime,
    refund_id: str | None = None,
) -> None:
    await end_refund(conn, row.id, status="failed", refund_id=refund_id, problem=problem)
    facts = {"amount_cents": row.amount_cents, "refund": row.id, "problem": problem}
    await tell_job(conn, books, "refund_failed", facts, now)
    await alert_dispatch(
        conn,
        settings,
        event_key=f"refund:{row.id}:failed",
        title=f"A refund failed: {books.job.service}",
        body=f"{row.amount_cents} cents for {books.job.customer_name} were not given back: {problem}",
        job_id=books.job.id,
        now=now,
    )
