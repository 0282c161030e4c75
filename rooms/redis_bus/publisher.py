"""Publishing: everything said within one loop tick goes out in one round trip, or not at all.

The task holds one connection. While it stands, messages wait (bounded) for the round trip under way; a
round trip that takes longer than 250 ms, or any error, opens the breaker: what waits is dropped and counted,
and so is what is said until a new connection has answered. The channels on which something was lost are
remembered, and told "I may have lost messages here" first thing afterwards, so that their hearers read the
database. Whether a lost round trip was carried out is unknown; it counts as dropped. In a cluster a server
may refuse a channel that has moved: what was said on it is lost in the same way, and the rest is not.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Final

from rooms.bus import Message
from rooms.redis_bus.codec import BusCodec, UnsendableError
from rooms.redis_bus.link import BROKEN, Dialer, Link, backoff_s, reason
from rooms.redis_bus.tally import Tally

FLUSH_TIMEOUT_S: Final = 0.25
FLUSH_MESSAGES: Final = 512  # in one round trip: about 10 ms of this process's time
MAX_WAITING_BYTES: Final = 8 * 1024 * 1024  # for the round trip under way
MAX_LOST_CHANNELS: Final = 20_000  # remembered; more rooms than that in one outage are not told

logger = logging.getLogger(__name__)


class Publisher:
    """Says messages on channels (as Redis names them). `run` is its task; `publish` never waits.

    `canary` is this node's own channel: `ask` says nothing on it, and hearing that proves both ways.
    `on_doubt` is called when this may no longer be the server to talk to: in a cluster, another took over.
    """

    def __init__(self, dialer: Dialer, codec: BusCodec, tally: Tally, on_doubt: Callable[[], None]) -> None:
        self._dialer = dialer
        self._codec = codec
        self.canary = b""
        self._tally = tally
        self._on_doubt = on_doubt
        self._canary_due = False
        self._waiting: deque[tuple[bytes, bytes]] = deque()
        self._waiting_bytes = 0
        self._lost: set[bytes] = set()
        self._standing = False
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._link: Link | None = None

    @property
    def standing(self) -> bool:
        """Whether what is said now will be sent."""
        return self._standing

    def publish(self, channel: bytes, message: Message | None) -> None:
        """Send soon, or drop and count. None says that something may have been lost on the channel."""
        if not self._standing:
            return self._lose(channel)
        try:
            sealed = self._codec.seal(channel, message)
        except UnsendableError as error:
            self._tally.dropped += 1
            logger.error("a message on %r is not published: %s", channel, error)
            return None
        if self._waiting_bytes + len(sealed) > MAX_WAITING_BYTES:
            return self._lose(channel)
        self._waiting.append((channel, sealed))
        self._waiting_bytes += len(sealed)
        self._idle.clear()
        self._wake.set()
        return None

    def ask(self) -> None:
        """Say something on the node's own channel with the next round trip."""
        self._canary_due = True
        self._wake.set()

    def tell_lost(self, channel: bytes) -> None:
        """Tell those who hear the channel that they may have missed something, as soon as that can be."""
        if self._standing:
            self.publish(channel, None)
        else:
            self._remember(channel)

    def take_lost(self) -> set[bytes]:
        """The channels that are still to be told of losses. Theirs is another publisher from now on."""
        lost, self._lost = self._lost, set()
        return lost

    async def drain(self, within_s: float) -> None:
        """Wait until everything published so far was sent or dropped, `within_s` at most."""
        try:
            await asyncio.wait_for(self._idle.wait(), within_s)
        except TimeoutError:
            logger.warning("%d messages were not sent before the end", len(self._waiting))

    async def renew(self) -> None:
        """Give the connection up, because what is said on it is not heard; `run` makes a new one."""
        if self._link is not None:
            await self._link.close()
            self.ask()  # fails, which is how `run` notices

    async def run(self) -> None:
        """Connect and send, again and again, until cancelled."""
        failures = 0
        while True:
            try:
                self._link = await self._dialer.dial()
                await self._tell_losses(self._link)
                self._standing = True
                while True:
                    await self._wake.wait()
                    await self._flush(self._link)
                    failures = 0
            except Exception as error:
                if not isinstance(error, BROKEN):
                    logger.exception("publishing met a surprise; connecting again")
                elif not failures:
                    place = self._dialer.place
                    logger.warning("publishing stops until Redis at %s answers: %s", place, reason(error))
            finally:
                self._standing = False
                self._drop_waiting()
                if self._link is not None:
                    await self._link.close()
                    self._link = None
            self._on_doubt()
            failures += 1
            await asyncio.sleep(backoff_s(failures))

    async def _tell_losses(self, link: Link) -> None:
        refused: list[bytes] = []
        try:
            while self._lost:
                some = list(islice(self._lost, FLUSH_MESSAGES))
                self._lost.difference_update(some)  # before: what is lost meanwhile is told again
                try:
                    notices = [(channel, self._codec.seal(channel, None)) for channel in some]
                    refused += await link.publish(notices, FLUSH_TIMEOUT_S)
                except BaseException:
                    self._lost.update(some)
                    raise
        finally:
            if refused:
                self._lost.update(refused)
                self._on_doubt()

    async def _flush(self, link: Link) -> None:
        """One round trip; the wake-up stays set while more is waiting."""
        self._wake.clear()
        if self._canary_due:
            self._canary_due = False
            canary = (self.canary, self._codec.seal(self.canary, None))
            if await link.publish([canary], FLUSH_TIMEOUT_S):
                self._on_doubt()
        batch = list(islice(self._waiting, FLUSH_MESSAGES))
        if batch:  # stays waiting until it is answered; when that fails it is lost with the rest
            refused = await link.publish(batch, FLUSH_TIMEOUT_S)
            for _ in batch:
                self._waiting_bytes -= len(self._waiting.popleft()[1])
            self._tally.published += len(batch) - len(refused)
            if refused:
                for channel in refused:
                    self._lose(channel)
                self._on_doubt()
        if self._waiting:
            self._wake.set()
        else:
            self._idle.set()

    def _drop_waiting(self) -> None:
        for channel, _ in self._waiting:
            self._lose(channel)
        self._waiting.clear()
        self._waiting_bytes = 0
        self._idle.set()

    def _lose(self, channel: bytes) -> None:
        self._tally.dropped += 1
        self._remember(channel)

    def _remember(self, channel: bytes) -> None:
        if len(self._lost) < MAX_LOST_CHANNELS:
            self._lost.add(channel)
