"""The bus between processes: one Redis channel per room, subscribed only where somebody is in the room.

Read `redis_bus_publisher.py` and `redis_bus_subscriber.py` next; each owns one connection and one task.
Here they are put together: messages are sealed and opened (`bus_codec.py`), and what may have been missed
is given to `on_resync` until that succeeds. Redis holds nothing that cannot be rebuilt.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Final

from rooms.bus import Bus, BusState, BusStats, Message
from rooms.bus_codec import BusCodec, ForgedError, StaleError, UnknownVersionError
from rooms.redis_bus_link import Dialer
from rooms.redis_bus_publisher import Publisher
from rooms.redis_bus_subscriber import Subscriber

PREFIX: Final = b"tracker:1:"
CANARY_PREFIX: Final = b"tracker:1:!canary:"  # no room's name begins with "!"
START_PATIENCE_S: Final = 1.0
SUBSCRIBE_PATIENCE_S: Final = 0.25
DRAIN_PATIENCE_S: Final = 0.25
RESYNC_AGAIN_S: Final = 1.0

logger = logging.getLogger(__name__)


def _name(channel: str) -> bytes:
    """The channel as Redis knows it. Any text is a name, also a broken one out of a token's `sub`."""
    return PREFIX + channel.encode(errors="surrogatepass")


def _channel(name: bytes) -> str:
    return name.removeprefix(PREFIX).decode(errors="surrogatepass")


class RedisBus(Bus):
    """A bus over Redis or Valkey (protocol of Redis 7 or later).

    `secret` signs the messages and is the same on all nodes. `node_id` names the connections in CLIENT LIST;
    two buses are two nodes even when they share it. Raises ValueError for a URL that is none.
    """

    def __init__(self, url: str, secret: bytes, node_id: str) -> None:
        super().__init__()
        self._codec = BusCodec(secret)
        self._canary = CANARY_PREFIX + self._codec.sender.hex().encode()
        dialer = Dialer(url, f"tracker:{node_id}")
        self._publisher = Publisher(dialer, self._codec, self._canary)
        self._subscriber = Subscriber(
            dialer,
            self._canary,
            on_heard=self._heard,
            on_missed=self._missed,
            ask=self._publisher.ask,
            on_deaf=self._publisher.renew,
        )
        self._owed: set[str] = set()
        self._owes = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._received = 0
        self._forged = 0
        self._unknown_version = 0
        self._stale = 0

    async def start(self) -> None:
        """Begin to connect. Returns when the bus is up, or after a second without it; never raises."""
        self._tasks = [
            asyncio.create_task(self._publisher.run(), name="bus publisher"),
            asyncio.create_task(self._subscriber.run(), name="bus subscriber"),
            asyncio.create_task(self._resync(), name="bus resync"),
        ]
        try:
            await asyncio.wait_for(self._subscriber.up.wait(), START_PATIENCE_S)
        except TimeoutError:
            logger.warning("started without Redis: other nodes are not heard yet")

    async def aclose(self) -> None:
        """Send what waits (250 ms at most), then close every connection and end every task."""
        await self._publisher.drain(DRAIN_PATIENCE_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    def publish(self, channel: str, message: Message) -> None:
        """Tell the other nodes, soon. Never blocks and never raises; what cannot be sent is counted."""
        self._publisher.publish(_name(channel), message)

    async def subscribe(self, channel: str) -> None:
        """Hear a channel from now on. Returns when Redis confirmed it, after 250 ms at most."""
        name = _name(channel)
        if self._hold(channel):
            self._subscriber.want(name)
        try:
            await self._subscriber.confirmed(name, SUBSCRIBE_PATIENCE_S)
        except asyncio.CancelledError:
            self.unsubscribe(channel)
            raise

    def unsubscribe(self, channel: str) -> None:
        """Give one `subscribe` back; after the last one the channel is no longer heard."""
        if self._let_go(channel):
            self._subscriber.unwant(_name(channel))

    @property
    def state(self) -> BusState:
        """Up while the node's own words come back to it, else deaf."""
        return BusState.UP if self._subscriber.up.is_set() else BusState.DEAF

    def stats(self) -> BusStats:
        """The counts since the start."""
        return BusStats(
            state=self.state,
            channels=len(self._held),
            published=self._publisher.published,
            dropped=self._publisher.dropped,
            received=self._received,
            forged=self._forged,
            unknown_version=self._unknown_version,
            stale=self._stale,
            reconnects=max(0, self._subscriber.connections - 1),
        )

    def _heard(self, name: bytes, raw: bytes) -> None:
        """Sort out what came on a subscribed channel."""
        own = self._codec.is_own(raw)
        if own and name != self._canary:
            return  # an echo: this node's sockets have heard it already
        channel = _channel(name)
        try:
            heard = self._codec.open(name, raw)
        except ForgedError:
            self._forged += 1
        except UnknownVersionError:
            self._unknown_version += 1
        except StaleError:
            self._stale += 1
        else:
            if own:
                self._subscriber.heard_canary()
            elif channel not in self._held:
                return  # said before the server read our UNSUBSCRIBE
            elif heard.message is None:
                self._missed([name])
            else:
                self._deliver(channel, heard.message)

    def _deliver(self, channel: str, message: Message) -> None:
        self._received += 1
        try:
            self.on_message(channel, message)
        except Exception:
            logger.exception("a message on %s could not be delivered", channel)

    def _missed(self, names: Iterable[bytes]) -> None:
        self._owed.update(_channel(name) for name in names)
        if self._owed:
            self._owes.set()

    async def _resync(self) -> None:
        """Give what may have been missed to `on_resync`, all at once, and again when that fails."""
        while True:
            await self._owes.wait()
            self._owes.clear()
            channels = sorted(self._owed & self._held.keys())
            self._owed.clear()
            if not channels:
                continue
            try:
                await self.on_resync(channels)
            except Exception:
                logger.exception("%d channels could not be read again; trying again", len(channels))
                self._owed.update(channels)
                self._owes.set()
                await asyncio.sleep(RESYNC_AGAIN_S)
