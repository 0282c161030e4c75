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
from tracker.messages.notify import alert_dispatch
from tracker.money.books import Books, open_books, take_back, tell_job
from tracker.money.ledger import Account, Entry, post
from tracker.money.provider import Dispute
from tracker.settings import Settings


async def settle_dispute(
    conn: Connection, settings: Settings, payment_id: int, dispute: Dispute, *, now: datetime
) -> None:
    """Write what a dispute is now, in the caller's transaction; any number of times, in any order.

    A dispute that was closed stays closed. Raises LookupError for a payment that is not there.
    """
    books = await open_books(conn, payment_id)
    known = await dispute_by_id(conn, dispute.id)
    if dispute.status == "inquiry":
        return  # nothing was taken
    if known is None:
        known = await _open(conn, settings, books, dispute, now)
    if known.status == "open" and dispute.status != "open":
        await _close(conn, settings, books, known, dispute.status, now)


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
        lost_before = await lost_cents(conn, books.payment.id)
        before = replace(books.payment, dispute="lost", disputed_cents=lost_before)
        after = replace(before, disputed_cents=lost_before + known.amount_cents)
        await take_back(
            conn,
            books.about(before),
            after,
            key=f"dispute:{known.dispute_id}:lost",
            kind="dispute_lost",
            source=Account.DISPUTED,
        )
    await close_dispute(conn, known.dispute_id, status=status, at=now)
    await sum_up_disputes(conn, books.payment.id)
    if not await has_open_dispute(conn, books.job.id):
        await unhold_payouts(conn, books.job.id)
    await _tell(conn, settings, books, known, status, now)


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
    conn: Connection, settings: Settings, books: Books, dispute: KnownDispute, what: str, now: datetime
) -> None:
    facts = {
        "dispute": dispute.dispute_id,
        "amount_cents": dispute.amount_cents,
        "reason": dispute.reason[:200],
    }
    await tell_job(conn, books, f"dispute_{what}", facts, now)
    await alert_dispatch(
        conn,
        settings,
        event_key=f"dispute:{dispute.dispute_id}:{what}"[:200],
        title=f"A dispute was {what}: {books.job.service}"[:200],
        body=f"{dispute.amount_cents} cents of {books.job.customer_name}: {dispute.reason}"[:1000],
        job_id=books.job.id,
        now=now,
    )
