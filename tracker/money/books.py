"""A job's books, locked: what its payments earned, how that is shared, and what goes back of it.

`settle.py`, the refunds and the disputes write with these; every posting is made once per key.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from db.jobs import Job, lock_job
from db.payments import Payment, lock_payments, payment_by_id, save_payment
from db.payouts import add_payout
from db.pool import Connection
from tracker.jobs.consequences import Effect
from tracker.jobs.facts import MONEY, record_fact
from tracker.jobs.lifecycle import Status
from tracker.money.ledger import Account, Entry, post
from tracker.money.split import WHOLE_BP, Shared, Split, split_change
from tracker.money.terms import Purpose, deposit_of, due_of, earned_by, given_back, to_earn
from tracker.settings import Settings

DONE = (Status.COMPLETED, Status.PAID)  # the work is done: what was taken is earned
PAYOUT_KINDS = {Purpose.HOLD: "job", Purpose.OVERAGE: "overage", Purpose.TIP: "tip"}


@dataclass(frozen=True, slots=True)
class Books:
    """A locked job and its locked payments; `subject` is the number of the payment that is spoken of."""

    job: Job
    payments: tuple[Payment, ...]
    subject: int = 0

    @property
    def payment(self) -> Payment:
        """The payment that is spoken of."""
        return next(one for one in self.payments if one.id == self.subject)

    @property
    def is_done(self) -> bool:
        """Whether the job's work is done."""
        return self.job.status in DONE

    @property
    def due(self) -> Shared:
        """What the job costs, apart from tips that were charged by themselves."""
        return due_of(price_of(self.job), self.job.tip_cents, self.payments)

    def about(self, payment: Payment) -> Books:
        """The same, speaking of this payment, as it is or as it was changed; also a new one."""
        others = [one for one in self.payments if one.id != payment.id]
        return Books(self.job, tuple(sorted([*others, payment], key=lambda one: one.id)), payment.id)


def price_of(job: Job) -> int:
    """What a job costs, as far as it is known."""
    return job.price_cents if job.final_price_cents is None else job.final_price_cents


async def open_books_of_job(conn: Connection, job_id: UUID) -> Books:
    """Lock a job, then all its payments. Raises LookupError for an id that is none."""
    job = await lock_job(conn, job_id)
    if job is None:
        raise LookupError(f"there is no job {job_id}")
    return Books(job, tuple(await lock_payments(conn, job_id)))


async def open_books(conn: Connection, payment_id: int) -> Books:
    """The same for a payment's job, speaking of that payment. Raises LookupError."""
    known = await payment_by_id(conn, payment_id)
    if known is None:
        raise LookupError(f"there is no payment {payment_id}")
    books = await open_books_of_job(conn, known.job_id)
    return replace(books, subject=payment_id)


async def earn_deposit(conn: Connection, settings: Settings, books: Books) -> Books:
    """The job is completed: what was taken before is shared out, as far as it is due. The rest stays."""
    if not books.is_done or books.payment.status != "captured" or books.payment.earned_cents:
        return books
    before = books
    books, share = earn(books, settings)
    if books.payment.earned_cents == before.payment.earned_cents:
        return books
    await save_payment(conn, books.payment)
    key = f"payment:{books.payment.id}:earned"
    await post_share(conn, books, share, key=key, source=Account.DEPOSITS, kind="capture")
    return books


def earn(books: Books, settings: Settings) -> tuple[Books, Split]:
    """The subject's share of what is due, and how pro and platform share it."""
    earned = to_earn(books.payment, books.due, books.payments)
    commission_bp = _commission_bp(books, settings)
    before = earned_by(one for one in books.payments if one.id != books.payment.id)
    payment = replace(
        books.payment,
        earned_cents=earned.total_cents,
        tip_cents=earned.tip_cents,
        commission_bp=commission_bp,
    )
    return books.about(payment), _share(books.job, before, before + earned, commission_bp)


def _commission_bp(books: Books, settings: Settings) -> int:
    """One commission per job, whatever the setting says later."""
    frozen = (one.commission_bp for one in books.payments if one.commission_bp is not None)
    return next(frozen, settings.commission_bp)


def _share(job: Job, before: Shared, after: Shared, commission_bp: int) -> Split:
    """What changes for pro and platform. Without a pro, all is the platform's."""
    share = split_change(before, after, commission_bp)
    return share if job.pro_id else Split(0, share.pro_cents + share.platform_cents)


async def post_share(
    conn: Connection, books: Books, share: Split, *, key: str, source: Account, kind: str
) -> None:
    """Post what a payment earned, what of it stays a deposit, and what the pro is owed for it."""
    payment, job = books.payment, books.job
    from_provider = source is Account.PROVIDER_BALANCE
    amount_cents = payment.captured_cents if from_provider else payment.earned_cents
    entries = [
        Entry(source, amount_cents),
        Entry(Account.PRO_PAYABLE, -share.pro_cents, job.pro_id),
        Entry(Account.PLATFORM_REVENUE, -share.platform_cents),
        Entry(Account.DEPOSITS, payment.earned_cents - amount_cents),
    ]
    if await post(conn, key=key, kind=kind, entries=entries, job_id=job.id) and job.pro_id:
        await add_payout(
            conn,
            pro_id=job.pro_id,
            job_id=job.id,
            ledger_key=key,
            kind=PAYOUT_KINDS[Purpose(payment.purpose)],
            amount_cents=share.pro_cents,
        )


async def take_back(
    conn: Connection, before: Books, after: Payment, *, key: str, kind: str, source: Account
) -> None:
    """Save `after`, and post what it takes from the deposit, the pro and the platform.

    A refund or a lost dispute: `after` is the subject with more given back (less, when a refund failed
    after all); `source` is where
    the money leaves: the provider's balance, or what a dispute holds. A pro who was owed more has a
    correction, which later payouts make good for.
    """
    books = before.about(after)
    amount_cents = given_back(after) - given_back(before.payment)
    deposit_cents = deposit_of(before.payment) - deposit_of(after)
    earned_before, earned_after = earned_by(before.payments), earned_by(books.payments)
    commission_bp = after.commission_bp if after.commission_bp is not None else WHOLE_BP
    share = _share(books.job, earned_before, earned_after, commission_bp)
    lost_cents = amount_cents - deposit_cents - (earned_before.total_cents - earned_after.total_cents)
    await save_payment(conn, after)
    entries = [
        Entry(source, -amount_cents),
        Entry(Account.DEPOSITS, deposit_cents),
        Entry(Account.PRO_PAYABLE, -share.pro_cents, books.job.pro_id),
        Entry(Account.PLATFORM_REVENUE, -share.platform_cents),
        Entry(Account.LOSSES, lost_cents),
    ]
    if await post(conn, key=key, kind=kind, entries=entries, job_id=books.job.id) and books.job.pro_id:
        await add_payout(
            conn,
            pro_id=books.job.pro_id,
            job_id=books.job.id,
            ledger_key=key,
            kind="correction",
            amount_cents=share.pro_cents,
        )


async def tell_job(
    conn: Connection,
    books: Books,
    kind: str,
    facts: dict[str, Any],
    now: datetime,
    effects: tuple[Effect, ...] = (),
) -> None:
    """One job event about the subject."""
    data = {
        "payment": books.payment.id,
        "purpose": books.payment.purpose,
        "provider": books.payment.provider,
        **facts,
    }
    await record_fact(conn, books.job.id, kind=kind, data=data, actor=MONEY, now=now, effects=effects)
