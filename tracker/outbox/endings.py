"""Writes down how effects ended, many at a time: those that end within a few milliseconds share a commit."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

from db.errors import Unavailable
from db.outbox import DeadRow, Ending, OutboxRow, mark_done, mark_ended, mark_expired
from db.pool import Connection
from tracker.effects.task import Tools
from tracker.outbox.carry_out import Done, TooLate
from tracker.outbox.dead_alert import alert_of_dead

log = logging.getLogger("tracker.worker")

GATHER_S = 0.005
AGAIN_S = 0.5  # after an error of the database
LAST_WORDS_S = 5.0  # a worker that stops tries for so long; then leases run out, and others try again

Ended: TypeAlias = Done | TooLate | Ending
Observe: TypeAlias = Callable[[str, str], None]  # (effect, outcome)


class Endings:
    """Takes endings and writes them. What the database does not take now is written when it is back."""

    def __init__(self, tools: Tools, observe: Observe) -> None:
        self._tools = tools
        self._observe = observe
        self._waiting: list[tuple[OutboxRow, Ended]] = []
        self._some = asyncio.Event()
        self._writing = asyncio.Lock()

    def add(self, row: OutboxRow, ended: Ended) -> None:
        """Write this soon."""
        self._waiting.append((row, ended))
        self._some.set()

    async def run(self) -> None:
        """Write for ever; run it as a task and cancel it after `finish`."""
        while True:
            await self._some.wait()
            await asyncio.sleep(GATHER_S)
            try:
                await self.write()
            except Unavailable:
                await asyncio.sleep(AGAIN_S)
            except Exception:
                log.exception("endings of effects were not written; trying again")
                await asyncio.sleep(AGAIN_S)

    async def write(self) -> None:
        """Write what there is, in one transaction. Raises Unavailable; then nothing is lost."""
        async with self._writing:
            self._some.clear()
            group, self._waiting = self._waiting, []
            if not group:
                return
            try:
                dead = await self._tools.database.in_transaction(lambda conn: self._write(conn, group))
            except BaseException:
                self._waiting = group + self._waiting
                self._some.set()
                raise
        for row, ended in group:
            self._observe(row.effect, outcome_of(row, ended, dead))

    async def finish(self) -> None:
        """Write the rest, unless the database is away for too long."""
        try:
            async with asyncio.timeout(LAST_WORDS_S):
                while True:
                    try:
                        return await self.write()
                    except Unavailable:
                        await asyncio.sleep(AGAIN_S)
        except TimeoutError:
            log.warning("%d effects ended that could not be written down", len(self._waiting))

    async def _write(self, conn: Connection, group: list[tuple[OutboxRow, Ended]]) -> list[DeadRow]:
        if done := [row.id for row, ended in group if isinstance(ended, Done)]:
            await mark_done(conn, done)
        if late := [row.id for row, ended in group if isinstance(ended, TooLate)]:
            await mark_expired(conn, late)
        dead = []
        if others := [ended for _, ended in group if isinstance(ended, Ending)]:
            dead = await mark_ended(conn, others)
            await alert_of_dead(conn, self._tools.settings, dead, datetime.now(UTC))
        return dead


def outcome_of(row: OutboxRow, ended: Ended, dead: list[DeadRow]) -> str:
    """One word for the metrics: done, expired, waits, failed, dead."""
    if isinstance(ended, Done):
        return "done"
    if isinstance(ended, TooLate):
        return "expired"
    if any(one.id == row.id for one in dead):
        return "dead"
    return "failed" if ended.counts else "waits"
