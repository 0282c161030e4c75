"""Hearing: one connection that is subscribed to the wanted channels and to the node's own, the canary's.

Something is said on the canary's channel every second through the publisher. Three in a row unheard mean
that the node is deaf, whatever the sockets look like: the server is frozen, or does not pass messages on.
Then, as after any error, the connection is closed and a new one made; the canary's channel is subscribed
last, so hearing the first canary proves that every wanted channel is heard again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final

from rooms.redis_bus.channels import Channels
from rooms.redis_bus.link import BROKEN, MESSAGE, REFUSED, TAKEN, Dialer, Link, backoff_s, reason
from rooms.redis_bus.stream import Stream
from rooms.redis_bus.tally import Tally

CANARY_EVERY_S: Final = 1.0
CANARY_FIRST_EVERY_S: Final = 0.1  # until the first one is heard
DEAF_AFTER_S: Final = 3.0  # three canaries; counted in sleeps, so a stalled loop does not look like it

logger = logging.getLogger(__name__)


class DeafError(ConnectionError):
    """What this node publishes does not come back to it."""


class Subscriber:
    """Keeps the wanted channels (as Redis names them) subscribed. `run` is its task.

    `on_heard(channel, raw)` gets every message of the wanted channels. `on_missed(channels)` is told where
    something may have been missed. `ask` sends a canary; `on_deaf` is awaited when three were not heard.
    `on_doubt` is called when this may no longer be the server to listen to: in a cluster, another took over.
    """

    def __init__(
        self,
        dialer: Dialer,
        tally: Tally,
        *,
        on_heard: Callable[[bytes, bytes], None],
        on_missed: Callable[[Iterable[bytes]], None],
        on_doubt: Callable[[], None],
        ask: Callable[[], None],
        on_deaf: Callable[[], Awaitable[None]],
    ) -> None:
        self._dialer = dialer
        self._tally = tally
        self._canary = b""
        self._canary_told = b""
        self._on_heard = on_heard
        self._on_missed = on_missed
        self._on_doubt = on_doubt
        self._ask = ask
        self._on_deaf = on_deaf
        self._connected = False
        self._connected_before = False
        self._canary_heard = False
        self.channels = Channels()
        self.up = asyncio.Event()

    @property
    def hears_all(self) -> bool:
        """Whether every wanted channel is heard, or will be as soon as the server answers."""
        return self.up.is_set() and self.channels.is_complete()

    async def confirmed(self, channel: bytes, within_s: float) -> None:
        """Wait until the server confirmed a wanted channel; not at all while there is no server.

        A confirmation later than `within_s` is told to `on_missed`; a reconnect tells all of them anyway.
        """
        state = self.channels.get(channel)
        if state.confirmed.is_set() or not self._connected:
            return
        try:
            await asyncio.wait_for(state.confirmed.wait(), within_s)
        except TimeoutError:
            state.late = True

    def use_canary(self, canary: bytes) -> None:
        """Listen to another channel of one's own: the slot of the old one has moved."""
        self._canary = canary
        self.channels.changed.set()

    def heard_canary(self) -> None:
        """What this node said came back: it is up, and after a reconnect everything may have been missed."""
        self._canary_heard = True
        if self.up.is_set():
            return
        self.up.set()
        logger.info("the bus is up at %s", self._dialer.place)
        self._on_missed(self.channels.wanted())

    async def run(self) -> None:
        """Connect and hear, again and again, until cancelled."""
        failures = 0
        while True:
            try:
                link = await self._dialer.dial()
                try:
                    await self._listen(link)
                finally:
                    await link.close()
            except Exception as error:
                if not isinstance(error, BROKEN):
                    logger.exception("the bus met a surprise; connecting again")
                elif self.up.is_set() or not failures:
                    place = self._dialer.place
                    logger.warning("the bus is deaf until Redis at %s answers: %s", place, reason(error))
                if isinstance(error, DeafError):
                    await self._on_deaf()
            finally:
                failures = 1 if self.up.is_set() else failures + 1
                self._forget()
            self._on_doubt()
            await asyncio.sleep(backoff_s(failures))

    async def _listen(self, link: Link) -> None:
        """Serve one connection until something on it breaks. Raises what broke."""
        self._tally.reconnects += self._connected_before
        self._connected = self._connected_before = True
        # No TaskGroup: it forgets that it was cancelled when the connection breaks in the same moment.
        stream = link.stream(lambda said: self._hear(link.sort(said)))
        tasks = [asyncio.create_task(work) for work in (self._tell(link), self._watch(), _end_of(stream))]
        try:
            broken, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            broken.pop().result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _tell(self, link: Link) -> None:
        """Say which channels are wanted: all of them and then the canary's, later the changes."""
        while True:
            subscribe, unsubscribe = self.channels.take_changes()
            if subscribe or unsubscribe:
                await link.tell(subscribe, unsubscribe)
            if self._canary_told != self._canary:
                self._canary_told = self._canary
                await link.tell([self._canary], [])
            await self.channels.changed.wait()

    def _hear(self, said: Sequence[Any]) -> None:
        kind, name, data = said
        if kind == MESSAGE:
            self._on_heard(name, data)
        elif kind in (REFUSED, TAKEN):
            self.channels.refused(name, taken=kind == TAKEN)
            if name == self._canary:
                self._canary_told = b""
            self._on_doubt()
        elif self.channels.answered(name) and self.up.is_set():
            self._on_missed([name])

    async def _watch(self) -> None:
        """Ask for a canary every second. Raises DeafError when none was heard for three."""
        silent_s = 0.0
        while silent_s < DEAF_AFTER_S:
            self._ask()
            every_s = CANARY_EVERY_S if self.up.is_set() else CANARY_FIRST_EVERY_S
            await asyncio.sleep(every_s)
            silent_s = 0.0 if self._canary_heard else silent_s + every_s
            self._canary_heard = False
        raise DeafError("its own messages do not come back")

    def ask_refused_again(self) -> None:
        """Ask once more for what the server refused, because it is the owner after all."""
        self.channels.ask_refused_again()
        if self._connected and not self._canary_told:
            self.channels.changed.set()

    def _forget(self) -> None:
        """The connection is gone, and with it every subscription."""
        self.up.clear()
        self._connected = False
        self._canary_heard = False
        self._canary_told = b""
        self.channels.start_over()


async def _end_of(stream: Stream) -> None:
    """Raises what ended the connection."""
    raise await stream.broken()
