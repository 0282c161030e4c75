"""What each job had to cost, earn and pay, and what Stripe and our books have of it; steps and scores too."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import Counter, defaultdict
from typing import Any

from bench.chaos.consequences_crowd import Crowd, Life
from bench.chaos.consequences_stage import Company
from bench.chaos.consequences_tally import Tallies, Tally
from tests.running import ROOT

PRO_PERCENT = 60  # of a price; all prices and refunds here are whole multiples of five dollars
VERIFY_PATIENCE_S = 120
DONE = ("completed", "paid")


async def count_jobs(company: Company, crowd: Crowd) -> Tallies:
    """Steps, money at Stripe, money in our books, home scores: by job, by the cent."""
    tallies: Tallies = defaultdict(Tally)
    intents = _by_job(company.outside.stripe.show("intents"))
    refunded = _refunded(company)
    books = {row["job_id"]: row for row in await company.fetch(BOOKS)}
    steps: dict[str, list[str]] = defaultdict(list)
    for row in await company.fetch(STEPS):
        steps[row["job_id"]].append(row["to_status"])
    for life in crowd.lives:
        taken = [status for status in steps[life.job_id] if status != "paid"]
        done, row = taken[-1] in DONE, books[life.job_id]
        for status in {*life.steps, *taken}:
            wanted, there = life.steps.count(status), taken.count(status)
            tallies["steps that were answered"].add((life.job_id, status), wanted, there)
        _count_intents(tallies, life, intents[life.job_id], taken[-1])
        tallies["refunds (cents)"].add(life.job_id, life.refunds_cents, refunded[life.job_id])
        tallies["payout lines of a job"].add(life.job_id, int(done), row["job_lines"])
        share = (life.price_cents - life.refunds_cents) * PRO_PERCENT // 100 + life.tips_cents
        tallies["earnings of a pro (cents)"].add(life.job_id, share if done else 0, row["earned_cents"])
        tallies["changes of a home's score"].add(life.job_id, int(done), row["scored"])
    return dict(tallies)


def _count_intents(tallies: Tallies, life: Life, intents: list[Any], status: str) -> None:
    holds = [one for one in intents if one["metadata"]["purpose"] == "hold"]
    received = sum(one["amount_received"] for one in intents)
    if status in DONE:
        captured = sum(one["status"] == "succeeded" for one in holds)
        tallies["captures of a hold"].add(life.job_id, 1, captured)
        tallies["price and tips (cents)"].add(life.job_id, life.price_cents + life.tips_cents, received)
    else:
        tallies["price and tips (cents)"].add(life.job_id, 0, received)
    if status == "cancelled":
        let_go = sum(one["status"] == "canceled" for one in holds)
        tallies["holds let go"].add(life.job_id, len(holds), let_go)
    came_first = status == "cancelled" and "accepted" not in life.steps  # before its hold, perhaps
    tallies["holds of a job"].add(life.job_id, min(1, len(holds)) if came_first else 1, len(holds))


BOOKS = """
SELECT j.id::text AS job_id,
       (SELECT count(*) FROM payouts p WHERE p.job_id = j.id AND p.kind = 'job') AS job_lines,
       (SELECT coalesce(sum(amount_cents), 0)::bigint FROM payouts p WHERE p.job_id = j.id) AS earned_cents,
       (SELECT count(*) FROM job_events e WHERE e.job_id = j.id AND e.kind = 'home_scored') AS scored
FROM jobs j
"""
STEPS = """
SELECT job_id::text AS job_id, to_status FROM job_events WHERE to_status IS NOT NULL ORDER BY job_id, version
"""


def _by_job(intents: list[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for one in intents:
        found[one["metadata"]["job_id"]].append(one)
    return found


def _refunded(company: Company) -> Counter[str]:
    """Cents that Stripe gave back, by job."""
    job_of = {one["id"]: one["metadata"]["job_id"] for one in company.outside.stripe.show("intents")}
    cents: Counter[str] = Counter()
    for refund in company.outside.stripe.show("refunds"):
        cents[job_of[refund["payment_intent"]]] += refund["amount"]
    return cents


async def count_payouts(company: Company) -> Tallies:
    """Each transfer of ours once at Stripe, each approved line in one of them, by the cent."""
    tallies: Tallies = defaultdict(Tally)
    at_stripe: dict[str, list[int]] = defaultdict(list)
    for one in company.outside.stripe.show("transfers"):
        at_stripe[one["metadata"]["transfer_no"]].append(one["amount"])
    for row in await company.fetch(TRANSFERS):
        sent = at_stripe.pop(str(row["id"]), [])
        tallies["transfers to pros"].add(row["id"], 1, len(sent))
        tallies["transfers (cents)"].add(row["id"], row["lines_cents"], sum(sent))
    for number, sent in at_stripe.items():
        tallies["transfers to pros"].add(number, 0, len(sent))
    for row in await company.fetch(UNPAID):
        tallies["approved lines in a transfer"].add(row["pro_id"], row["approved"], row["bound"])
    return dict(tallies)


TRANSFERS = """
SELECT t.id, (SELECT sum(p.amount_cents)::bigint FROM payouts p WHERE p.transfer_no = t.id) AS lines_cents
FROM transfers t
"""
# What a run leaves behind must be owed by the pro: corrections that eat up what is due.
UNPAID = """
SELECT pro_id, count(*) AS approved,
       CASE WHEN sum(amount_cents) FILTER (WHERE status <> 'paid') > 0
            THEN count(*) FILTER (WHERE status = 'paid') ELSE count(*) END AS bound
FROM payouts WHERE status <> 'pending' GROUP BY pro_id
"""


async def ledger_sum_cents(company: Company) -> int:
    """All lines of the ledger together."""
    (row,) = await company.fetch("SELECT coalesce(sum(amount_cents), 0)::bigint AS cents FROM ledger_entries")
    return int(row["cents"])


async def verify(company: Company) -> list[str]:
    """What `tracker verify` finds wrong: the chain of events, the books, and the provider's objects."""

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tracker.cli", "verify"],
            cwd=ROOT,
            env=company.webs[0].env,
            capture_output=True,
            text=True,
            check=False,
            timeout=VERIFY_PATIENCE_S,
        )

    done = await asyncio.get_running_loop().run_in_executor(None, run)
    return [] if done.returncode == 0 else [*done.stdout.splitlines(), *done.stderr.splitlines()]
