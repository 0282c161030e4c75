"""Running the stand-ins: one thread with one event loop, one port for each service."""

from __future__ import annotations

import asyncio
import itertools
import random
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from tracker.messages.vapid import new_private_key, public_key_of
from tracker.stand_ins import push, sendgrid
from tracker.stand_ins.clock import Clock
from tracker.stand_ins.control_service import ControlService
from tracker.stand_ins.push import PushService
from tracker.stand_ins.sendgrid import SendGrid
from tracker.stand_ins.smtp import MAX_MAIL_BYTES, SmtpServer
from tracker.stand_ins.stripe import control as stripe_control
from tracker.stand_ins.stripe.control import Stripe
from tracker.stand_ins.twilio import control as twilio_control
from tracker.stand_ins.twilio.control import Twilio
from tracker.stand_ins.wire import Connection, Service, connections

T = TypeVar("T")
PORTS = (10_000, 32_000)  # below the kernel's own, which are from 32768
START_PATIENCE_S = 10.0
HOST = "127.0.0.1"


class Loop:
    """An event loop in a thread of its own, and the servers in it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="stand-ins", daemon=True)
        self._servers: list[asyncio.Server] = []
        self._open_ones: set[Connection] = set()
        self._talks: set[asyncio.Task[None]] = set()
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run in the loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(START_PATIENCE_S)

    def serve(self, service: Service, port: int | None) -> str:
        """Serve HTTP; returns the address. Raises OSError when the wanted port is taken."""

        async def listen(on: int) -> asyncio.Server:
            return await self._loop.create_server(connections(service, self._open_ones), HOST, on)

        return f"http://{HOST}:{self._listen(listen, port)}"

    def serve_mail(self, server: SmtpServer, port: int | None) -> str:
        """Serve SMTP; returns the address. Raises OSError when the wanted port is taken."""

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._talks.add(task)
            try:
                await server.serve(reader, writer)
            finally:
                self._talks.discard(task)

        async def listen(on: int) -> asyncio.Server:
            return await asyncio.start_server(talk, HOST, on, limit=MAX_MAIL_BYTES)

        return f"smtp://{HOST}:{self._listen(listen, port)}"

    def stop(self) -> None:
        """Close everything and end the thread."""
        self.run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_PATIENCE_S)
        self._loop.close()

    def _listen(self, listen: Callable[[int], Coroutine[Any, Any, asyncio.Server]], port: int | None) -> int:
        for attempt in itertools.count():
            wanted = port or random.randint(*PORTS)
            try:
                self._servers.append(self.run(listen(wanted)))
            except OSError:
                if port or attempt == 50:
                    raise
                continue
            return wanted
        raise AssertionError("unreachable")

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        for connection in list(self._open_ones):
            await connection.end()
        talks = list(self._talks)
        for talk in talks:
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


class StandIns:
    """The running stand-ins. `control_url` is where other processes control them."""

    def __init__(self, loop: Loop, first_port: int | None = None) -> None:
        """Ports are chosen, or `first_port` and the five after it. Raises OSError when one is taken."""
        ports = itertools.count(first_port) if first_port else itertools.repeat(None)
        self.clock = Clock()
        self.stripe = Stripe(self.clock)
        self.twilio = Twilio(self.clock)
        self.sendgrid = SendGrid()
        self.push = PushService()
        self.smtp = SmtpServer()
        self.control = ControlService()
        self.vapid_private_key = new_private_key()
        self.control_url = loop.serve(self.control, next(ports))
        self.stripe.service.state.pay_url = loop.serve(self.stripe.service, next(ports))
        self.twilio.url = loop.serve(self.twilio.service, next(ports))
        self.sendgrid.url = loop.serve(self.sendgrid, next(ports))
        self.push.url = loop.serve(self.push, next(ports))
        self.smtp.url = loop.serve_mail(self.smtp, next(ports))
        self._offer_controls()

    @property
    def vapid_public_key(self) -> str:
        """What browsers subscribe with."""
        return public_key_of(self.vapid_private_key)

    def env(self, *, mail: str = "sendgrid") -> dict[str, str]:
        """The settings of a Tracker that uses them; mail goes by `sendgrid` or by `smtp`."""
        by_mail = {
            "sendgrid": {"SENDGRID_API_URL": self.sendgrid.url, "SENDGRID_API_KEY": self.sendgrid.api_key},
            "smtp": {"SMTP_URL": self.smtp.url},
        }
        return {
            "STRIPE_API_URL": self.stripe.url,
            "STRIPE_SECRET_KEY": self.stripe.secret_key,
            "STRIPE_WEBHOOK_SECRET": self.stripe.webhooks.secret,
            "TWILIO_API_URL": self.twilio.url,
            "TWILIO_ACCOUNT_SID": self.twilio.account_sid,
            "TWILIO_AUTH_TOKEN": self.twilio.auth_token,
            "TWILIO_FROM": self.twilio.messages.service_number,
            **by_mail[mail],
            "EMAIL_FROM": "hello@company.example",
            "VAPID_PRIVATE_KEY": self.vapid_private_key,
            "VAPID_SUBJECT": "mailto:ops@company.example",
            "PUSH_HOSTS": self.push.url.removeprefix("http://"),
        }

    def advance(self, seconds: float) -> None:
        """Let time pass for all of them: holds and sessions end, keys are forgotten."""
        self.clock.advance(seconds)
        self.stripe.service.let_time_pass()

    def tell_tracker_at(self, public_url: str) -> None:
        """Send webhooks to a Tracker: Stripe's events and texts that come in."""
        self.stripe.send_webhooks_to(f"{public_url}/webhooks/stripe")
        self.twilio.incoming_url = f"{public_url}/webhooks/twilio"

    def close(self) -> None:
        """End the couriers."""
        self.stripe.webhooks.courier.stop()
        self.twilio.callbacks.stop()

    def _offer_controls(self) -> None:
        self.control.offer("all", self, ("advance", "tell_tracker_at"))
        self.control.offer("stripe", self.stripe, stripe_control.BY_HTTP)
        self.control.offer("twilio", self.twilio, twilio_control.BY_HTTP)
        self.control.offer("sendgrid", self.sendgrid, sendgrid.BY_HTTP)
        self.control.offer("push", self.push, push.BY_HTTP)
        for name in ("stripe", "twilio", "sendgrid", "push", "smtp"):
            self.control.offer_faults(name, getattr(self, name).faults)


@contextmanager
def running_stand_ins(first_port: int | None = None) -> Iterator[StandIns]:
    """The stand-ins on free ports, or from `first_port` on, until the block ends.

    Raises OSError when a wanted port is taken.
    """
    loop = Loop()
    try:
        stand_ins = StandIns(loop, first_port)
        try:
            yield stand_ins
        finally:
            stand_ins.close()
    finally:
        loop.stop()
