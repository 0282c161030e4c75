"""Ingest: one statement per group of heartbeats against one UPDATE of the job row per heartbeat.

First what a row costs on one connection, then how long an ack takes behind the self-clocked group
commit at rising rates. Commits are durable (`fsync`, `synchronous_commit`).
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from itertools import count
from uuid import UUID

from bench.harness import Report, Sample, Way, cpu_us, percentile, short, take_turns
from bench.servers import prepared, private_server, server_version
from db.errors import Problem
from db.pool import Connection, Database
from db.position_group import PositionRow, insert_group
from db.positions import ensure_partitions
from tracker.positions.filters import Verdict
from tracker.positions.ingest import Committer

PROS = 2000
GROUP = 200  # rows in one statement
UPDATES = 1500  # of a sample
GROUPS = 60  # of a sample
RATES = (1_000, 5_000, 10_000, 20_000)  # heartbeats a second
LOAD_S = 4.0
NUMBERS = count(1)  # of all heartbeats of this run
GROUPED, UPDATED = f"group statement, {GROUP} rows", "one `UPDATE` of the job row each"


def options(parser: argparse.ArgumentParser) -> None:
    """Nothing to set."""


async def run(arguments: argparse.Namespace) -> Report:  # noqa: ARG001
    """Cost per row, then ack latency."""
    report = Report("ingest", "Ingest: groups of heartbeats")
    with private_server() as server:
        database = await Database.connect(await prepared(server.url), size=4)
        try:
            report.say(f"{await server_version(server.url)}, {PROS} pros, clients on the same machine.")
            async with database.connection() as conn:
                jobs = await _seed(conn)
                ways = {GROUPED: _groups(conn), UPDATED: _updates(conn, jobs)}
                turns = await take_turns(ways, 9)
            report.say("\n## One connection")
            report.table(
                turns, {"rate": "rows/s", "server": "server CPU µs/row", "client": "client CPU µs/row"}
            )
            cost = turns.ratios("server", UPDATED, GROUPED)
            report.target("server CPU per row, UPDATE ÷ group", cost, least=10)
            await _report_acks(report, database)
        finally:
            await database.close()
    return report


async def _seed(conn: Connection) -> list[UUID]:
    """Pros, jobs with columns for a live place (as the UPDATE design has them), today's partitions."""
    await conn.execute("INSERT INTO people (id, role, name) VALUES ('customer', 'customer', 'C')")
    await conn.execute("INSERT INTO skills (code, name) VALUES ('gutters', 'Gutters')")
    await conn.execute(
        "INSERT INTO people (id, role, name) SELECT 'pro' || n, 'pro', 'P' FROM generate_series(1, $1) n",
        PROS,
    )
    await conn.execute(
        "ALTER TABLE jobs ADD pro_lat float8, ADD pro_lng float8, ADD pro_heading float8,"
        " ADD pro_speed float8, ADD pro_seen_at timestamptz"
    )
    await ensure_partitions(conn, datetime.now(UTC), 1, 1)
    rows = await conn.fetch(
        "INSERT INTO jobs (customer_id, pro_id, status, skill_no, service, lat, lng, address,"
        " approximate_address, price_cents)"
        " SELECT 'customer', 'pro' || n, 'en_route', 1, 'Gutters', 53 + random(), -3 + random(),"
        " n || ' Some Street', 'Some Town', 100 FROM generate_series(1, $1) n RETURNING id",
        PROS,
    )
    return [row["id"] for row in rows]


def _row(number: int) -> PositionRow:
    """The `number`-th heartbeat of a fleet that takes turns."""
    pro = number % PROS + 1
    now_ms = time.time_ns() // 1_000_000
    lat_e7 = 534_000_000 + number % 10_000
    return PositionRow(
        pro, number, now_ms, now_ms, lat_e7, -29_000_000, 8, 1250, 9000, 80, Verdict.GOOD, f"pro{pro}"
    )


def _groups(conn: Connection) -> Way:

    async def write() -> int:
        for _ in range(GROUPS):
            await insert_group(conn, [_row(next(NUMBERS)) for _ in range(GROUP)])
        return GROUPS * GROUP

    return _cost(conn, write)


def _updates(conn: Connection, jobs: list[UUID]) -> Way:

    async def write() -> int:
        for _ in range(UPDATES):
            number = next(NUMBERS)
            await conn.execute(
                "UPDATE jobs SET pro_lat = $2, pro_lng = $3, pro_heading = $4, pro_speed = $5,"
                " pro_seen_at = $6 WHERE id = $1",
                jobs[number % PROS],
                53.4 + number % 10_000 * 1e-7,
                -2.9,
                90.0,
                12.5,
                datetime.now(UTC),
            )
        return UPDATES

    return _cost(conn, write)


def _cost(conn: Connection, write: Callable[[], Awaitable[int]]) -> Way:
    """A sample: rows a second, and processor time of both sides for each."""
    pid = conn.get_server_pid()

    async def sample() -> Sample:
        server, client, start = cpu_us(pid), time.process_time(), time.perf_counter()
        rows = await write()
        elapsed = time.perf_counter() - start
        return {
            "rate": rows / elapsed,
            "server": (cpu_us(pid) - server) / rows,
            "client": (time.process_time() - client) * 1e6 / rows,
        }

    return sample


async def _report_acks(report: Report, database: Database) -> None:
    report.say(
        f"\n## Self-clocked group commit: submitted to durable, {LOAD_S:g} s each"
        "\n\nThe heartbeats are made in the same process, so its processor share includes the load's."
    )
    committer = Committer(database)
    try:
        ways = {f"{short(rate)} heartbeats/s": _acks(committer, rate) for rate in RATES}
        turns = await take_turns(ways, 3)
    finally:
        await committer.aclose()
    figures = {"p50": "ack p50 ms", "p99": "ack p99 ms", "group": "rows per group", "busy": "process busy %"}
    report.table(turns, figures)
    report.target(f"ack p99 ms at {short(RATES[-1])}/s", turns.values([*ways][-1], "p99"), most=10)
    lost = [sample["lost"] for samples in turns.samples.values() for sample in samples]
    report.target("heartbeats refused or unanswered", [sum(lost)], most=0)


def _acks(committer: Committer, rate: int) -> Way:
    """A sample: heartbeats at an even rate, one row each, and how long each waited for its commit."""

    async def sample() -> Sample:
        waits_ms: list[float] = []
        refused = 0
        clock = time.perf_counter
        total, sent = int(rate * LOAD_S), 0
        groups_before, cpu, start = committer.groups, time.process_time(), clock()

        def submit() -> None:
            submitted = clock()

            def done(outcome: object) -> None:
                nonlocal refused
                waits_ms.append((clock() - submitted) * 1e3)
                refused += isinstance(outcome, Problem)

            committer.submit([_row(next(NUMBERS))], done)

        while sent < total:
            due = min(total, int((clock() - start) * rate) + 1)
            for _ in range(due - sent):
                submit()
            sent = due
            await asyncio.sleep(0.001)
        elapsed = clock() - start
        await asyncio.sleep(0.3)
        groups = committer.groups - groups_before
        return {
            "p50": percentile(waits_ms, 50),
            "p99": percentile(waits_ms, 99),
            "group": total / groups,
            "busy": (time.process_time() - cpu) / elapsed * 100,
            "lost": total - len(waits_ms) + refused,
        }

    return sample
