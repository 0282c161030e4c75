"""The dispatchers' view of everybody: positions gathered per cell and told once a second.

Everybody who is on duty or busy with a job, that is: nobody else's place is told, and who goes is said.

A heartbeat costs one dictionary write here. Twice a second a node publishes what its own pros did, one
message per busy cell; once a second every node tells its screens what it gathered from all nodes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

from rooms.bus import Bus
from rooms.engine import Engine
from rooms.events import Told
from rooms.names import fleet_cells_of

PER_MESSAGE = 50  # a position is below 1.2 KB with the longest of names, a message below 64 KB


class Fleet:
    """Gathers positions by cell; `publish` and `tick` are called by the server's clock."""

    def __init__(self, engine: Engine, bus: Bus) -> None:
        self._engine = engine
        self._bus = bus
        self._unpublished: dict[str, dict[str, Any]] = {}
        self._untold: dict[str, dict[str, dict[str, Any]]] = {}
        self._screens: dict[str, list[str]] = {}

    async def watch(self, sid: str, cells: list[str]) -> None:
        """Show a screen these cells instead of the ones it had; returns once they can reach it."""
        await asyncio.gather(*(self._bus.subscribe(cell) for cell in cells))
        self.unwatch(sid)
        if self._engine.session(sid) is None:  # it left meanwhile
            for cell in cells:
                self._bus.unsubscribe(cell)
            return
        self._screens[sid] = cells
        for cell in cells:
            self._engine.enter(sid, cell)

    def unwatch(self, sid: str) -> None:
        """Show a screen nothing any more; harmless for one that watched nothing."""
        for cell in self._screens.pop(sid, ()):
            self._engine.leave(sid, cell)
            self._bus.unsubscribe(cell)

    def saw(self, pro_id: str, position: dict[str, Any]) -> None:
        """A pro of this node moved. `position` has pro_id, lat, lng and what a screen shows."""
        self._unpublished[pro_id] = position

    def left(self, pro_id: str, lat: float, lng: float) -> None:
        """A pro last seen there (degrees) is no longer to be seen: every screen forgets it."""
        self._unpublished[pro_id] = {"pro_id": pro_id, "lat": lat, "lng": lng, "gone": True}

    def heard(self, cell: str, positions: list[dict[str, Any]]) -> None:
        """Another node published a cell that a screen of this node shows."""
        untold = self._untold.setdefault(cell, {})
        for position in positions:
            untold[position["pro_id"]] = position

    def publish(self) -> None:
        """Hand what this node's pros did to the other nodes and to the next tick here."""
        moved, self._unpublished = self._unpublished, {}
        cells: dict[str, list[dict[str, Any]]] = {}
        for position in moved.values():
            for cell in fleet_cells_of(position["lat"], position["lng"]):
                cells.setdefault(cell, []).append(position)
        for cell, positions in cells.items():
            for start in range(0, len(positions), PER_MESSAGE):
                self._bus.publish(cell, {"k": "fleet", "p": positions[start : start + PER_MESSAGE]})
            if self._engine.members(cell):
                self.heard(cell, positions)

    def tick(self) -> None:
        """Tell every screen the newest positions of its cells."""
        untold, self._untold = self._untold, {}
        self._engine.broadcast_each(
            Told.FLEET_TICK, {cell: _tick_of(cell, places.values()) for cell, places in untold.items()}
        )


def _tick_of(cell: str, places: Collection[dict[str, Any]]) -> dict[str, Any]:
    """What a screen of this cell is told: who is where, and who is not to be seen any more."""
    return {
        "cell": cell,
        "positions": [place for place in places if "gone" not in place],
        "gone": [place["pro_id"] for place in places if "gone" in place],
    }
