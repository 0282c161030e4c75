"""Publishing: what is said goes out at once when little is said, and together when much is.

The task holds one connection. What is said less than 8 ms after the last write waits for the rest of them, so
that a busy node pays the kernel and Redis once for many messages. Nothing waits for an answer, but each is
counted: when one takes longer than 250 ms, or is an error, the breaker opens. What is unanswered is then
dropped and counted, and so is what is said until a new connection has answered. The channels on which
something was lost are remembered, and told "I may have lost messages here" first thing afterwards, so that
their hearers read the database. Whether what was unanswered was carried out is unknown; it counts as dropped.
In a cluster a server may refuse a channel that has moved: what was said on it is lost in the same way, and
the rest is not.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Final

from redis.exceptions import InvalidResponse, ResponseError

from rooms.bus import Message
from rooms.redis_bus.codec import BusCodec, UnsendableError
from rooms.redis_bus.link import BROKEN, Dialer, Link, backoff_s, reason
from rooms.redis_bus.replies import Refusal, Reply
from rooms.redis_bus.stream import Stream
from rooms.redis_bus.tally import Tally

ANSWER_TIMEOUT_S: Final = 0.25
SECOND_LOOK_S: Final = 0.01  # a loop that was stalled has not read yet what came in time
GATHER_S: Final = 0.008  # what it costs watchers on other nodes, and only on a busy node
FLUSH_MESSAGES: Final = 512  # in one write: a few ms of this process's time
MAX_WAITING_BYTES: Final = 8 * 1024 * 1024  # unanswered and to be sent
MAX_LOST_CHANNELS: Final = 20_000  # remembered; more rooms than that in one outage are not told

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Said:
    """A message on its way. `counts` is False for the canary, which nobody misses."""

    channel: bytes
    raw: bytes
    counts: bool
    sent_at: float = 0.0


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
        self._waiting: deque[_Said] = deque()
        self._unanswered: deque[_Said] = deque()
        self._bytes = 0
        self._lost: set[bytes] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._loop = asyncio.get_running_loop()
        self._flush_at: asyncio.Handle | None = None
        self._check_at: asyncio.TimerHandle | None = None
        self._flushed_s = 0.0
        self._failures = 0  # in a row, without an answer between
        self._link: Link | None = None
        self._stream: Stream | None = None  # while it stands

    @property
    def standing(self) -> bool:
        """Whether what is said now will be sent."""
        return self._stream is not None

    def publish(self, channel: bytes, message: Message | None) -> None:
        """Send soon, or drop and count. None says that something may have been lost on the channel."""
        if self._stream is None:
            return self._lose(channel)
        try:
            sealed = self._codec.seal(channel, message)
        except UnsendableError as error:
            self._tally.dropped += 1
            logger.error("a message on %r is not published: %s", channel, error)
            return None
        if self._bytes + len(sealed) > MAX_WAITING_BYTES:
            return self._lose(channel)
        return self._say(_Said(channel, sealed, counts=True))

    def ask(self) -> None:
        """Say something on the node's own channel, once the connection stands."""
        if self._stream is None:
            self._canary_due = True
        else:
            self._say(_Said(self.canary, self._codec.seal(self.canary, None), counts=False))

    def tell_lost(self, channel: bytes) -> None:
        """Tell those who hear the channel that they may have missed something, as soon as that can be."""
        if self.standing:
            self.publish(channel, None)
        else:
            self._remember(channel)

    def take_lost(self) -> set[bytes]:
        """The channels that are still to be told of losses. Theirs is another publisher from now on."""
        lost, self._lost = self._lost, set()
        return lost

    async def drain(self, within_s: float) -> None:
        """Wait until everything published so far was answered or dropped, `within_s` at most."""
        try:
            await asyncio.wait_for(self._idle.wait(), within_s)
        except TimeoutError:
            logger.warning("%d messages were not sent before the end", len(self._waiting))

    async def renew(self) -> None:
        """Give the connection up, because what is said on it is not heard; `run` makes a new one."""
        if self._stream is not None:
            self._stream.end(ConnectionError("what is said here is not heard"))

    async def run(self) -> None:
        """Connect and send, again and again, until cancelled."""
        while True:
            try:
                self._link = await self._dialer.dial()
                await self._tell_losses(self._link)
                self._stream = self._link.stream(self._answered)
                if self._canary_due:
                    self._canary_due = False
                    self.ask()
                raise await self._stream.broken()
            except Exception as error:
                if not isinstance(error, BROKEN):
                    logger.exception("publishing met a surprise; connecting again")
                elif not self._failures:
                    place = self._dialer.place
                    logger.warning("publishing stops until Redis at %s answers: %s", place, reason(error))
            finally:
                self._stream = None
                self._drop_waiting()
                if self._link is not None:
                    await self._link.close()
                    self._link = None
            self._on_doubt()
            self._failures += 1
            await asyncio.sleep(backoff_s(self._failures))

    async def _tell_losses(self, link: Link) -> None:
        refused: list[bytes] = []
        try:
            while self._lost:
                some = list(islice(self._lost, FLUSH_MESSAGES))
                self._lost.difference_update(some)  # before: what is lost meanwhile is told again
                try:
                    notices = [(channel, self._codec.seal(channel, None)) for channel in some]
                    refused += await link.publish(notices, ANSWER_TIMEOUT_S)
                except BaseException:
                    self._lost.update(some)
                    raise
        finally:
            if refused:
                self._lost.update(refused)
                self._on_doubt()

    def _say(self, said: _Said) -> None:
        self._waiting.append(said)
        self._bytes += len(said.raw)
        self._idle.clear()
        if self._flush_at is None:
            due = self._flushed_s + GATHER_S
            busy = due > self._loop.time()
            self._flush_at = (
                self._loop.call_at(due, self._flush) if busy else self._loop.call_soon(self._flush)
            )

    def _flush(self) -> None:
        """One write of what waits."""
        self._flush_at = None
        if self._stream is None or self._link is None:
            return
        now = self._flushed_s = self._loop.time()
        batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), FLUSH_MESSAGES))]
        for said in batch:
            said.sent_at = now
        self._unanswered.extend(batch)
        self._stream.write(b"".join(self._link.packed(said.channel, said.raw) for said in batch))
        if self._waiting:
            self._flush_at = self._loop.call_soon(self._flush)
        if self._check_at is None:
            self._check_at = self._loop.call_at(now + ANSWER_TIMEOUT_S, self._check, None)

    def _check(self, suspect: _Said | None) -> None:
        """Open the breaker when the oldest answer is overdue, at the second look."""
        self._check_at = None
        if not self._unanswered or self._stream is None:
            return
        oldest = self._unanswered[0]
        due = oldest.sent_at + ANSWER_TIMEOUT_S
        if oldest is suspect:
            self._stream.end(TimeoutError("no answer in time"))
        elif due <= self._loop.time():
            self._check_at = self._loop.call_later(SECOND_LOOK_S, self._check, oldest)
        else:
            self._check_at = self._loop.call_at(due, self._check, None)

    def _answered(self, reply: Reply) -> None:
        """One answer, to the oldest message that has none. Raises ResponseError for a refusal of it."""
        if not self._unanswered or self._link is None:
            raise InvalidResponse("The server answered what it was not asked.")
        said = self._unanswered.popleft()
        self._bytes -= len(said.raw)
        if not self._unanswered and not self._waiting:
            self._idle.set()
        if isinstance(reply, int):
            self._tally.published += said.counts
            self._failures = 0
            return
        if said.counts:
            self._lose(said.channel)
        if not isinstance(reply, Refusal):
            raise InvalidResponse("The server does not say how many heard it.")
        if not self._link.is_elsewhere(reply):
            raise ResponseError(reply.text)
        self._on_doubt()

    def _drop_waiting(self) -> None:
        for handle in (self._flush_at, self._check_at):
            if handle is not None:
                handle.cancel()
        self._flush_at = self._check_at = None
        for said in (*self._unanswered, *self._waiting):
            if said.counts:
                self._lose(said.channel)
        self._unanswered.clear()
        self._waiting.clear()
        self._bytes = 0
        self._idle.set()

    def _lose(self, channel: bytes) -> None:
        self._tally.dropped += 1
        self._remember(channel)

    def _remember(self, channel: bytes) -> None:
        if len(self._lost) < MAX_LOST_CHANNELS:
            self._lost.add(channel)
