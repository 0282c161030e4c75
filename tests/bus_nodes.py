"""Two or more nodes on one bus, each with a memory of what it heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from rooms.bus import BusState
from rooms.redis_bus import RedisBus

SECRET = b"the same on every node"


class Node:
    """A bus with what it gave to its two callbacks, oldest first."""

    def __init__(self, url: str, secret: bytes, node_id: str) -> None:
        self.bus = RedisBus(url, secret, node_id)
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.resynced: list[list[str]] = []
        self.bus.on_message = lambda channel, message: self.heard.append((channel, message))
        self.bus.on_resync = self._resync

    async def _resync(self, channels: list[str]) -> None:
        self.resynced.append(channels)

    def state(self) -> BusState:
        """Whether it hears the others."""
        return self.bus.state

    def count(self, name: str) -> int:
        """One of the bus's counts."""
        value = self.bus.stats()[name]  # type: ignore[literal-required]
        assert isinstance(value, int)
        return value


@asynccontextmanager
async def node(url: str, *, secret: bytes = SECRET, node_id: str = "test") -> AsyncIterator[Node]:
    """A started node; closed at the end."""
    made = Node(url, secret, node_id)
    await made.bus.start()
    try:
        yield made
    finally:
        await made.bus.aclose()


async def until(condition: Callable[[], object], within_s: float = 5.0) -> None:
    """Return as soon as the condition holds. Fails when it does not in time."""
    deadline = asyncio.get_running_loop().time() + within_s
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, "it did not happen in time"
        await asyncio.sleep(0.01)


async def until_heard(speaker: Node, hearer: Node, channel: str, within_s: float = 5.0) -> None:
    """Say something new on a channel, again and again, until it is heard."""
    already = len(hearer.heard)

    def said_and_heard() -> bool:
        speaker.bus.publish(channel, {"again": True})
        return len(hearer.heard) > already

    await until(said_and_heard, within_s)
