"""Running the stand-ins: one thread with one event loop, one port for each service."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from tracker.stand_ins.clock import Clock
from tracker.stand_ins.stripe.control import Stripe
from tracker.stand_ins.wire import Connection, Service, listen

T = TypeVar("T")
PORTS = (10_000, 32_000)  # below the kernel's own, which are from 32768
START_PATIENCE_S = 10.0


class Loop:
    """An event loop in a thread of its own, and the servers in it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="stand-ins", daemon=True)
        self._servers: list[asyncio.Server] = []
        self._open_ones: set[Connection] = set()
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run in the loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(START_PATIENCE_S)

    def serve(self, service: Service, port: int | None = None) -> int:
        """Listen on 127.0.0.1; returns the port. Raises OSError when the wanted one is taken."""
        for attempt in range(50):
            wanted = port or random.randint(*PORTS)
            try:
                self._servers.append(self.run(listen(service, wanted, self._open_ones)))
            except OSError:
                if port or attempt == 49:
                    raise
                continue
            return wanted
        raise AssertionError("unreachable")

    def stop(self) -> None:
        """Close everything and end the thread."""
        self.run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_PATIENCE_S)
        self._loop.close()

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        for connection in list(self._open_ones):
            await connection.end()


class StandIns:
    """The running stand-ins."""

    def __init__(self, loop: Loop) -> None:
        self.clock = Clock()
        self.stripe = Stripe(self.clock)
        self.stripe.url = f"http://127.0.0.1:{loop.serve(self.stripe.service)}"

    def env(self) -> dict[str, str]:
        """The settings of a Tracker that uses them."""
        return {
            "STRIPE_API_URL": self.stripe.url,
            "STRIPE_SECRET_KEY": self.stripe.secret_key,
            "STRIPE_WEBHOOK_SECRET": self.stripe.webhook_secret,
        }


@contextmanager
def running_stand_ins() -> Iterator[StandIns]:
    """The stand-ins on free ports, until the block ends."""
    loop = Loop()
    try:
        yield StandIns(loop)
    finally:
        loop.stop()
