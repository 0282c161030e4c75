"""A node with nothing but a bus, as a process: `python -m bench.bus_node URL FIRST_ROOM ROOMS`.

It subscribes to its rooms and says `ready` on stdout; then each line on stdin is an order with one line of
answer: `say FIRST_ROOM ROOMS MESSAGES PER_SECOND` publishes, `count` tells how many were heard. It ends with
stdin.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

import uvloop

from rooms.bus import BusState
from rooms.redis_bus import RedisBus

SECRET = b"the bench's"
TICK_S = 0.005
SUBSCRIBE_AT_ONCE = 200
# The size of a `location_update`.
DOT: dict[str, Any] = {"k": "dot", "key": "0" * 36, "payload": {"text": "x" * 160, "lat": 53.4, "lng": -2.2}}


async def _main(url: str, first: int, rooms: int) -> None:
    bus = RedisBus(url, SECRET, "bench")
    await bus.start()
    names = [f"job:{number}" for number in range(first, first + rooms)]
    for start in range(0, rooms, SUBSCRIBE_AT_ONCE):
        await asyncio.gather(*map(bus.subscribe, names[start : start + SUBSCRIBE_AT_ONCE]))
    answer = "ready" if bus.state is BusState.UP else f"its bus is {bus.state}"
    while True:
        print(answer, flush=True)
        order = await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        if not order:
            break
        if order.startswith("say"):
            await _say(bus, *map(int, order.split()[1:]))
        answer = str(bus.stats()["received"])
    await bus.aclose()


async def _say(bus: RedisBus, first: int, rooms: int, messages: int, per_second: int) -> None:
    began = time.monotonic()
    for number in range(messages):
        bus.publish(f"job:{first + number % rooms}", DOT)
        ahead_s = number / per_second - (time.monotonic() - began)
        if ahead_s > 0:
            await asyncio.sleep(max(ahead_s, TICK_S))


if __name__ == "__main__":
    uvloop.run(_main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
