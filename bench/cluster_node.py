"""A node of ours on a Redis Cluster, as a process: `python -m bench.cluster_node URL NODE NODES ROOMS`.

It hears all rooms and speaks in every NODES-th of them. Each line on stdin is an order with one line of
answer: `listen` waits until the bus is up and begins to take notes, `talk PERIOD_S` numbers what it says from
1 on, one message a room and period, `hush` ends that, and `tell` answers with the notes as JSON (`Told`). It
ends with stdin.
"""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec
import uvloop

from rooms.bus import BusState
from rooms.redis_bus import RedisBus

SECRET = b"the bench's"
WATCH_S = 0.01
UP_PATIENCE_S = 30.0


@dataclass
class Told:
    """What one node said, heard and was told. Times are of CLOCK_MONOTONIC, the same in all processes."""

    said_at: list[float] = field(default_factory=list)  # said_at[n - 1]: when number n was said
    heard: dict[str, list[tuple[int, float]]] = field(default_factory=dict)  # room → number, when
    resynced: list[tuple[float, list[str]]] = field(default_factory=list)
    states: list[tuple[float, str]] = field(default_factory=list)
    forged: int = 0
    stale: int = 0


class ClusterNode:
    """The bus, and what it told since the last `talk`."""

    def __init__(self, url: str, number: int, nodes: int, rooms: int) -> None:
        self.rooms = [room_name(room) for room in range(rooms)]
        self._mine = self.rooms[number::nodes]
        self._bus = RedisBus(url, SECRET, f"bench{number}")
        self._bus.on_message = self._on_message
        self._bus.on_resync = self._on_resync
        self._told = Told()
        self._work: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Subscribed everywhere, and up."""
        await self._bus.start()
        await asyncio.gather(*map(self._bus.subscribe, self.rooms))

    async def listen(self) -> None:
        """Begin to take notes, once the bus is up."""
        async with asyncio.timeout(UP_PATIENCE_S):
            while self._bus.state is not BusState.UP:  # noqa: ASYNC110 - the bus has no event for it
                await asyncio.sleep(WATCH_S)
        counts = self._bus.stats()
        self._told = Told(forged=-counts["forged"], stale=-counts["stale"])
        self._work = [asyncio.create_task(self._watch())]

    def talk(self, period_s: float) -> None:
        """Begin to speak."""
        self._work.append(asyncio.create_task(self._say(period_s)))

    async def hush(self) -> None:
        """End speaking."""
        await _end(self._work.pop())

    async def tell(self) -> Told:
        """The notes."""
        await _end(self._work.pop())
        counts = self._bus.stats()
        self._told.forged += counts["forged"]
        self._told.stale += counts["stale"]
        return self._told

    async def aclose(self) -> None:
        """Leave the bus."""
        await self._bus.aclose()

    async def _say(self, period_s: float) -> None:
        began = time.monotonic()
        while True:
            self._told.said_at.append(time.monotonic())
            number = len(self._told.said_at)
            for room in self._mine:
                self._bus.publish(room, {"k": "dot", "n": number})
            await asyncio.sleep(max(0.0, began + number * period_s - time.monotonic()))

    async def _watch(self) -> None:
        while True:
            state = str(self._bus.state)
            if not self._told.states or self._told.states[-1][1] != state:
                self._told.states.append((time.monotonic(), state))
            await asyncio.sleep(WATCH_S)

    def _on_message(self, room: str, message: dict[str, Any]) -> None:
        self._told.heard.setdefault(room, []).append((message["n"], time.monotonic()))

    async def _on_resync(self, rooms: list[str]) -> None:
        self._told.resynced.append((time.monotonic(), rooms))


def room_name(number: int) -> str:
    """A job's room; by their names they fall on all servers."""
    return f"job:{number}"


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _obey(node: ClusterNode, order: str, *words: str) -> str:
    if order == "listen":
        await node.listen()
    elif order == "talk":
        node.talk(float(words[0]))
    elif order == "hush":
        await node.hush()
    else:
        return msgspec.json.encode(await node.tell()).decode()
    return "done"


async def _main(url: str, number: int, nodes: int, rooms: int) -> None:
    node = ClusterNode(url, number, nodes, rooms)
    await node.start()
    answer = "ready"
    while True:
        print(answer, flush=True)
        order = await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        if not order:
            break
        answer = await _obey(node, *order.split())
    await node.aclose()


if __name__ == "__main__":
    uvloop.run(_main(sys.argv[1], *map(int, sys.argv[2:])))
