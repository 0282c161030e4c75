"""This project's engine in the live bench, with the same tiny relay on top as the peers have.

`python -m bench.peers.ours PORT PING_S [REDIS_URL]`. With a URL, heartbeats also go through the project's
bus. A heartbeat for the room `ticks` is gathered by `rooms.fleet` and told once a second, as dispatch
screens are. The generator plays many phones through few sockets, so the rate limits are lifted. Python's
collector is set as `tracker serve` sets it.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any

import uvicorn

from rooms.bus import Bus
from rooms.engine import Engine, uvicorn_options
from rooms.fleet import Fleet
from rooms.limits import Limits
from rooms.names import fleet_cells_over
from rooms.open_bus import new_node_id, open_bus
from rooms.server import BEAT_S
from tracker.collector import quieten_collector

UNLIMITED = 1e6
TOWN = (-0.2, 51.45, -0.05, 51.55)  # where the generator's phones drive
Session = list[str]  # the rooms a socket hears


class Relay:
    """The tiny application."""

    def __init__(self, bus: Bus, limits: Limits) -> None:
        self.engine = Engine(
            on_connect=self._on_connect,
            on_event=self._on_event,
            on_disconnect=self._on_disconnect,
            allowed_origins=None,
            limits=limits,
        )
        self.engine.on_heartbeat = self._on_heartbeat
        self._bus = bus
        self._fleet = Fleet(self.engine, bus)
        bus.on_message = lambda room, message: self._tell(room, message["p"])

    async def start(self) -> None:
        """Connect the bus and start the fleet's clock."""
        await self._bus.start()
        self._clock = asyncio.create_task(self._run_clock())

    async def _run_clock(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            self._fleet.publish()
            await asyncio.sleep(BEAT_S)
            self._fleet.publish()
            self._fleet.tick()

    async def _on_connect(self, sid: str, auth: dict[str, Any], _environ: dict[str, Any]) -> Session:
        rooms: Session = auth.get("watch", [])
        for room in rooms:
            if room == "ticks":
                await self._fleet.watch(sid, fleet_cells_over(*TOWN))
            else:
                await self._bus.subscribe(room)
                self.engine.enter(sid, room)
        return rooms

    def _on_disconnect(self, sid: str, rooms: Session, _reason: str) -> None:
        self._fleet.unwatch(sid)
        for room in rooms:
            self._bus.unsubscribe(room)

    async def _on_event(
        self, _sid: str, _rooms: Session, _event: str, _data: dict[str, Any]
    ) -> dict[str, Any]:
        return {"ok": False}

    def _on_heartbeat(
        self, _sid: str, _rooms: Session, data: dict[str, Any], reply: Callable[[dict[str, Any]], None]
    ) -> None:
        room = data["room"]
        if room == "ticks":
            self._fleet.saw(data["job_id"], {"pro_id": data["job_id"], **data})
        else:
            self._tell(room, data)
            self._bus.publish(room, {"p": data})
        reply({"ok": True})

    def _tell(self, room: str, data: dict[str, Any]) -> None:
        self.engine.broadcast(room, "location_update", data, droppable=True, key=room)


async def serve(port: int, ping_s: int, redis_url: str | None) -> None:
    """Serve until ended."""
    limits = Limits(
        ping_interval_s=ping_s,
        messages_per_s=UNLIMITED,
        messages_burst=int(UNLIMITED),
        handshakes_per_s=UNLIMITED,
        handshakes_burst=int(UNLIMITED),
    )
    relay = Relay(open_bus(redis_url, "the secret of a benchmark", new_node_id()), limits)
    await relay.start()
    quieten_collector()
    config = uvicorn.Config(
        relay.engine.asgi,
        host="127.0.0.1",
        port=port,
        lifespan="off",
        log_level="warning",
        **uvicorn_options(limits),
    )
    await uvicorn.Server(config).serve()


def main() -> None:
    """Run on the loop the product runs on."""
    import uvloop

    port, ping_s, *redis_url = sys.argv[1:]
    uvloop.run(serve(int(port), int(ping_s), redis_url[0] if redis_url else None))


if __name__ == "__main__":
    main()
