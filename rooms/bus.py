"""The bus: how the nodes of one installation tell each other what happened in a room.

A channel is a room's name, a message a JSON-able dict. Every node delivers to its own sockets itself and
publishes for the others, so a bus never hands a node its own words. It is not a store: whatever it may have
missed is named to `on_resync`, and the rooms read the truth from the database.

`LocalBus` here is for a single process; `redis_bus/` is the one that joins several.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any, TypeAlias, TypedDict

Message: TypeAlias = dict[str, Any]
OnMessage: TypeAlias = Callable[[str, Message], None]
OnResync: TypeAlias = Callable[[list[str]], Awaitable[None]]

# A longer message is refused, by the sender and by the hearer: rooms speak in hundreds of bytes.
MAX_MESSAGE_BYTES = 64 * 1024


class BusState(StrEnum):
    """Whether this node hears the others."""

    UP = "up"  # its own words came back to it within the last seconds
    DEAF = "deaf"  # Redis is away, wedged, or does not pass on messages of a wanted channel; not ready
    LOCAL = "local"  # one process only: there are no others


class BusStats(TypedDict):
    """Counts since the start (messages, unless said otherwise), for `/metrics`."""

    state: BusState
    channels: int  # subscribed now
    published: int  # taken by Redis
    dropped: int  # not taken, or perhaps not: Redis away, too many waiting, or a message it cannot carry
    received: int  # handed to `on_message`
    forged: int  # wrong signature, too long or not to be read
    unknown_version: int  # from a node that speaks another version
    stale: int  # heard before, or older than what its sender said since
    reconnects: int  # times the subscription was made again


class Bus(ABC):
    """What the rooms need of a bus. Set the two callbacks before `start`.

    `on_message(channel, message)` is called for what another node published on a subscribed channel.
    `on_resync(channels)` is awaited when messages may have been missed on these: after every reconnect with
    all that are subscribed, and with a few when a sender or a subscription was late. It is called again,
    a second later, when it raises.
    """

    def __init__(self) -> None:
        self.on_message: OnMessage = _nobody_hears
        self.on_resync: OnResync = _nothing_to_read
        self._held: Counter[str] = Counter()

    @abstractmethod
    async def start(self) -> None:
        """Begin to connect. Returns when the bus is up, or after a second without it; never raises."""

    @abstractmethod
    async def aclose(self) -> None:
        """Send what waits (250 ms at most), then close every connection and end every task."""

    @abstractmethod
    def publish(self, channel: str, message: Message) -> None:
        """Tell the other nodes, soon. Never blocks and never raises; what cannot be sent is counted."""

    @abstractmethod
    async def subscribe(self, channel: str) -> None:
        """Hear a channel from now on; every call wants its own `unsubscribe`.

        Returns when Redis confirmed it, after 250 ms at most; a subscription that was later than that is
        named to `on_resync` when it stands. A cancelled call leaves nothing held.
        """

    @abstractmethod
    def unsubscribe(self, channel: str) -> None:
        """Give one `subscribe` back; after the last one the channel is no longer heard."""

    @property
    @abstractmethod
    def state(self) -> BusState:
        """Whether this node hears the others just now."""

    @abstractmethod
    def stats(self) -> BusStats:
        """The counts since the start."""

    def _hold(self, channel: str) -> bool:
        """Count one more holder of a channel; true for the first."""
        self._held[channel] += 1
        return self._held[channel] == 1

    def _let_go(self, channel: str) -> bool:
        """Count one holder less; true for the last. A channel that nobody holds stays so."""
        if channel not in self._held:
            return False
        self._held[channel] -= 1
        if self._held[channel]:
            return False
        del self._held[channel]
        return True


class LocalBus(Bus):
    """The bus of a single process. There are no other nodes, so nothing is ever heard or missed."""

    def __init__(self) -> None:
        super().__init__()
        self._published = 0

    async def start(self) -> None:
        """Nothing to connect."""

    async def aclose(self) -> None:
        """Nothing to close."""

    def publish(self, channel: str, message: Message) -> None:  # noqa: ARG002
        """Count it: the caller's own sockets have heard it already."""
        self._published += 1

    async def subscribe(self, channel: str) -> None:
        """Hold the channel."""
        self._hold(channel)

    def unsubscribe(self, channel: str) -> None:
        """Let the channel go."""
        self._let_go(channel)

    @property
    def state(self) -> BusState:
        """Always `local`."""
        return BusState.LOCAL

    def stats(self) -> BusStats:
        """The counts since the start; only the published ones can be other than zero."""
        return BusStats(
            state=BusState.LOCAL,
            channels=len(self._held),
            published=self._published,
            dropped=0,
            received=0,
            forged=0,
            unknown_version=0,
            stale=0,
            reconnects=0,
        )


def _nobody_hears(_channel: str, _message: Message) -> None:
    """The callback until the rooms set theirs."""


async def _nothing_to_read(_channels: list[str]) -> None:
    """The callback until the rooms set theirs."""
