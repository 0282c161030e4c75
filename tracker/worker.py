"""The worker carries out effects from the outbox: leased, with a deadline, retried, never lost.

Any number of workers may run. An effect that fails is due again after a growing, jittered pause; one that
failed ten times is put aside as a dead letter for a person to look at.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from db.errors import Problem, Unavailable
from db.outbox import OutboxRow, forget_done, lease, mark_done, mark_failed
from db.pool import Database
from db.positions import drop_partitions_before, ensure_partitions
from rooms.broadcast import Broadcaster
from tracker.effects.registry import EXECUTORS, Executor
from tracker.jobs.consequences import Effect

log = logging.getLogger("tracker.worker")

POLL_S = 0.2
BATCH = 50
TIMEOUT_S = 10.0  # enforced on every effect
LEASE_S = 30.0  # longer than the timeout, so that no second worker starts what one still runs
MAX_ATTEMPTS = 10
AGAIN_S = 0.5  # after an error of the database
HOUSEKEEPING_EVERY_S = 3600.0
HOUSEKEEPING_AGAIN_S = 5.0
PARTITIONS_PAST_DAYS = 8  # an offline phone may bring fixes this old
PARTITIONS_AHEAD_DAYS = 3
DONE_EFFECTS_KEPT = timedelta(days=7)  # long enough to look into what happened
DONE_EFFECTS_AT_ONCE = 5000


class Worker:
    """Runs until told to stop, or cancelled."""

    def __init__(
        self,
        database: Database,
        say: Broadcaster,
        *,
        retention_days: int,
        executors: Mapping[Effect, Executor] = EXECUTORS,
    ) -> None:
        self._database = database
        self._say = say
        self._retention_days = retention_days
        self._executors = executors
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Carry out effects and keep the house; ends after `stop`, with what it has begun done."""
        housekeeper = asyncio.create_task(self._housekeeping())
        try:
            await self._effects()
        finally:
            housekeeper.cancel()
            await asyncio.gather(housekeeper, return_exceptions=True)

    def stop(self) -> None:
        """Begin nothing more."""
        self._stopping.set()

    async def _effects(self) -> None:
        while not self._stopping.is_set():
            try:
                busy = await self.run_due()
            except Unavailable:
                log.warning("the database does not answer; trying again")
                await self._pause(AGAIN_S)
            except Exception:  # what is leased falls due again; a worker that died would do nothing more
                log.exception("the outbox was not worked off; trying again")
                await self._pause(AGAIN_S)
            else:
                if busy < BATCH:
                    await self._pause(POLL_S * random.uniform(0.8, 1.2))

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    async def run_due(self) -> int:
        """Lease and carry out what is due now; returns how many were leased. Raises Unavailable."""
        async with self._database.connection() as conn:
            rows = await lease(conn, limit=BATCH, lease_s=LEASE_S)
        if not rows:
            return 0
        outcomes = await asyncio.gather(*(self._carry_out(row) for row in rows))
        done = [row.id for row, error in zip(rows, outcomes, strict=True) if error is None]
        async with self._database.connection() as conn:
            if done:
                await mark_done(conn, done)
            for row, error in zip(rows, outcomes, strict=True):
                if error is not None:
                    await mark_failed(conn, row.id, error, retry_in_s=retry_pause_s(row.attempts))
        return len(rows)

    async def _carry_out(self, row: OutboxRow) -> str | None:
        """Run one effect; returns what went wrong, or None."""
        try:
            executor = self._executors[Effect(row.effect)]
        except (ValueError, KeyError):
            return f"this release knows no effect '{row.effect}'"
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await executor(self._database, self._say, row.job_id, row.version)
        except TimeoutError:
            return f"timed out after {TIMEOUT_S:.0f} s"
        except Problem as error:
            return f"{error.code}: {error.detail}"
        except Exception as error:
            log.exception("effect %s of job %s failed", row.effect, row.job_id)
            return f"{type(error).__name__}: {error}"
        return None

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
        past_days = min(PARTITIONS_PAST_DAYS, self._retention_days)
        await make_partitions(self._database, now, past_days)
        async with self._database.connection() as conn:
            await drop_partitions_before(conn, (now - timedelta(days=self._retention_days)).date())
        forgotten = DONE_EFFECTS_AT_ONCE
        while forgotten == DONE_EFFECTS_AT_ONCE:
            async with self._database.connection() as conn:
                forgotten = await forget_done(conn, now - DONE_EFFECTS_KEPT, limit=DONE_EFFECTS_AT_ONCE)


async def make_partitions(database: Database, now: datetime, past_days: int = PARTITIONS_PAST_DAYS) -> None:
    """Partitions for every day that a heartbeat may name from now on. Raises Unavailable."""
    async with database.connection() as conn:
        await ensure_partitions(conn, now, past_days, PARTITIONS_AHEAD_DAYS)


def retry_pause_s(attempts: int) -> float | None:
    """Seconds until the next try after `attempts` failed ones, doubling to ten minutes; None: give up."""
    if attempts >= MAX_ATTEMPTS:
        return None
    return min(600.0, 2.0**attempts) * random.uniform(0.8, 1.2)
