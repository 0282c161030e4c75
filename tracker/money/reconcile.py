"""Our books against each other and against the provider's objects. Reads only; a difference is one sentence.

The books are read as they are at one moment. What the provider says comes one object at a time while the
company goes on working, so a difference counts only when it is still there at a second look.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from db import reconcile as books
from db.disputes import disputes_of_payment
from db.payments import payment_by_id
from db.pool import Database
from db.refunds import refunds_of_job
from db.transfers import transfer_by_number
from tracker.money.compare import compare_disputes, compare_payment, compare_refunds, compare_transfer
from tracker.money.provider import IntentStatus, PaymentProvider, ProviderRefused, ProviderUnknown
from tracker.money.strangers import find_strangers

AT_ONCE = 8  # calls to the provider; Stripe allows 25 reads a second in test mode, 100 in live mode
PAGE = 200
SECOND_LOOK_S = 2.0  # what was under way at the first look is written down by then
SETTLED_BY_THEN = timedelta(hours=1)  # calls and payouts that are retried are done by then

CHECKS = {
    "the ledger does not sum to zero": books.unbalanced,
    "captured, and posted": books.captures,
    "earned, and posted to pro and platform": books.shares,
    "taken before it was earned, and posted": books.deposits,
    "refunded, and posted": books.refunds,
    "disputed, and posted": books.disputes,
    "payout line, and its posting": books.payout_lines,
    "unpaid lines, and what the ledger owes": books.owed,
    "transferred, and posted": books.transfers,
    "captured, and what the job's record says": books.job_events,
}


@dataclass
class Findings:
    """What a reconciliation found. `unasked`: what the provider could not be asked about just now."""

    differences: list[str] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)
    payments: int = 0
    transfers: int = 0


async def reconcile_books(database: Database, *, now: datetime) -> list[str]:
    """What does not agree within our own books. Raises Unavailable."""
    found: list[str] = []
    async with books.one_moment(database) as conn:
        for what, check in CHECKS.items():
            found += [
                f"{what}: {one.subject}: {one.stands_cents} cents stand, {one.should_cents} should"
                for one in await check(conn)
            ]
        found += await books.odd_jobs(conn, before=now - SETTLED_BY_THEN)
        found += await books.calls_in_the_dark(conn, before=now - SETTLED_BY_THEN)
    return found


async def reconcile_provider(
    database: Database, provider: PaymentProvider, *, since: datetime, now: datetime
) -> Findings:
    """What the provider says otherwise of payments and transfers that changed `since`, or are under way.

    And what was made there `since`, until an hour ago, that our books have never heard of.

    Raises Unavailable.
    """
    findings = Findings()

    async def payment(number: int) -> list[str]:
        return await _payment(database, provider, number)

    async def transfer(number: int) -> list[str]:
        return await _transfer(database, provider, number)

    async for numbers in _pages(database, provider.name, since, books.payments_to_compare):
        findings.payments += len(numbers)
        await _look(findings, payment, numbers)
    async for numbers in _pages(database, provider.name, since, books.transfers_to_compare):
        findings.transfers += len(numbers)
        await _look(findings, transfer, numbers)
    try:
        findings.differences += await find_strangers(
            database, provider, since=since, until=now - SETTLED_BY_THEN
        )
    except (ProviderRefused, ProviderUnknown) as unsaid:
        findings.unasked.append(str(unsaid))
    return findings


async def _pages(
    database: Database, provider: str, since: datetime, select: Callable[..., Awaitable[list[int]]]
) -> AsyncIterator[list[int]]:
    after = 0
    while True:
        async with database.connection() as conn:
            numbers = await select(conn, provider, since=since, after=after, limit=PAGE)
        if not numbers:
            return
        yield numbers
        after = numbers[-1]


async def _look(
    findings: Findings, compare: Callable[[int], Awaitable[list[str]]], numbers: list[int]
) -> None:
    """Compare, and compare those that differ once more after a pause; what remains is found."""
    first = await _compare_all(compare, numbers)
    doubtful = [number for number, said in zip(numbers, first, strict=True) if said]
    if doubtful:
        await asyncio.sleep(SECOND_LOOK_S)
        for said in await _compare_all(compare, doubtful):
            if isinstance(said, str):
                findings.unasked.append(said)
            else:
                findings.differences += said


async def _compare_all(
    compare: Callable[[int], Awaitable[list[str]]], numbers: list[int]
) -> list[list[str] | str]:
    """For each number its differences, or why it could not be compared."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> list[str] | str:
        async with turns:
            try:
                return await compare(number)
            except ProviderUnknown as unknown:
                return str(unknown)

    return await asyncio.gather(*(one(number) for number in numbers))


async def _payment(database: Database, provider: PaymentProvider, number: int) -> list[str]:
    async with database.connection() as conn:
        payment = await payment_by_id(conn, number)
        assert payment is not None  # payments are never deleted
        refunds = [one for one in await refunds_of_job(conn, payment.job_id) if one.payment_id == number]
        disputes = await disputes_of_payment(conn, number)
    if payment.intent_id is None:
        return []
    name = f"payment {number} ({payment.intent_id})"
    try:
        intent = await provider.intent(payment.intent_id)
        said = list(compare_payment(payment, intent))
        if intent.status is IntentStatus.TAKEN and (refunds or intent.refunded_cents):
            said += compare_refunds(refunds, await provider.refunds(intent.id))
        if intent.disputed or disputes:
            said += compare_disputes(disputes, await provider.disputes(intent.id))
    except ProviderRefused as refused:
        said = [f"is not to be found there: {refused}"]
    return [f"{name} {one}" for one in said]


async def _transfer(database: Database, provider: PaymentProvider, number: int) -> list[str]:
    async with database.connection() as conn:
        sent = await transfer_by_number(conn, number)
    if sent is None or sent.transfer_id is None:
        return []
    try:
        said = list(compare_transfer(sent, await provider.transfer_by_id(sent.transfer_id)))
    except ProviderRefused as refused:
        said = [f"is not to be found there: {refused}"]
    return [f"transfer {number} ({sent.transfer_id}) {one}" for one in said]
