"""Transfers to pros: made once, settled once, taken back once, whatever the provider answers or does not.

Locks are taken in one order everywhere: job, payment, pro, transfer, payout lines.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

from db.money_calls import MoneyCall
from db.payouts import (
    cents_for_paid_jobs,
    jobs_paid_by,
    mark_payouts_failed,
    mark_payouts_paid,
    payouts_of_transfer,
    unbind_payouts,
)
from db.pool import Connection, Database
from db.transfers import Sent, end_transfer, lock_transfer
from tracker.jobs.transition import pay_job
from tracker.messages.kinds import AlertPage, Kind
from tracker.messages.notify import Notice, alert_dispatch, notify
from tracker.money.calls import Params, once, was_tried
from tracker.money.ledger import Account, Entry, post
from tracker.money.payouts import transfer_key
from tracker.money.provider import PaymentProvider, ProviderRefused, Transfer, check_provider
from tracker.settings import Settings


async def make_transfer(
    database: Database, settings: Settings, payments: PaymentProvider, number: int, *, now: datetime
) -> None:
    """Send what a transfer carries, write it into the books, and mark the jobs that are paid by it.

    Raises ProviderUnknown when the provider did not say what it did, Unavailable; both mean: again later.
    Raises OtherProvider.
    """
    if await _is_to_be_sent(database, settings, payments, number, now):
        try:
            made = await once(
                database, transfer_key(number), ask=_asking(payments), look=_looking(payments), now=now
            )
        except ProviderRefused as refused:
            await _settle_refused(database, settings, number, refused, now)
            return
        await _settle_paid(database, settings, number, made, now)
    async with database.connection() as conn:
        jobs = await jobs_paid_by(conn, number)
    for job_id in jobs:  # each by itself: a job's row is locked before its lines, never after

        async def pay(conn: Connection, job_id: UUID = job_id) -> None:
            await pay_job(conn, job_id, now=now)

        await database.in_transaction(pay)


async def _is_to_be_sent(
    database: Database, settings: Settings, payments: PaymentProvider, number: int, now: datetime
) -> bool:
    """Whether it is still to be made. With a line that got disputed before the first try, it is put off."""
    async with database.transaction() as conn:
        sent = await lock_transfer(conn, number)
        if sent is None or sent.status != "asked":
            return False
        check_provider(payments, sent.provider, f"transfer {number}")
        lines = await payouts_of_transfer(conn, number)
        held = [line for line in lines if line.held_for is not None]
        if not held or await was_tried(conn, transfer_key(number)):
            return True
        problem = f"put off: line {held[0].id} is held for {held[0].held_for}"
        await end_transfer(conn, number, status="failed", at=now, problem=problem)
        await unbind_payouts(conn, number, problem, ask_again=False)
        await alert_of_transfer(conn, settings, sent, "put off", problem, now)
        return False


async def _settle_paid(
    database: Database, settings: Settings, number: int, made: Transfer, now: datetime
) -> None:
    async def work(conn: Connection) -> None:
        sent = await lock_transfer(conn, number)
        if sent is None or sent.status != "asked":
            return
        await post(
            conn,
            key=transfer_key(number),
            kind="payout",
            entries=[
                Entry(Account.PRO_PAYABLE, sent.amount_cents, sent.pro_id),
                Entry(Account.PROVIDER_BALANCE, -sent.amount_cents),
            ],
            job_id=None,
            memo=f"transfer {number}",
        )
        await payouts_of_transfer(conn, number)
        await end_transfer(conn, number, status="paid", at=now, transfer_id=made.id)
        await mark_payouts_paid(conn, number, now)
        await _tell_of_paid_jobs(conn, settings, sent, now)

    await database.in_transaction(work)


async def _tell_of_paid_jobs(conn: Connection, settings: Settings, sent: Sent, now: datetime) -> None:
    """A job that becomes paid tells its pro; what comes later for it is told here."""
    cents = await cents_for_paid_jobs(conn, sent.id)
    if cents > 0:
        facts = {"service": "", "amount_cents": str(cents)}
        notice = Notice(Kind.PAYOUT_PAID, f"{transfer_key(sent.id)}:paid", (sent.pro_id,), facts)
        await notify(conn, settings, notice, now=now)


async def _settle_refused(
    database: Database, settings: Settings, number: int, refused: ProviderRefused, now: datetime
) -> None:
    async def work(conn: Connection) -> None:
        sent = await lock_transfer(conn, number)
        if sent is None or sent.status != "asked":
            return
        problem = str(refused)[:500]
        await payouts_of_transfer(conn, number)
        await end_transfer(conn, number, status="failed", at=now, problem=problem)
        await mark_payouts_failed(conn, number, problem)
        await alert_of_transfer(conn, settings, sent, "refused", problem, now)

    await database.in_transaction(work)


def _asking(payments: PaymentProvider) -> Callable[[str, Params], Awaitable[Transfer]]:
    async def ask(key: str, params: Params) -> Transfer:
        return await payments.transfer(
            key, params["account"], params["amount_cents"], params["currency"], params["metadata"]
        )

    return ask


def _looking(payments: PaymentProvider) -> Callable[[MoneyCall], Awaitable[Transfer | None]]:
    async def look(call: MoneyCall) -> Transfer | None:
        if call.object_id is not None:
            return await payments.transfer_by_id(call.object_id)
        return await payments.find_transfer(call.provider_key)

    return look


async def alert_of_transfer(
    conn: Connection, settings: Settings, sent: Sent, what: str, problem: str, now: datetime
) -> None:
    """Tell dispatch what is the matter with a transfer; the same `what` once."""
    await alert_dispatch(
        conn,
        settings,
        event_key=f"{transfer_key(sent.id)}:{what}"[:200],
        title=f"Payout to {sent.pro_id}: {what}"[:200],
        body=f"Transfer {sent.id} of {sent.amount_cents} cents: {problem}"[:1000],
        job_id=None,
        now=now,
        page=AlertPage.PAYOUTS,
    )
