"""The dispatchers' board, live: which jobs changed, told about once a second to each screen that shows it.

Every job event is said on one channel; a node hears it only while a screen of its own watches. Ids are
gathered as a set, so none is lost. Where too many came at once, or some may have been missed, screens are
told to read all of the board again, though not more often than every few seconds.
"""

from __future__ import annotations

import time

from rooms.bus import Bus
from rooms.engine import Engine
from rooms.events import Told
from rooms.names import BOARD

MOST_JOBS = 200  # told one by one in a second; more are read faster as a whole
READ_AGAIN_EVERY_S = 5.0
REMEMBERED = 4096  # versions told; the outbox says each event a second time


class Board:
    """The screens of this node that watch the board, and what they are to be told."""

    def __init__(self, engine: Engine, bus: Bus) -> None:
        self._engine = engine
        self._bus = bus
        self._screens: set[str] = set()
        self._changed: set[str] = set()
        self._told: dict[str, int] = {}
        self._missed = False
        self._not_before = 0.0

    async def watch(self, sid: str) -> None:
        """Tell a screen from now on; returns once changes can reach it. Again is harmless."""
        await self._bus.subscribe(BOARD)
        if sid in self._screens or not self._engine.enter(sid, BOARD):  # watched before, or left meanwhile
            self._bus.unsubscribe(BOARD)
            return
        self._screens.add(sid)

    def unwatch(self, sid: str) -> None:
        """Tell a screen nothing any more; harmless for one that watched nothing."""
        if sid not in self._screens:
            return
        self._screens.discard(sid)
        self._engine.leave(sid, BOARD)
        self._bus.unsubscribe(BOARD)
        if not self._screens:
            self._changed.clear()
            self._told.clear()
            self._missed = False

    def changed(self, job_id: str, version: int | None) -> None:
        """A job's event of this version was said, here or elsewhere; None: its card changed without one."""
        if not self._screens:
            return
        if version is not None:
            if version <= self._told.get(job_id, 0):
                return
            self._remember(job_id, version)
        self._changed.add(job_id)

    def missed(self) -> None:
        """Something may have been said that this node did not hear."""
        self._missed = bool(self._screens)

    def tick(self) -> None:
        """Tell what was gathered. A slow screen gets, in its place, the word to read all again."""
        if len(self._changed) > MOST_JOBS:
            self._missed = True
        if self._missed:
            now = time.monotonic()
            if now < self._not_before:
                return
            self._not_before = now + READ_AGAIN_EVERY_S
        elif not self._changed:
            return
        jobs = None if self._missed else list(self._changed)
        self._changed.clear()
        self._missed = False
        self._engine.broadcast_or(BOARD, Told.BOARD_CHANGED, {"jobs": jobs}, slow={"jobs": None})

    def _remember(self, job_id: str, version: int) -> None:
        self._told.pop(job_id, None)
        self._told[job_id] = version
        if len(self._told) > REMEMBERED:
            del self._told[next(iter(self._told))]
