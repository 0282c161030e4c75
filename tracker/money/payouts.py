"""Payout runs: which lines go to whom now, bound to one transfer per pro, each line at most once.

    pending ──a person──> approved ──a run──> in a transfer ──sent──> paid
       ^                     ^                     └──refused──> failed ──a person──> in the next transfer
       └──────── taken back ─┘ (corrections)

A run only writes rows: a transfer per pro, its lines bound to it, the frozen call and the effect that makes
the call (`transfers.py`). A run with the same key, twice, at once, or killed midway, pays each pro once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from db.errors import Conflict, NotFound
from db.outbox import add_task
from db.payouts import (
    Payout,
    approve_payouts,
    bind_payouts,
    explain_payouts,
    lock_payable,
    lock_payouts,
    payout_by_id,
    payouts_of_transfer,
    pros_to_pay,
    unbind_payouts,
)
from db.pool import Connection, Database
from db.transfers import Sent, add_transfer, lock_payee, lock_transfer, transfer_by_number
from tracker.jobs.consequences import Effect
from tracker.messages.kinds import AlertPage
from tracker.messages.notify import alert_dispatch
from tracker.money.calls import freeze
from tracker.money.payer import SANDBOX
from tracker.settings import Settings

NO_ACCOUNT = "the pro has no payout account yet"


class NotFailed(Conflict):
    """Only a line whose transfer was refused is tried again."""

    code = "not_failed"


class CannotPay(Conflict):
    """There is nothing to send to this pro now."""

    code = "cannot_pay"


class Approval(StrEnum):
    """What became of one line that was to be approved."""

    APPROVED = "approved"  # now
    WAS_APPROVED = "was_approved"  # before; the same press again
    FAILED = "failed"  # its transfer was refused: retry it
    PAID = "paid"  # long since
    UNKNOWN = "unknown"  # there is no such line


class Outcome(StrEnum):
    """What a run did for one pro."""

    TRANSFER = "transfer"  # money is on its way
    CARRIED_OVER = "carried_over"  # corrections eat up what is due; both wait for the next run
    NO_ACCOUNT = "no_account"  # nowhere to send it
    CHANGED = "changed"  # it is not the sum that was agreed to; nothing was sent


@dataclass(frozen=True, slots=True)
class Paid:
    """One pro of a run. `amount_cents` is the sum of the lines, also when nothing was sent."""

    pro_id: str
    outcome: Outcome
    amount_cents: int
    transfer_no: int | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """How transfers are made: by which provider, under which key, in which currency.

    `agreed`: the pros that are to be paid, and the cents that a person has seen and agreed to. None:
    everybody, whatever is due.
    """

    provider: str
    run_key: str
    currency: str
    agreed: Mapping[str, int] | None = None


def transfer_key(number: int) -> str:
    """The money call of a transfer, and the ledger's key of it."""
    return f"transfer:{number}"


async def approve(database: Database, numbers: list[int], *, by: str, now: datetime) -> dict[int, Approval]:
    """Let lines be paid by the next run, each by itself; asking twice is answered, not refused."""
    wanted = list(dict.fromkeys(numbers))

    async def work(conn: Connection) -> dict[int, Approval]:
        before = {line.id: line.status for line in await lock_payouts(conn, wanted)}
        approved = await approve_payouts(conn, wanted, by=by, at=now)
        return {
            number: Approval.APPROVED if number in approved else _not_approved(before.get(number))
            for number in wanted
        }

    return await database.in_transaction(work)


def _not_approved(status: str | None) -> Approval:
    if status is None:
        return Approval.UNKNOWN
    return Approval.WAS_APPROVED if status == "approved" else Approval(status)


async def run_payouts(database: Database, settings: Settings, run: Run, *, now: datetime) -> list[Paid]:
    """Make a transfer for every pro who is owed something; one transaction per pro.

    A pro who got a transfer under this run key before is left alone, whatever was approved since. Pros
    without an account are told to dispatch once per run.
    """
    async with database.connection() as conn:
        pros = [pro for pro in await pros_to_pay(conn) if run.agreed is None or pro in run.agreed]
    done = [paid for pro_id in pros if (paid := await _pay_pro(database, run, pro_id))]
    homeless = [paid for paid in done if paid.outcome is Outcome.NO_ACCOUNT]
    if homeless:
        async with database.transaction() as conn:
            await alert_dispatch(
                conn,
                settings,
                event_key=f"payouts:{run.run_key}:no_account",
                title="Pros without a payout account",
                body="Approved, but nowhere to send it: " + ", ".join(paid.pro_id for paid in homeless)[:900],
                job_id=None,
                now=now,
                page=AlertPage.PAYOUTS,
            )
    return done


async def _pay_pro(database: Database, run: Run, pro_id: str) -> Paid | None:
    async def work(conn: Connection) -> Paid | None:
        account = await lock_payee(conn, pro_id)
        lines = await lock_payable(conn, pro_id)
        total = sum(line.amount_cents for line in lines)
        if not lines:
            return None
        if run.agreed is not None and run.agreed.get(pro_id) != total:
            return Paid(pro_id, Outcome.CHANGED, total)
        account = account or _sandbox_account(run.provider, pro_id)
        outcome = outcome_of(total, has_account=account is not None)
        if outcome is Outcome.NO_ACCOUNT:
            await explain_payouts(conn, [line.id for line in lines], NO_ACCOUNT)
        if outcome is not Outcome.TRANSFER or account is None:
            return Paid(pro_id, outcome, total)
        number = await send(conn, run, pro_id, account, lines)
        return None if number is None else Paid(pro_id, Outcome.TRANSFER, total, number)

    return await database.in_transaction(work)


def outcome_of(total_cents: int, *, has_account: bool) -> Outcome:
    """What a run does for a pro with this much due."""
    if total_cents <= 0:
        return Outcome.CARRIED_OVER
    return Outcome.TRANSFER if has_account else Outcome.NO_ACCOUNT


def _sandbox_account(provider: str, pro_id: str) -> str | None:
    """In the sandbox everybody has an account."""
    return f"acct_sandbox_{pro_id}" if provider == SANDBOX else None


async def send(conn: Connection, run: Run, pro_id: str, account: str, lines: list[Payout]) -> int | None:
    """Bind locked lines to a new transfer and queue it; its number, or None when this run has one already."""
    total = sum(line.amount_cents for line in lines)
    number = await add_transfer(
        conn,
        pro_id=pro_id,
        provider=run.provider,
        amount_cents=total,
        currency=run.currency,
        run_key=run.run_key,
    )
    if number is None:
        return None
    await bind_payouts(conn, [line.id for line in lines], number)
    await freeze(conn, transfer_key(number), "transfer", _params(account, total, run.currency, number))
    await add_task(conn, Effect.SEND_TRANSFER.value, str(number))
    return number


def _params(account: str, amount_cents: int, currency: str, number: int) -> dict[str, Any]:
    return {
        "account": account,
        "amount_cents": amount_cents,
        "currency": currency,
        "metadata": {"transfer_no": str(number)},
    }


async def retry_failed(database: Database, line_no: int, *, provider: str) -> Sent:
    """Send the lines of a refused transfer again, as a new transfer; the same press again changes nothing.

    Lines that a dispute holds by now stay behind. Raises NotFound, NotFailed, CannotPay.
    """

    async def work(conn: Connection) -> Sent:
        line = await payout_by_id(conn, line_no)
        if line is None:
            raise NotFound("There is no such payout.")
        account = await lock_payee(conn, line.pro_id)
        line = await payout_by_id(conn, line_no)  # as it is now that nobody else pays this pro
        old = (
            None if line is None or line.transfer_no is None else await lock_transfer(conn, line.transfer_no)
        )
        if line is None or old is None:
            raise NotFailed
        if old.status != "failed":
            if old.run_key.startswith("retry:"):
                return old  # the press before this one made it
            raise NotFailed(status=line.status)
        account = account or _sandbox_account(provider, line.pro_id)
        if account is None:
            raise CannotPay(f"Not possible: {NO_ACCOUNT}.")
        lines = await payouts_of_transfer(conn, old.id)
        return await _send_again(conn, old, _not_waiting(lines), account, provider)

    return await database.in_transaction(work)


def _not_waiting(lines: list[Payout]) -> list[Payout]:
    """Lines that no dispute holds, and corrections of no job that a dispute holds."""
    held = {one.job_id for one in lines if one.held_for is not None}
    return [one for one in lines if one.held_for is None and (one.amount_cents > 0 or one.job_id not in held)]


async def _send_again(conn: Connection, old: Sent, lines: list[Payout], account: str, provider: str) -> Sent:
    if sum(line.amount_cents for line in lines) <= 0:
        raise CannotPay("Nothing is left to send: a dispute holds it, or corrections eat it up.")
    run = Run(provider=provider, run_key=f"retry:{old.id}", currency=old.currency)
    number = await send(conn, run, old.pro_id, account, lines)
    await unbind_payouts(
        conn, old.id, None, ask_again=False
    )  # what is held waits for the dispute, not for this
    made = await transfer_by_number(conn, number) if number else None
    if made is None:
        raise NotFailed
    return made
