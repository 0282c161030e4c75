"""Running the stand-ins: one thread with one event loop, one port for each service."""

from __future__ import annotations

import asyncio
import itertools
import random
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from tracker.stand_ins.clock import Clock
from tracker.stand_ins.control_service import ControlService
from tracker.stand_ins.stripe import control as stripe_control
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

    def serve(self, service: Service, port: int | None = None) -> str:
        """Listen on 127.0.0.1; returns the address. Raises OSError when the wanted port is taken."""
        for attempt in range(50):
            wanted = port or random.randint(*PORTS)
            try:
                self._servers.append(self.run(listen(service, wanted, self._open_ones)))
            except OSError:
                if port or attempt == 49:
                    raise
                continue
            return f"http://127.0.0.1:{wanted}"
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
    """The running stand-ins. `control_url` is where other processes control them."""

    def __init__(self, loop: Loop, first_port: int | None = None) -> None:
        """Ports are chosen, or `first_port` and those after it. Raises OSError when one is taken."""
        ports = itertools.count(first_port) if first_port else itertools.repeat(None)
        self.clock = Clock()
        self.stripe = Stripe(self.clock)
        self.stripe.service.state.pay_url = loop.serve(self.stripe.service, next(ports))
        self.control = ControlService()
        self.control_url = loop.serve(self.control, next(ports))
        self.control.offer("clock", self, ("advance",))
        self.control.offer("stripe", self.stripe, stripe_control.BY_HTTP)
        self.control.offer_faults("stripe", self.stripe.faults)

    def env(self) -> dict[str, str]:
        """The settings of a Tracker that uses them."""
        return {
            "STRIPE_API_URL": self.stripe.url,
            "STRIPE_SECRET_KEY": self.stripe.secret_key,
            "STRIPE_WEBHOOK_SECRET": self.stripe.webhooks.secret,
        }

    def advance(self, seconds: float) -> None:
        """Let time pass for all of them: holds and sessions end, keys are forgotten."""
        self.clock.advance(seconds)
        self.stripe.service.let_time_pass()

    def close(self) -> None:
        """End the couriers."""
        self.stripe.webhooks.courier.stop()


@contextmanager
def running_stand_ins() -> Iterator[StandIns]:
    """The stand-ins on free ports, until the block ends."""
    loop = Loop()
    try:
        stand_ins = StandIns(loop)
        try:
            yield stand_ins
        finally:
            stand_ins.close()
    finally:
        loop.stop()
