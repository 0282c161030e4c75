"""All Redis servers that a node uses, and which channel belongs to which: one server, or a Redis Cluster.

Every server has its own connections, canary and back-off, so a server that dies disturbs only the channels
it owns. A channel that has moved is subscribed at its new owner and then named to `on_missed`. What its
senders lost meanwhile they tell there, once they know it. `lookout.py` says who owns what.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable
from itertools import count
from typing import Final

from rooms.bus import Message
from rooms.redis_bus.codec import BusCodec
from rooms.redis_bus.layout import SLOTS, Layout, slot_of
from rooms.redis_bus.link import Dialer, Link
from rooms.redis_bus.publisher import MAX_LOST_CHANNELS
from rooms.redis_bus.server import Server
from rooms.redis_bus.shard_link import ShardLink
from rooms.redis_bus.tally import Tally
from rooms.redis_bus.url import Address, url_at

CANARY_PREFIX: Final = b"tracker:1:!canary:"  # no room's name begins with "!"


class Servers:
    """Publishes and subscribes at the right server, once `adopt` has said which there are.

    `on_heard(server, channel, raw)` gets every message; `on_missed(channels)` where some may be missing.
    """

    def __init__(
        self,
        url: str,
        name: str,
        codec: BusCodec,
        tally: Tally,
        *,
        on_heard: Callable[[Server, bytes, bytes], None],
        on_missed: Callable[[Iterable[bytes]], None],
    ) -> None:
        self._url = url
        self._name = name
        self._codec = codec
        self._tally = tally
        self._on_heard = on_heard
        self._on_missed = on_missed
        self._servers: dict[Address | None, Server] = {}
        self._only: Server | None = None  # owns everything; None in a cluster
        self._by_slot: list[Server | None] = [None] * SLOTS
        self._owners: dict[bytes, Server | None] = {}  # of the wanted channels
        self._homeless: set[bytes] = set()  # wanted channels that nobody owns
        self._lost: set[bytes] = set()  # to be told of losses once somebody owns them
        self._retiring: set[asyncio.Task[None]] = set()
        self._adopted = asyncio.Event()
        self.doubt = asyncio.Event()  # set when `adopt` should be called again

    @property
    def up(self) -> bool:
        """Whether every wanted channel is heard, and at least one server answers."""
        servers = self._servers.values()
        return (
            any(server.subscriber.up.is_set() for server in servers)
            and all(server.subscriber.hears_all for server in servers if len(server.subscriber.channels))
            and not self._homeless
        )

    @property
    def sound(self) -> bool:
        """Whether all connections to all servers work, and every wanted channel is heard."""
        return all(server.sound for server in self._servers.values()) and not self._homeless

    def addresses(self) -> list[Address]:
        """Where the servers of a cluster are, those that work first and else in any order."""
        found = [address for address in self._servers if address is not None]
        random.shuffle(found)
        return sorted(found, key=lambda address: not self._servers[address].sound)

    async def wait_up(self) -> None:
        """Return when every server has been up."""
        await self._adopted.wait()
        for server in list(self._servers.values()):
            await server.subscriber.up.wait()

    def publish(self, name: bytes, message: Message) -> None:
        """Say it at the channel's owner, soon, or drop and count."""
        server = self._only or self._by_slot[slot_of(name)]
        if server is not None:
            server.publisher.publish(name, message)
        else:
            self._tally.dropped += 1
            self._tell_lost(name)

    def want(self, name: bytes) -> None:
        """Subscribe to a channel."""
        self._owners[name] = owner = self._owner(name)
        if owner is not None:
            owner.subscriber.channels.want(name)
        elif self._adopted.is_set():
            self._homeless.add(name)

    def unwant(self, name: bytes) -> None:
        """Unsubscribe from a wanted channel."""
        self._homeless.discard(name)
        owner = self._owners.pop(name)
        if owner is not None:
            owner.subscriber.channels.unwant(name)

    async def confirmed(self, name: bytes, within_s: float) -> None:
        """Wait until a wanted channel is heard; see `Subscriber.confirmed`."""
        owner = self._owners[name]
        if owner is not None:
            await owner.subscriber.confirmed(name, within_s)

    def adopt(self, layout: Layout | None) -> None:
        """Use these servers from now on: those that own slots, or the only one there is for None."""
        before = self._servers
        addresses = [None] if layout is None else layout.owners
        self._servers = {address: before.get(address) or self._make(address) for address in addresses}
        if layout is None:
            self._only = self._servers[None]
        else:
            self._by_slot = [None] * SLOTS
            for first, last, owner in layout.ranges:
                self._by_slot[first : last + 1] = [self._servers[owner]] * (last + 1 - first)
        self._adopted.set()
        for server in self._servers.values():
            server.use_canary(self._canary_at(server))
        self._move()
        for server in self._servers.values():
            server.subscriber.ask_refused_again()
        for address, server in before.items():
            if address not in self._servers:
                task = asyncio.create_task(self._retire(server))
                self._retiring.add(task)
                task.add_done_callback(self._retiring.discard)
        self._tell_all_lost(self._servers.values())

    async def drain(self, within_s: float) -> None:
        """Wait until everything published so far was sent or dropped, `within_s` at most."""
        await asyncio.gather(*(server.publisher.drain(within_s) for server in self._servers.values()))

    async def aclose(self) -> None:
        """Close every connection and end every task."""
        await asyncio.gather(*self._retiring, *(server.aclose() for server in self._servers.values()))
        self._servers.clear()

    def _make(self, address: Address | None) -> Server:
        url, kind = (self._url, Link) if address is None else (url_at(self._url, address), ShardLink)
        return Server(
            Dialer(url, self._name, kind),
            self._codec,
            self._tally,
            on_heard=self._on_heard,
            on_missed=self._on_missed,
            on_doubt=self.doubt.set,
        )

    def _canary_at(self, server: Server) -> bytes:
        """A channel that the server owns: the one it has, else the first of many that is its."""
        if server.canary and self._owner(server.canary) is server:
            return server.canary
        names = (CANARY_PREFIX + self._codec.sender.hex().encode() + b":%d" % n for n in count())
        return next(name for name in names if self._owner(name) is server)

    def _owner(self, name: bytes) -> Server | None:
        return self._only or self._by_slot[slot_of(name)]

    def _move(self) -> None:
        """Subscribe every wanted channel that is not where it belongs at its owner."""
        for name, old in self._owners.items():
            new = self._owner(name)
            if new is None:
                self._homeless.add(name)
            elif new is not old:
                self._homeless.discard(name)
                new.subscriber.channels.want(name, late=True)
            if old is not None and old is not new:
                old.subscriber.channels.give_up(name)
            self._owners[name] = new

    async def _retire(self, server: Server) -> None:
        await server.aclose()
        self._tell_all_lost([server])

    def _tell_all_lost(self, servers: Iterable[Server]) -> None:
        """Tell of losses at the owners: those of channels that nobody owned, and what these servers have."""
        lost = self._lost.union(*(server.publisher.take_lost() for server in servers))
        self._lost = set()
        for name in lost:
            self._tell_lost(name)

    def _tell_lost(self, name: bytes) -> None:
        owner = self._owner(name)
        if owner is not None:
            owner.publisher.tell_lost(name)
        elif len(self._lost) < MAX_LOST_CHANNELS:
            self._lost.add(name)
