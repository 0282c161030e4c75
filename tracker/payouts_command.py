"""`tracker payouts list | approve | run`: what pros are owed, from the command line.

It writes what the portal's buttons write; a running worker sends the money.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from db.payouts import list_payouts
from db.pool import Database
from tracker.money.open_payments import open_payments
from tracker.money.payouts import Run, approve, run_payouts
from tracker.settings import Settings

WHO = "command line"  # stands as `approved_by`
LISTED = 200


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The command's sub-commands."""
    what = command.add_subparsers(required=True, metavar="what", dest="what")
    listing = what.add_parser("list", help=f"the newest {LISTED} lines")
    listing.add_argument("--status", choices=["pending", "approved", "paid", "failed"])
    listing.add_argument("--pro", help="one pro's only")
    approving = what.add_parser("approve", help="let lines be paid")
    approving.add_argument("ids", type=_number, nargs="+", help="the lines' ids")
    running = what.add_parser("run", help="send every pro what is approved")
    running.add_argument("--key", help="the run's key; the same key again pays nobody twice (default: now)")


async def payouts(settings: Settings, args: argparse.Namespace) -> int:
    """Run one of them; returns the exit code."""
    database = await Database.connect(settings.need_database_url(), size=2)
    try:
        if args.what == "list":
            return await _list(database, args.status, args.pro)
        if args.what == "approve":
            return await _approve(database, args.ids)
        return await _run(database, settings, args.key)
    finally:
        await database.close()


async def _list(database: Database, status: str | None, pro_id: str | None) -> int:
    async with database.connection() as conn:
        lines = await list_payouts(conn, status=status, pro_id=pro_id, limit=LISTED)
    for line in lines:
        why = line.held_for or line.problem or ""
        print(
            f"{line.id:>8}  {line.status:<8}  {line.amount_cents:>10}  {line.kind:<10}  {line.pro_id}"
            f"  {line.job_id}  {why}".rstrip()
        )
    total = sum(line.amount_cents for line in lines)
    print(f"{len(lines)} lines, {total} cents")
    return 0


async def _approve(database: Database, numbers: list[int]) -> int:
    outcomes = await approve(database, numbers, by=WHO, now=datetime.now(UTC))
    for number, outcome in outcomes.items():
        print(f"{number}: {outcome.value}")
    return 0


async def _run(database: Database, settings: Settings, key: str | None) -> int:
    now = datetime.now(UTC)
    payments = open_payments(settings, database)
    await payments.aclose()  # only its name is wanted: a worker makes the calls
    run = Run(
        provider=payments.name,
        run_key=f"by-hand:{key or now.isoformat(timespec='seconds')}",
        currency=settings.currency,
    )
    done = await run_payouts(database, settings, run, now=now)
    for paid in done:
        print(f"{paid.pro_id}: {paid.outcome.value}, {paid.amount_cents} cents")
    print(f"run {run.run_key}: {len(done)} pros")
    return 0


def _number(text: str) -> int:
    number = int(text)
    if not 0 < number < 2**63:
        raise argparse.ArgumentTypeError("must be a line's id")
    return number
