"""The worker carries out effects from the outbox: leased, with a deadline, retried, never lost.

Any number of workers may run. Each kind of effect has a lane of its own (`tracker/effects/pace.py`), so one
slow provider delays only its own kind. An effect that fails is due again after a growing, jittered pause; one
that has failed too often is put aside as a dead letter for a person to look at.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from db.errors import Unavailable
from db.outbox import Lane, OutboxRow, forget_ended, lease
from db.pool import Database
from db.positions import drop_partitions_before, ensure_partitions
from tracker.effects.carry_out import carry_out
from tracker.effects.endings import AGAIN_S, Endings
from tracker.effects.pace import pace_of
from tracker.effects.registry import EXECUTORS
from tracker.effects.task import Executor, Tools
from tracker.jobs.consequences import Effect

log = logging.getLogger("tracker.worker")

POLL_S = 0.2
GATHER_S = 0.005  # what ends within this time makes room for one lease
HOUSEKEEPING_EVERY_S = 3600.0
HOUSEKEEPING_AGAIN_S = 5.0
PARTITIONS_PAST_DAYS = 8  # an offline phone may bring fixes this old
PARTITIONS_AHEAD_DAYS = 3
DONE_EFFECTS_KEPT = timedelta(days=7)  # long enough to look into what happened
DONE_EFFECTS_AT_ONCE = 5000


class Worker:
    """Runs until told to stop, or cancelled. Carries out the kinds it has executors for, and no others.

    A row of a kind that this release does not know is left to one that does: in a rolling deploy both run.
    """

    def __init__(self, tools: Tools, *, executors: Mapping[Effect, Executor] = EXECUTORS) -> None:
        self._tools = tools
        self._executors = executors
        self._endings = Endings(tools)
        self._in_hand: Counter[Effect] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._full: set[Effect] = set()  # lanes that may have more due than they had room for
        self._wake = asyncio.Event()
        self._stopping = False

    async def run(self) -> None:
        """Carry out effects and keep the house; ends after `stop`, with what it has begun done."""
        helpers = [asyncio.create_task(self._endings.run()), asyncio.create_task(self._housekeeping())]
        try:
            while not self._stopping:
                await self._step()
            while self._tasks:
                await asyncio.wait(self._tasks)
            await self._endings.finish()
        finally:
            for task in (*helpers, *self._tasks):
                task.cancel()
            await asyncio.gather(*helpers, *self._tasks, return_exceptions=True)

    def stop(self) -> None:
        """Begin nothing more."""
        self._stopping = True
        self._wake.set()

    async def run_due(self) -> int:
        """Carry out what is due now and write how it ended; returns how many. Raises Unavailable."""
        begun = await self._begin_due()
        while self._tasks:
            await asyncio.wait(self._tasks)
        await self._endings.write()
        return begun

    async def _step(self) -> None:
        try:
            await self._begin_due()
        except Unavailable:
            log.warning("the database does not answer; trying again")
            await self._pause(AGAIN_S)
        except Exception:  # what is leased falls due again; a worker that died would do nothing more
            log.exception("the outbox was not worked off; trying again")
            await self._pause(AGAIN_S)
        else:
            await self._pause(POLL_S * random.uniform(0.8, 1.2))

    async def _begin_due(self) -> int:
        """Lease as many of each kind as there is room for, and begin them."""
        self._wake.clear()
        lanes = [
            Lane(effect.value, room, pace_of(effect).lease_s)
            for effect in self._executors
            if (room := pace_of(effect).at_once - self._in_hand[effect]) > 0
        ]
        if not lanes:
            return 0
        async with self._tools.database.connection() as conn:
            rows = await lease(conn, lanes)
        taken = Counter(row.effect for row in rows)
        for lane in lanes:
            filled = taken[lane.effect] == lane.room
            (self._full.add if filled else self._full.discard)(Effect(lane.effect))
        for row in rows:
            self._begin(row)
        return len(rows)

    def _begin(self, row: OutboxRow) -> None:
        self._in_hand[Effect(row.effect)] += 1
        task = asyncio.create_task(self._carry_out(row))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry_out(self, row: OutboxRow) -> None:
        effect = Effect(row.effect)
        try:
            ended = await carry_out(self._executors[effect], self._tools, row, datetime.now(UTC))
            self._endings.add(row, ended)
        finally:
            self._in_hand[effect] -= 1
            if effect in self._full:
                self._wake.set()

    async def _pause(self, seconds: float) -> None:
        """Until there is room where more may be due, or `stop`, or `seconds` have passed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()
                await asyncio.sleep(GATHER_S)

    async def _housekeeping(self) -> None:
        while True:
            try:
                await self.keep_house(datetime.now(UTC))
                await asyncio.sleep(HOUSEKEEPING_EVERY_S)
            except Unavailable:
                await asyncio.sleep(HOUSEKEEPING_AGAIN_S)
            except Exception:
                log.exception("housekeeping failed; trying again")
                await asyncio.sleep(HOUSEKEEPING_AGAIN_S)

    async def keep_house(self, now: datetime) -> None:
        """Make the days' partitions ahead of need; drop trails and done effects past their time."""
        retention_days = self._tools.settings.trail_retention_days
        await make_partitions(self._tools.database, now, min(PARTITIONS_PAST_DAYS, retention_days))
        async with self._tools.database.connection() as conn:
            await drop_partitions_before(conn, (now - timedelta(days=retention_days)).date())
        forgotten = DONE_EFFECTS_AT_ONCE
        while forgotten == DONE_EFFECTS_AT_ONCE:
            async with self._tools.database.connection() as conn:
                forgotten = await forget_ended(
                    conn, now - DONE_EFFECTS_KEPT, of_jobs=True, limit=DONE_EFFECTS_AT_ONCE
                )


async def make_partitions(database: Database, now: datetime, past_days: int = PARTITIONS_PAST_DAYS) -> None:
    """Partitions for every day that a heartbeat may name from now on. Raises Unavailable."""
    async with database.connection() as conn:
        await ensure_partitions(conn, now, past_days, PARTITIONS_AHEAD_DAYS)
