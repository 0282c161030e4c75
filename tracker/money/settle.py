"""What the provider says, written into our books: rows, ledger, payouts, job events; once, in any order.

Every function works in the caller's transaction, locks the job and then its payments, and does nothing when
the books say so already. The worker calls them with the answer to a call, the webhooks with a fetched object:
whoever comes first writes, the other finds it written.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from db.outbox import hasten
from db.payers import add_to_tip
from db.payments import Payment, save_payment
from db.pool import Connection
from tracker.jobs.consequences import Effect
from tracker.jobs.lifecycle import Status
from tracker.messages.notify import alert_dispatch
from tracker.money.books import Books, earn, open_books, post_share, tell_job
from tracker.money.calls import cannot_happen, happened, is_frozen
from tracker.money.ledger import Account, Entry, post
from tracker.money.provider import Intent, IntentStatus
from tracker.money.terms import Purpose
from tracker.settings import Settings


async def settle_intent(
    conn: Connection, settings: Settings, payment_id: int, intent: Intent, *, now: datetime
) -> Payment:
    """Write what an intent is now. Returns the payment as it is then.

    Raises LookupError for a payment that is not there.
    """
    books = await open_books(conn, payment_id)
    if books.payment.intent_id not in (None, intent.id):
        return await _alert_second_intent(conn, settings, books, intent, now)
    match intent.status:
        case IntentStatus.HELD:
            return await settle_hold(conn, books, intent, now=now)
        case IntentStatus.TAKEN:
            return await settle_capture(conn, settings, books, intent, now=now)
        case IntentStatus.CANCELLED:
            return await settle_release(conn, settings, books, intent, now=now)
        case IntentStatus.PROCESSING:
            return await _settle_processing(conn, books, intent)
        case IntentStatus.WAITING:
            if books.payment.intent_id is None:
                return books.payment  # the customer is about to pay on a page; another event will tell
            return await settle_failure(conn, settings, books, "the bank did not pay after all", now=now)


async def _settle_processing(conn: Connection, books: Books, intent: Intent) -> Payment:
    """A bank that takes days has it in hand. By the intent its answer is known as ours."""
    if books.payment.status != "asked" or books.payment.intent_id is not None:
        return books.payment
    payment = replace(books.payment, intent_id=intent.id)
    await save_payment(conn, payment)
    return payment


async def _alert_second_intent(
    conn: Connection, settings: Settings, books: Books, intent: Intent, now: datetime
) -> Payment:
    """Somebody paid twice for one payment, on a page that was lost to us; a person has to give it back."""
    if intent.status in (IntentStatus.HELD, IntentStatus.TAKEN):
        await alert_dispatch(
            conn,
            settings,
            event_key=f"intent:{intent.id}:second",
            title=f"Paid twice: {books.job.service}",
            body=f"{intent.id} of {intent.amount_cents} cents is not in our books; undo it at the provider.",
            job_id=books.job.id,
            now=now,
        )
    return books.payment


async def settle_hold(conn: Connection, books: Books, intent: Intent, *, now: datetime) -> Payment:
    """Money is held. A job that has ended meanwhile goes on from there: captured, or let go."""
    if books.payment.status != "asked":
        return books.payment  # an old picture of the intent, or nothing new
    payment = replace(
        books.payment,
        status="authorized",
        intent_id=intent.id,
        authorized_cents=intent.capturable_cents,
        capture_before=intent.capture_before,
        problem=None,
    )
    await save_payment(conn, payment)
    await happened(conn, f"payment:{payment.id}:hold", intent.id)
    effects: tuple[Effect, ...] = ()
    if books.is_done:
        effects = (Effect.CAPTURE_HOLD,)
    elif books.job.status == Status.CANCELLED:
        effects = (Effect.RELEASE_HOLD,)
    await tell_job(conn, books, "hold_placed", {"amount_cents": payment.authorized_cents}, now, effects)
    return payment


async def settle_capture(
    conn: Connection, settings: Settings, books: Books, intent: Intent, *, now: datetime
) -> Payment:
    """Money is taken: earned when the job is completed, a deposit of the customer's until then.

    One taken after the job was cancelled is given back by the release that is queued.
    """
    if books.payment.status == "captured":
        return books.payment
    taken = replace(
        books.payment,
        status="captured",
        intent_id=intent.id,
        authorized_cents=max(books.payment.authorized_cents, intent.captured_cents),
        captured_cents=intent.captured_cents,
        capture_before=None,
        problem=None,
    )
    books = books.about(taken)
    key = f"payment:{taken.id}:capture"
    if books.is_done:
        books, share = earn(books, settings)
        await save_payment(conn, books.payment)
        await post_share(conn, books, share, key=key, source=Account.PROVIDER_BALANCE, kind="capture")
    else:
        await save_payment(conn, taken)
        entries = [
            Entry(Account.PROVIDER_BALANCE, taken.captured_cents),
            Entry(Account.DEPOSITS, -taken.captured_cents),
        ]
        await post(conn, key=key, kind="deposit", entries=entries, job_id=taken.job_id)
    for call in ("capture", "charge"):
        await happened(conn, f"payment:{taken.id}:{call}", intent.id)
    await cannot_happen(conn, f"payment:{taken.id}:release", "the money was taken")
    if taken.purpose == Purpose.TIP:
        await add_to_tip(conn, taken.job_id, taken.captured_cents)
    facts = {"amount_cents": taken.captured_cents, "tip_cents": books.payment.tip_cents}
    cancelled = books.job.status == Status.CANCELLED
    effects = (Effect.RELEASE_HOLD,) if cancelled else ()
    await tell_job(conn, books, "captured", facts, now, effects)
    await hasten(conn, Effect.SEND_RECEIPT.value, taken.job_id)
    return books.payment


async def settle_release(
    conn: Connection, settings: Settings, books: Books, intent: Intent, *, now: datetime
) -> Payment:
    """A hold is gone: let go by us, or ended by the bank. What a completed job then lacks is charged."""
    if books.payment.status not in ("asked", "authorized"):
        return books.payment
    ours = await is_frozen(conn, f"payment:{books.payment.id}:release")
    await happened(conn, f"payment:{books.payment.id}:release", intent.id)
    await cannot_happen(conn, f"payment:{books.payment.id}:capture", "the hold has ended")
    if not ours and books.job.status != Status.CANCELLED:
        known = books.about(replace(books.payment, intent_id=intent.id))
        return await settle_failure(conn, settings, known, "the hold ended before it was captured", now=now)
    payment = replace(
        books.payment, status="released", intent_id=intent.id, capture_before=None, problem=None
    )
    await save_payment(conn, payment)
    await tell_job(conn, books, "hold_released", {"amount_cents": payment.authorized_cents}, now)
    return payment


async def settle_failure(
    conn: Connection, settings: Settings, books: Books, problem: str, *, now: datetime
) -> Payment:
    """Nothing was taken and nothing is held: declined, expired, or nobody to charge. Dispatch is told."""
    if books.payment.status not in ("asked", "authorized"):
        return books.payment
    payment = replace(books.payment, status="failed", capture_before=None, problem=problem)
    await save_payment(conn, payment)
    charges = books.is_done and payment.purpose == Purpose.HOLD
    facts = {"amount_cents": payment.amount_cents, "problem": problem}
    await tell_job(conn, books, "payment_failed", facts, now, (Effect.CAPTURE_HOLD,) if charges else ())
    await hasten(conn, Effect.SEND_RECEIPT.value, payment.job_id)
    await alert_dispatch(
        conn,
        settings,
        event_key=f"payment:{payment.id}:failed",
        title=f"A payment failed: {books.job.service}",
        body=f"{payment.purpose} of {payment.amount_cents} cents for {books.job.customer_name}: {problem}",
        job_id=payment.job_id,
        now=now,
    )
    return payment
