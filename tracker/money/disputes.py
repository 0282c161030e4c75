"""A dispute in our books: opened, the money is gone for now; won, it is back; lost, somebody bears it.

While it is open, what the job's pro has not been paid yet is held. Lost, the pro's and the platform's shares
are taken back as for a refund; a pro who was paid already has a correction that later payouts make good for.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from db.disputes import (
    KnownDispute,
    close_dispute,
    dispute_by_id,
    has_open_dispute,
    lost_cents,
    open_dispute,
    sum_up_disputes,
)
from db.payouts import hold_payouts, unhold_payouts
from db.pool import Connection
from tracker.jobs.consequences import Effect
from tracker.jobs.lifecycle import Status
from tracker.messages.notify import alert_dispatch
from tracker.money.books import Books, open_books, take_back, tell_job
from tracker.money.ledger import Account, Entry, post
from tracker.money.provider import Dispute
from tracker.settings import Settings


async def settle_dispute(
    conn: Connection, settings: Settings, payment_id: int, dispute: Dispute, *, now: datetime
) -> None:
    """Write what a dispute is now, in the caller's transaction; any number of times, in any order.

    A dispute that was won stays won; one that was lost may be won on appeal. Raises LookupError for a
    payment that is not there.
    """
    books = await open_books(conn, payment_id)
    known = await dispute_by_id(conn, dispute.id)
    if dispute.status == "inquiry":
        return  # nothing was taken
    if known is None:
        known = await _open(conn, settings, books, dispute, now)
    if known.status == "open" and dispute.status != "open":
        await _close(conn, settings, books, known, dispute.status, now)
    elif known.status == "lost" and dispute.status == "won":
        await _win_after_all(conn, settings, books, known, now)


async def _open(
    conn: Connection, settings: Settings, books: Books, dispute: Dispute, now: datetime
) -> KnownDispute:
    new = KnownDispute(dispute.id, books.payment.id, dispute.amount_cents, dispute.reason, "open")
    await open_dispute(conn, new, at=now)
    await _move(conn, books, new, "opened", Account.PROVIDER_BALANCE, Account.DISPUTED)
    await hold_payouts(conn, books.job.id, new.dispute_id)
    await sum_up_disputes(conn, books.payment.id)
    await _tell(conn, settings, books, new, "opened", now)
    return new


async def _close(
    conn: Connection, settings: Settings, books: Books, known: KnownDispute, status: str, now: datetime
) -> None:
    if status == "won":
        await _move(conn, books, known, "won", Account.DISPUTED, Account.PROVIDER_BALANCE)
    else:
        await _bear(conn, books, known, "lost", known.amount_cents, Account.DISPUTED)
    await _write_end(conn, settings, books, known, status, now)


async def _win_after_all(
    conn: Connection, settings: Settings, books: Books, known: KnownDispute, now: datetime
) -> None:
    """An appeal was won: the money is back, and whoever bore the loss has their share again."""
    await _bear(conn, books, known, "won", -known.amount_cents, Account.PROVIDER_BALANCE)
    await _write_end(conn, settings, books, known, "won", now)


async def _bear(
    conn: Connection, books: Books, dispute: KnownDispute, what: str, more_cents: int, source: Account
) -> None:
    """So much more of the payment is lost by disputes (or less): take it from those who had it."""
    lost_before = await lost_cents(conn, books.payment.id)
    before = replace(books.payment, dispute="lost", disputed_cents=lost_before)
    after = replace(before, disputed_cents=lost_before + more_cents)
    key = f"dispute:{dispute.dispute_id}:{what}"
    await take_back(conn, books.about(before), after, key=key, kind=f"dispute_{what}", source=source)


async def _write_end(
    conn: Connection, settings: Settings, books: Books, known: KnownDispute, status: str, now: datetime
) -> None:
    await close_dispute(conn, known.dispute_id, status=status, at=now)
    await sum_up_disputes(conn, books.payment.id)
    if not await has_open_dispute(conn, books.job.id):
        await unhold_payouts(conn, books.job.id)
    await _tell(conn, settings, books, known, status, now, _after(books) if status == "won" else ())


def _after(books: Books) -> tuple[Effect, ...]:
    """What waited for the bank: a deposit that nobody earned goes back to the customer."""
    if books.job.status == Status.CANCELLED:
        return (Effect.RELEASE_HOLD,)
    return (Effect.CAPTURE_HOLD,) if books.is_done else ()


async def _move(
    conn: Connection, books: Books, dispute: KnownDispute, what: str, source: Account, target: Account
) -> None:
    await post(
        conn,
        key=f"dispute:{dispute.dispute_id}:{what}",
        kind=f"dispute_{what}",
        entries=[Entry(source, -dispute.amount_cents), Entry(target, dispute.amount_cents)],
        job_id=books.job.id,
    )


async def _tell(
    conn: Connection,
    settings: Settings,
    books: Books,
    dispute: KnownDispute,
    what: str,
    now: datetime,
    effects: tuple[Effect, ...] = (),
) -> None:
    facts = {
        "dispute": dispute.dispute_id,
        "amount_cents": dispute.amount_cents,
        "reason": dispute.reason[:200],
    }
    await tell_job(conn, books, f"dispute_{what}", facts, now, effects)
    await alert_dispatch(
        conn,
        settings,
        event_key=f"dispute:{dispute.dispute_id}:{what}"[:200],
        title=f"A dispute was {what}: {books.job.service}"[:200],
        body=f"{dispute.amount_cents} cents of {books.job.customer_name}: {dispute.reason}"[:1000],
        job_id=books.job.id,
        now=now,
    )
