"""Effects: how many one worker carries out, and whether a slow provider delays any kind but its own.

The outbox, its PostgreSQL and the worker are the real ones; executors return at once, or after nine seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import cast

from bench.harness import Report, Sample, Turns, Way, percentile, take_turns
from bench.servers import prepared, private_server, server_version
from db.pool import Database
from rooms.broadcast import Broadcaster, nobody
from rooms.bus import LocalBus
from tracker.effects.task import Executor, Task, Tools
from tracker.jobs.consequences import Effect
from tracker.outbox.pace import USUAL
from tracker.providers import Providers
from tracker.settings import Settings
from tracker.work import POOL_SIZE
from tracker.worker import Worker

PAIRS = 7
BURST = 3000  # effects that are due at once
RATE_WANTED = 300.0  # effects/s of one worker
TRICKLE_S = 5.0
TRICKLE_PER_S = 50
SLOW_S = 9.0  # just within the timeout of ten
SLOW_WAITING = 200
SLOW, FAST = Effect.SEND_SMS, Effect.SEND_EMAIL
KINDS = (FAST, Effect.SEND_PUSH, Effect.RING_BELL, Effect.SEND_TRANSFER, Effect.MAKE_REFUND)

ONE_KIND, KINDS_MIXED, BESIDE = "one kind", f"{len(KINDS)} kinds mixed", "one kind beside a slow provider"
ALONE, BESIDE_SLOW = "alone", "beside a slow provider"


def options(parser: argparse.ArgumentParser) -> None:
    """Nothing to set."""


async def run(arguments: argparse.Namespace) -> Report:  # noqa: ARG001
    """Bursts, for the rate; then a trickle, for the wait of each."""
    report = Report("effects", "Effects: one worker, and a slow provider beside it")
    with private_server() as server:
        database = await Database.connect(await prepared(server.url), size=POOL_SIZE)
        try:
            report.say(
                f"{await server_version(server.url)} on the same machine, one worker with {POOL_SIZE}"
                f" connections. The slow provider takes {SLOW_S:g} s for each of {SLOW_WAITING} effects that"
                " wait for it."
            )
            report.say(f"\n## {BURST} effects due at once")
            bursts = await take_turns(
                {
                    ONE_KIND: _burst(database, (FAST,)),
                    KINDS_MIXED: _burst(database, KINDS),
                    BESIDE: _burst(database, (FAST,), slow=True),
                },
                PAIRS,
            )
            _report_bursts(report, bursts)
            report.say(f"\n## {TRICKLE_PER_S} effects per second")
            trickles = await take_turns(
                {ALONE: _trickle(database), BESIDE_SLOW: _trickle(database, slow=True)}, PAIRS
            )
            _report_trickles(report, trickles)
        finally:
            await database.close()
    return report


def _report_bursts(report: Report, bursts: Turns) -> None:
    report.table(bursts, {"rate": "effects/s"})
    for way in bursts.samples:
        report.target(f"effects/s, {way}", bursts.values(way, "rate"), least=RATE_WANTED)
    report.target(
        "effects/s, beside a slow provider ÷ alone", bursts.ratios("rate", BESIDE, ONE_KIND), least=0.9
    )
    report.target("most slow effects in hand", bursts.values(BESIDE, "slow_in_hand"), most=USUAL.at_once)


def _report_trickles(report: Report, trickles: Turns) -> None:
    report.say("From being queued to being begun; the worker looks every 0.2 s when it is idle.")
    report.table(trickles, {"p50": "p50 ms", "p99": "p99 ms"})
    for figure in ("p50", "p99"):
        ratios = trickles.ratios(figure, BESIDE_SLOW, ALONE)
        report.target(f"{figure}, beside a slow provider ÷ alone", ratios, most=1.15)


class _Stage:
    """Executors that count what they are given."""

    def __init__(self) -> None:
        self.begun_at: dict[str, float] = {}
        self.slow_in_hand = 0
        self.most_slow_in_hand = 0

    def executors(self) -> Mapping[Effect, Executor]:
        return {**dict.fromkeys(KINDS, self._instant), SLOW: self._slow}

    async def _instant(self, _tools: Tools, task: Task) -> None:
        self.begun_at[f"{task.effect.value} {task.subject}"] = time.time()

    async def _slow(self, _tools: Tools, _task: Task) -> None:
        self.slow_in_hand += 1
        self.most_slow_in_hand = max(self.most_slow_in_hand, self.slow_in_hand)
        try:
            await asyncio.sleep(SLOW_S)
        finally:
            self.slow_in_hand -= 1


@asynccontextmanager
async def _working(database: Database, *, slow: bool) -> AsyncIterator[_Stage]:
    """One worker at work on an empty outbox, its slow kind full when `slow`."""
    async with database.connection() as conn:
        await conn.execute("TRUNCATE outbox")
        await conn.execute("VACUUM ANALYZE outbox")
    stage = _Stage()
    tools = Tools(Settings(), database, Broadcaster(LocalBus(), nobody), cast("Providers", None))
    working = asyncio.create_task(Worker(tools, executors=stage.executors()).run())
    try:
        if slow:
            await _queue(database, SLOW, SLOW_WAITING)
            while stage.slow_in_hand < USUAL.at_once:  # noqa: ASYNC110 - another task counts
                await asyncio.sleep(0.01)
        yield stage
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


def _burst(database: Database, kinds: tuple[Effect, ...], *, slow: bool = False) -> Way:
    """A sample: effects that become due at one moment, until all are done and written down."""

    async def sample() -> Sample:
        async with _working(database, slow=slow) as stage:
            start = time.perf_counter()
            for kind in kinds:
                await _queue(database, kind, BURST // len(kinds))
            await _until_done(database, kinds)
            rate = BURST / (time.perf_counter() - start)
        return {"rate": rate, "slow_in_hand": stage.most_slow_in_hand}

    return sample


def _trickle(database: Database, *, slow: bool = False) -> Way:
    """A sample: one effect after the other, and how long each waited."""

    async def sample() -> Sample:
        queued_at: dict[str, float] = {}
        async with _working(database, slow=slow) as stage:
            start = time.perf_counter()
            for number in range(int(TRICKLE_S * TRICKLE_PER_S)):
                await asyncio.sleep(max(0.0, start + number / TRICKLE_PER_S - time.perf_counter()))
                await _queue(database, FAST, 1, first=number)
                queued_at[f"{FAST.value} {number}"] = time.time()
            await _until_done(database, (FAST,))
        waits_ms = [max(0.0, stage.begun_at[key] - at) * 1e3 for key, at in queued_at.items()]
        return {"p50": percentile(waits_ms, 50), "p99": percentile(waits_ms, 99)}

    return sample


async def _queue(database: Database, kind: Effect, number: int, *, first: int = 0) -> None:
    async with database.connection() as conn:
        await conn.execute(
            "INSERT INTO outbox (effect, subject, available_at)"
            " SELECT $1, n::text, $4 FROM generate_series($2::int, $3::int) n",
            kind.value,
            first,
            first + number - 1,
            datetime.now(UTC),
        )


async def _until_done(database: Database, kinds: tuple[Effect, ...]) -> None:
    left = "SELECT count(*) FROM outbox WHERE effect = ANY($1::text[]) AND done_at IS NULL"
    while True:
        async with database.connection() as conn:
            if not await conn.fetchval(left, [kind.value for kind in kinds]):
                return
        await asyncio.sleep(0.02)
