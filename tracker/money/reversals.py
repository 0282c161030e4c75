"""Transfers taken back, wholly by us or anyhow in the provider's dashboard: what a pro is owed again.

Read `transfers.py` first. Whose money it is changes back at once; whether it is sent again, a person decides.
"""

from __future__ import annotations

from datetime import datetime

from db.errors import Conflict, NotFound
from db.money_calls import MoneyCall
from db.outbox import add_task
from db.payouts import Payout, add_payout, payouts_of_transfer, unbind_payouts
from db.pool import Connection, Database
from db.transfers import (
    Sent,
    explain_transfer,
    is_asked,
    lock_transfer,
    note_reversal,
    number_of_transfer,
    transfer_by_number,
)
from tracker.jobs.consequences import Effect
from tracker.money.calls import Params, freeze, once
from tracker.money.ledger import Account, Entry, post
from tracker.money.payouts import transfer_key
from tracker.money.provider import PaymentProvider, ProviderRefused, Transfer, check_provider
from tracker.money.transfers import alert_of_transfer
from tracker.settings import Settings


class NotPaid(Conflict):
    """Only money that was sent can be taken back."""

    code = "not_paid"


class StillAsked(Exception):
    """The provider has reversed a transfer that we have not written down as made yet."""


async def ask_back(database: Database, number: int, *, reason: str, by: str, now: datetime) -> Sent:
    """Decide to take a transfer back, all of what is left of it; the worker does it. Twice is once.

    Raises NotFound, NotPaid.
    """

    async def work(conn: Connection) -> Sent:
        sent = await lock_transfer(conn, number)
        if sent is None:
            raise NotFound("There is no such transfer.")
        if sent.status == "reversed":
            return sent
        if sent.status != "paid" or sent.transfer_id is None:
            raise NotPaid(f"This transfer is {sent.status}.")
        await explain_transfer(conn, number, f"to be taken back by {by}: {reason}")
        # Once a second: a refused reversal may be asked for again, two presses are one.
        await add_task(conn, Effect.REVERSE_TRANSFER.value, f"{number}:{int(now.timestamp())}")
        return await transfer_by_number(conn, number) or sent

    return await database.in_transaction(work)


async def take_back(
    database: Database, settings: Settings, payments: PaymentProvider, number: int, *, now: datetime
) -> None:
    """Reverse a transfer at the provider, as it was decided, and write it into the books.

    Raises ProviderUnknown, Unavailable: again later. Raises OtherProvider.
    """
    async with database.transaction() as conn:
        sent = await lock_transfer(conn, number)
        if sent is None or sent.status != "paid":
            return
        check_provider(payments, sent.provider, f"transfer {number}")
        # One call per state that it starts from: when a part was taken back elsewhere, the rest is another.
        key = f"{transfer_key(number)}:reverse:{sent.reversed_cents}"
        left = sent.amount_cents - sent.reversed_cents
        params = {"transfer_id": sent.transfer_id, "amount_cents": left, "before_cents": sent.reversed_cents}
        await freeze(conn, key, "reverse", params)

    async def ask(key: str, params: Params) -> Transfer:
        return await payments.reverse(key, params["transfer_id"], params["amount_cents"])

    async def look(call: MoneyCall) -> Transfer | None:
        found = await payments.transfer_by_id(call.params["transfer_id"])
        return found if found.reversed_cents > call.params["before_cents"] else None

    try:
        found = await once(database, key, ask=ask, look=look, now=now, again=True)
    except ProviderRefused as refused:
        async with database.transaction() as conn:
            problem = f"could not be taken back: {refused}"
            await explain_transfer(conn, number, problem)
            await alert_of_transfer(conn, settings, sent, f"not taken back at {now:%H:%M:%S}", problem, now)
        return
    await settle_reversal(database, settings, number, found, now=now)


async def follow_transfer(
    database: Database, settings: Settings, payments: PaymentProvider, transfer_id: str, *, now: datetime
) -> None:
    """Something happened to a transfer: write down what it is now. One that is not ours is left alone.

    Raises StillAsked when it was taken back before we have written down that it was made.
    """
    found = await payments.transfer_by_id(transfer_id)
    if not found.reversed_cents:
        return
    async with database.connection() as conn:
        number = await number_of_transfer(conn, transfer_id)
        if number is None and await is_asked(conn, found.metadata.get("transfer_no", "")):
            raise StillAsked
    if number is not None:
        await settle_reversal(database, settings, number, found, now=now)


async def settle_reversal(
    database: Database, settings: Settings, number: int, found: Transfer, *, now: datetime
) -> None:
    """Write into the books how much of a transfer was taken back, whoever did it. Again changes nothing.

    Taken back whole, its lines need a person's approval anew (corrections do not). Taken back in parts, each
    part is a new line of its own, because no line can be half paid.
    """

    async def work(conn: Connection) -> None:
        sent = await lock_transfer(conn, number)
        if sent is None or sent.status not in ("paid", "reversed"):
            return
        back = found.reversed_cents - sent.reversed_cents
        if back <= 0:
            return
        key = f"{transfer_key(number)}:reversed:{found.reversed_cents}"
        await post(
            conn,
            key=key,
            kind="payout_reversed",
            entries=[
                Entry(Account.PROVIDER_BALANCE, back),
                Entry(Account.PRO_PAYABLE, -back, sent.pro_id),
            ],
            job_id=None,
            memo=f"transfer {number}",
        )
        problem = sent.problem or f"transfer {number} was taken back at {sent.provider}"
        lines = await payouts_of_transfer(conn, number)
        whole = back == sent.amount_cents
        if whole:
            await unbind_payouts(conn, number, problem, ask_again=True)
        else:
            await _owe_again(conn, lines, key, back)
        gone = found.reversed_cents >= sent.amount_cents
        await note_reversal(
            conn,
            number,
            reversed_cents=found.reversed_cents,
            status="reversed" if gone else "paid",
            at=now,
        )
        await alert_of_transfer(
            conn, settings, sent, f"taken back ({found.reversed_cents} cents)", problem, now
        )

    await database.in_transaction(work)


async def _owe_again(conn: Connection, lines: list[Payout], key: str, back: int) -> None:
    """A part came back: the pro is owed it again, in the name of the transfer's largest line."""
    largest = max(lines, key=lambda line: line.amount_cents)
    await add_payout(
        conn,
        pro_id=largest.pro_id,
        job_id=largest.job_id,
        ledger_key=key,
        kind="correction",
        amount_cents=back,
    )
