"""Pros who look at the feed right now: new offers come to those they suit, taken ones leave at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rooms.bus import Bus
from rooms.engine import Engine
from rooms.events import Told


@dataclass(frozen=True, slots=True)
class FeedWatch:
    """What one socket asked for: the cells that cover its circle, and a test of an offer.

    `suits(offer)` returns the offer as this pro may see it (with `distance_miles`), or None.
    """

    cells: list[str]
    suits: Callable[[dict[str, Any]], dict[str, Any] | None]


class FeedWatches:
    """The feed watches of this node's sockets, found by cell."""

    def __init__(self, engine: Engine, bus: Bus) -> None:
        self._engine = engine
        self._bus = bus
        self._watches: dict[str, FeedWatch] = {}

    async def watch(self, sid: str, watch: FeedWatch) -> None:
        """Start or replace a socket's watch; returns once new offers can reach it."""
        await asyncio.gather(*(self._bus.subscribe(cell) for cell in watch.cells))
        self.unwatch(sid)
        if self._engine.session(sid) is None:  # it left meanwhile
            for cell in watch.cells:
                self._bus.unsubscribe(cell)
            return
        self._watches[sid] = watch
        for cell in watch.cells:
            self._engine.enter(sid, cell)

    def unwatch(self, sid: str) -> None:
        """End a socket's watch; harmless when there is none."""
        watch = self._watches.pop(sid, None)
        for cell in watch.cells if watch else ():
            self._engine.leave(sid, cell)
            self._bus.unsubscribe(cell)

    def posted(self, cell: str, offer: dict[str, Any]) -> None:
        """An offer appeared in a cell: tell it to every watcher whom it suits."""
        for sid in list(self._engine.members(cell)):
            watch = self._watches.get(sid)
            job = watch.suits(offer) if watch else None
            if job is not None:
                self._engine.send(sid, Told.JOB_POSTED, {"job": job})

    def taken(self, cell: str, job_id: str) -> None:
        """An offer is gone."""
        self._engine.broadcast(cell, Told.JOB_TAKEN, {"job_id": job_id})
