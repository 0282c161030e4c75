"""The bus between processes: one Redis channel per room, subscribed only where somebody is in the room.

Read on: `servers.py` (which server a channel belongs to), `lookout.py` (how that is
known), then `publisher.py` and `subscriber.py`, of which each server has one; each owns
one connection and one task. Here messages are sealed and opened (`codec.py`), and what may have been
missed is given to `on_resync` until that succeeds. Redis holds nothing that cannot be rebuilt.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Final

from rooms.bus import Bus, BusState, BusStats, Message
from rooms.redis_bus.codec import BusCodec, ForgedError, StaleError, UnknownVersionError
from rooms.redis_bus.lookout import Lookout
from rooms.redis_bus.server import Server
from rooms.redis_bus.servers import Servers
from rooms.redis_bus.tally import Tally

PREFIX: Final = b"tracker:1:"
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
    """A bus over Redis or Valkey (protocol of Redis 7 or later), one server or a cluster: it asks which.

    `url` may name several servers of one cluster, `redis://user:password@a:6379,b:6379`. `secret` signs the
    messages and is the same on all nodes. `node_id` names the connections in CLIENT LIST; two buses are two
    nodes even when they share it. Raises ValueError for a URL that is none.
    """

    def __init__(self, url: str, secret: bytes, node_id: str) -> None:
        super().__init__()
        name = f"tracker:{node_id}"
        self._codec = BusCodec(secret)
        self._tally = Tally()
        self._servers = Servers(
            url, name, self._codec, self._tally, on_heard=self._heard, on_missed=self._missed
        )
        self._lookout = Lookout(url, name, self._servers)
        self._owed: set[str] = set()
        self._owes = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to connect. Returns when the bus is up, or after a second without it; never raises."""
        self._tasks = [
            asyncio.create_task(self._lookout.run(), name="bus lookout"),
            asyncio.create_task(self._resync(), name="bus resync"),
        ]
        try:
            await asyncio.wait_for(self._servers.wait_up(), START_PATIENCE_S)
        except TimeoutError:
            logger.warning("started before Redis answered everywhere: not all other nodes are heard yet")

    async def aclose(self) -> None:
        """Send what waits (250 ms at most), then close every connection and end every task."""
        await self._servers.drain(DRAIN_PATIENCE_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        await self._servers.aclose()

    def publish(self, channel: str, message: Message) -> None:
        """Tell the other nodes, soon. Never blocks and never raises; what cannot be sent is counted."""
        self._servers.publish(_name(channel), message)

    async def subscribe(self, channel: str) -> None:
        """Hear a channel from now on. Returns when Redis confirmed it, after 250 ms at most."""
        name = _name(channel)
        if self._hold(channel):
            self._servers.want(name)
        try:
            await self._servers.confirmed(name, SUBSCRIBE_PATIENCE_S)
        except asyncio.CancelledError:
            self.unsubscribe(channel)
            raise

    def unsubscribe(self, channel: str) -> None:
        """Give one `subscribe` back; after the last one the channel is no longer heard."""
        if self._let_go(channel):
            self._servers.unwant(_name(channel))

    @property
    def state(self) -> BusState:
        """Up while the node's own words come back to it from every server it wants to hear, else deaf."""
        return BusState.UP if self._servers.up else BusState.DEAF

    def stats(self) -> BusStats:
        """The counts since the start."""
        tally = self._tally
        return BusStats(
            state=self.state,
            channels=len(self._held),
            published=tally.published,
            dropped=tally.dropped,
            received=tally.received,
            forged=tally.forged,
            unknown_version=tally.unknown_version,
            stale=tally.stale,
            reconnects=tally.reconnects,
        )

    def _heard(self, server: Server, name: bytes, raw: bytes) -> None:
        """Sort out what came on a subscribed channel."""
        own = self._codec.is_own(raw)
        if own and name != server.canary:
            return  # an echo: this node's sockets have heard it already
        try:
            heard = self._codec.open(name, raw, server.newest)
        except ForgedError:
            self._tally.forged += 1
        except UnknownVersionError:
            self._tally.unknown_version += 1
        except StaleError:
            self._tally.stale += 1
        else:
            channel = _channel(name)
            if own:
                server.subscriber.heard_canary()
            elif channel not in self._held:
                return  # said before the server read our UNSUBSCRIBE
            elif heard.message is None:
                self._missed([name])
            else:
                self._deliver(channel, heard.message)

    def _deliver(self, channel: str, message: Message) -> None:
        self._tally.received += 1
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
