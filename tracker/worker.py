"""The worker carries out effects from the outbox: leased, with a deadline, retried, never lost.

Any number of workers may run. Each kind of effect has a lane of its own (`tracker/outbox/pace.py`), so one
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
from datetime import UTC, datetime

from db.errors import Unavailable
from db.outbox import Ending, Lane, OutboxRow, lease, renew
from tracker.calendar import Calendar
from tracker.effects.registry import EXECUTORS
from tracker.effects.task import Executor, Tools
from tracker.jobs.consequences import Effect
from tracker.outbox.carry_out import carry_out
from tracker.outbox.endings import Endings, Observe
from tracker.outbox.pace import LEASE_S, RENEW_EVERY_S, pace_of

log = logging.getLogger("tracker.worker")

POLL_S = 0.2
GATHER_S = 0.005  # what ends within this time is followed by one lease
AGAIN_S = 0.5  # after an error of the database
CANCEL_WITHIN_S = 2.0  # nobody waits longer for an executor that does not hear
STOP_WITHIN_S = 10.0  # a deploy waits no longer; most effects end by themselves in that time


def nobody_counts(_effect: str, _outcome: str) -> None:
    """There are no metrics in this process."""


class Worker:
    """Runs until told to stop, or cancelled. Carries out the kinds it has executors for, and no others.

    A row of a kind that this release does not know is left to one that does: in a rolling deploy both run.
    """

    def __init__(
        self,
        tools: Tools,
        *,
        executors: Mapping[Effect, Executor] = EXECUTORS,
        observe: Observe = nobody_counts,
    ) -> None:
        self._tools = tools
        self._executors = executors
        self._endings = Endings(tools, observe)
        self._calendar = Calendar(tools, executors)
        self._in_hand: Counter[Effect] = Counter()
        self._held: dict[int, tuple[OutboxRow, float]] = {}  # by row: and until when its lease is renewed
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()  # an effect ended: there is room, and it may have queued others
        self._stopping = False

    async def run(self) -> None:
        """Keep the calendar and carry out effects; ends after `stop`, with what it has begun done.

        What is not done ten seconds after `stop`, or when this is cancelled, is given back: another worker
        begins it anew, and no try is used up.
        """
        helpers = [
            asyncio.create_task(helper)
            for helper in (self._endings.run(), self._calendar.run(), self._renew_leases())
        ]
        try:
            while not self._stopping:
                await self._step()
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=STOP_WITHIN_S)
        finally:
            await _cancel([*self._tasks, *helpers])
            await self._endings.finish()

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
            Lane(effect.value, room, LEASE_S)
            for effect in self._executors
            if (room := pace_of(effect).at_once - self._in_hand[effect]) > 0
        ]
        if not lanes:
            return 0
        async with self._tools.database.connection() as conn:
            rows = await lease(conn, lanes)
        for row in rows:
            self._begin(row)
        return len(rows)

    def _begin(self, row: OutboxRow) -> None:
        effect = Effect(row.effect)
        self._in_hand[effect] += 1
        self._held[row.id] = row, asyncio.get_running_loop().time() + pace_of(effect).longest_s
        task = asyncio.create_task(self._carry_out(row))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry_out(self, row: OutboxRow) -> None:
        effect = Effect(row.effect)
        try:
            ended = await carry_out(self._executors[effect], self._tools, row, datetime.now(UTC))
            self._endings.add(row, ended)
        except asyncio.CancelledError:
            self._endings.add(row, Ending(row, "its worker was stopped", 0.0, counts=False))
            raise
        finally:
            self._in_hand[effect] -= 1
            if self._held.get(row.id, (None,))[0] is row:  # else its lease ran out, and it was begun anew
                del self._held[row.id]
            self._wake.set()

    async def _renew_leases(self) -> None:
        """Keep from the others what is in hand, for ever; what took too long is not kept any more."""
        while True:
            await asyncio.sleep(RENEW_EVERY_S)
            now = asyncio.get_running_loop().time()
            rows = [row for row, until in self._held.values() if now < until]
            if not rows:
                continue
            try:
                async with self._tools.database.connection() as conn:
                    await renew(conn, rows, LEASE_S)
            except Unavailable:
                log.warning("leases were not renewed; trying again")
            except Exception:
                log.exception("leases were not renewed; trying again")

    async def _pause(self, seconds: float) -> None:
        """Until an effect ends, or `stop`, or `seconds` have passed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()
                await asyncio.sleep(GATHER_S)


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=CANCEL_WITHIN_S)
