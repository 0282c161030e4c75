"""`tracker verify`: is what the database remembers what happened, and does the money agree?

It reads only. Each difference is printed with its ids and cents; the exit code is 1 when there is one.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta

from db.job_events import broken_links
from db.pool import Database
from tracker.money.open_payments import open_payments
from tracker.money.reconcile import reconcile_books, reconcile_provider
from tracker.settings import Settings

STATEMENT_TIMEOUT_S = 600.0  # whole tables are read
DAYS = 35  # a hold, its capture, its payout and most disputes


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The command's options."""
    command.add_argument("--no-provider", action="store_true", help="do not ask the payment provider")
    command.add_argument(
        "--days",
        type=_days,
        default=DAYS,
        help=f"ask about payments that changed in so many days (default {DAYS}) or are under way",
    )


async def verify(settings: Settings, *, provider: bool = True, days: int = DAYS) -> int:
    """Check the chain of job events, the books, and the provider's objects; returns the exit code."""
    now = datetime.now(UTC)
    database = await Database.connect(
        settings.need_database_url(), size=8, statement_timeout_s=STATEMENT_TIMEOUT_S
    )
    try:
        differs = await _verify_chain(database)
        differs |= await _verify_books(database, now)
        if provider:
            differs |= await _verify_provider(database, settings, now - timedelta(days=days), now)
    finally:
        await database.close()
    return 1 if differs else 0


async def _verify_chain(database: Database) -> bool:
    async with database.connection() as conn:
        broken = await broken_links(conn)
    for job_id, version, wrong in broken:
        print(f"job {job_id}, event {version}: {wrong}")
    print("the chain of job events does not hold" if broken else "the chain of job events holds")
    return bool(broken)


async def _verify_books(database: Database, now: datetime) -> bool:
    differences = await reconcile_books(database, now=now)
    for difference in differences:
        print(difference)
    print("the books do not agree" if differences else "the books agree with each other")
    return bool(differences)


async def _verify_provider(database: Database, settings: Settings, since: datetime, now: datetime) -> bool:
    payments = open_payments(settings, database)
    try:
        found = await reconcile_provider(database, payments, since=since, now=now)
    finally:
        await payments.aclose()
    for line in found.differences:
        print(f"{payments.name}: {line}")
    for line in found.unasked:
        print(f"{payments.name} could not be asked: {line}")
    wrong = bool(found.differences or found.unasked)
    looked = f"{found.payments} payments and {found.transfers} transfers"
    print(f"{payments.name} {'does not say' if wrong else 'says'} the same of {looked}")
    return wrong


def _days(text: str) -> int:
    days = int(text)
    if not 1 <= days <= 3660:
        raise argparse.ArgumentTypeError("must be 1 to 3660")
    return days
