"""Claims: our one statement, with and without the gate, against SELECT FOR UPDATE and SELECT-then-UPDATE.

Every way writes the same: the job, its event and the outbox row.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID

from bench.harness import Report, Sample, Turns, Way, percentile, take_turns
from bench.servers import prepared, private_server, server_version
from db.errors import Unavailable
from db.job_events import append_event
from db.outbox import add_effects
from db.pool import Connection, Database
from rooms.principal import Principal, Role
from tracker.jobs.claim import ClaimGate, JobTaken, decide_claim
from tracker.jobs.consequences import EFFECTS
from tracker.jobs.lifecycle import Status

CROWD = 1000  # claimers of one job
BATCH = 1500  # jobs claimed once each in a sample
AT_ONCE = 16  # claimers at work at once on different jobs; also the connections
EVENT_EFFECTS = [effect.value for effect in EFFECTS[Status.ACCEPTED]]

GATED, UNGATED = "one statement behind the gate", "one statement"
LOCKED, NAIVE = "`SELECT … FOR UPDATE`, then `UPDATE`", "`SELECT`, then `UPDATE`"

Claim = Callable[[str, UUID], Awaitable[bool]]


def options(parser: argparse.ArgumentParser) -> None:
    """Nothing to set."""


async def run(arguments: argparse.Namespace) -> Report:  # noqa: ARG001
    """Many jobs once each, then one job by a thousand claimers."""
    report = Report("claim", "Claim: one statement and a gate")
    with private_server() as server:
        database = await Database.connect(await prepared(server.url), size=AT_ONCE)
        try:
            await _seed_people(database)
            report.say(
                f"{await server_version(server.url)}, {AT_ONCE} connections, clients on the same machine."
            )
            claims = _claims(database)
            report.say(f"\n## {BATCH} jobs, {AT_ONCE} claimers at work")
            rates = await take_turns({name: _many(database, c) for name, c in claims.items()}, 7)
            report.table(rates, {"rate": "claims/s"})
            report.target("claims/s, gate ÷ FOR UPDATE", rates.ratios("rate", GATED, LOCKED), least=1.6)
            report.say(f"\n## {CROWD} claimers of one job")
            crowds = await take_turns({name: _one(database, c) for name, c in claims.items()}, 9)
            _report_crowds(report, crowds)
        finally:
            await database.close()
    return report


def _report_crowds(report: Report, crowds: Turns) -> None:
    figures = {"winners": "winners", "p50": "losers' p50 ms", "p99": "losers' p99 ms"}
    figures["turned_away"] = "turned away after 1 s"
    report.table(crowds, figures)
    report.target("losers' p99, without ÷ with the gate", crowds.ratios("p99", UNGATED, GATED), least=15)
    for name in (GATED, UNGATED):
        report.target(f"most winners of one job, {name}", [max(crowds.values(name, "winners"))], most=1)


def _claims(database: Database) -> dict[str, Claim]:
    """Every way to claim; True for the winner."""
    gate = ClaimGate()

    async def gated(pro_id: str, job_id: UUID) -> bool:
        try:
            claimed = await gate.claim(database, Principal(pro_id, Role.PRO), job_id, datetime.now(UTC))
        except JobTaken:
            return False
        return claimed.won_now

    async def ungated(pro_id: str, job_id: UUID) -> bool:
        try:
            return (await decide_claim(database, pro_id, job_id, datetime.now(UTC))).won_now
        except JobTaken:
            return False

    async def locked(pro_id: str, job_id: UUID) -> bool:
        async with database.transaction() as conn:
            status = await conn.fetchval("SELECT status FROM jobs WHERE id = $1 FOR UPDATE", job_id)
            if status == "open":
                await _take(conn, pro_id, job_id)
        return bool(status == "open")

    async def naive(pro_id: str, job_id: UUID) -> bool:
        async with database.connection() as conn:
            status = await conn.fetchval("SELECT status FROM jobs WHERE id = $1", job_id)
        if status == "open":
            async with database.transaction() as conn:
                await _take(conn, pro_id, job_id)
        return bool(status == "open")

    return {GATED: gated, UNGATED: ungated, LOCKED: locked, NAIVE: naive}


async def _take(conn: Connection, pro_id: str, job_id: UUID) -> None:
    """What the careless ways do once they believe the job is theirs."""
    now = datetime.now(UTC)
    version: int = await conn.fetchval(
        "UPDATE jobs SET status = 'accepted', pro_id = $2, accepted_at = $3, version = version + 1"
        " WHERE id = $1 RETURNING version",
        job_id,
        pro_id,
        now,
    )
    await append_event(
        conn, job_id=job_id, version=version, kind="status", from_status="open", to_status="accepted",
        actor_id=pro_id, actor_role="pro", occurred_at=now, data={},
    )  # fmt: skip
    await add_effects(conn, job_id, version, EVENT_EFFECTS)


def _many(database: Database, claim: Claim) -> Way:
    """A sample: different jobs, claimed once each."""

    async def sample() -> Sample:
        jobs = await _open_jobs(database, BATCH)

        async def claimer(number: int) -> None:
            for job_id in jobs[number::AT_ONCE]:
                assert await claim(f"pro{number}", job_id)

        start = time.perf_counter()
        await asyncio.gather(*(claimer(number) for number in range(AT_ONCE)))
        return {"rate": BATCH / (time.perf_counter() - start)}

    return sample


def _one(database: Database, claim: Claim) -> Way:
    """A sample: one job, a thousand pros at once."""

    async def sample() -> Sample:
        (job_id,) = await _open_jobs(database, 1)

        winners = turned_away = 0
        waits_ms: list[float] = []

        async def claimer(number: int) -> None:
            nonlocal winners, turned_away
            start = time.perf_counter()
            try:
                won = await claim(f"pro{number}", job_id)
            except Unavailable:  # no connection became free within a second
                turned_away += 1
                won = False
            winners += won
            if not won:
                waits_ms.append((time.perf_counter() - start) * 1e3)

        await asyncio.gather(*(claimer(number) for number in range(CROWD)))
        return {
            "winners": winners,
            "p50": percentile(waits_ms, 50),
            "p99": percentile(waits_ms, 99),
            "turned_away": turned_away,
        }

    return sample


async def _seed_people(database: Database) -> None:
    async with database.transaction() as conn:
        await conn.execute("INSERT INTO people (id, role, name) VALUES ('customer', 'customer', 'C')")
        await conn.execute("INSERT INTO skills (code, name) VALUES ('gutters', 'Gutters')")
        await conn.execute(
            "INSERT INTO people (id, role, name) SELECT 'pro' || n, 'pro', 'P' FROM generate_series(0, $1) n",
            CROWD,
        )
        await conn.execute("INSERT INTO pro_skills SELECT id, 1 FROM people WHERE role = 'pro'")


async def _open_jobs(database: Database, count: int) -> list[UUID]:
    """New open jobs with their first event."""
    async with database.transaction() as conn:
        rows = await conn.fetch(
            "INSERT INTO jobs (customer_id, status, version, skill_no, service, lat, lng, address,"
            " approximate_address, price_cents)"
            " SELECT 'customer', 'open', 1, 1, 'Gutters', 53 + random(), -3 + random(), 'a', 'b', 100"
            " FROM generate_series(1, $1) RETURNING id",
            count,
        )
        await conn.execute(
            "INSERT INTO job_events (job_id, version, kind, to_status, actor_id, actor_role, occurred_at)"
            " SELECT id, 1, 'created', 'open', 'customer', 'customer', now() FROM unnest($1::uuid[]) id",
            [row["id"] for row in rows],
        )
    return [row["id"] for row in rows]
