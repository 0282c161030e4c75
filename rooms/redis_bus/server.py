"""One Redis server as a node uses it: a publisher, a subscriber, and a canary that proves both."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from rooms.redis_bus.codec import BusCodec, Newest
from rooms.redis_bus.link import Dialer
from rooms.redis_bus.publisher import Publisher
from rooms.redis_bus.subscriber import Subscriber
from rooms.redis_bus.tally import Tally


class Server:
    """The two connections to one server, kept up from the moment it is made until `aclose`.

    The first `use_canary` must follow at once.
    """

    def __init__(
        self,
        dialer: Dialer,
        codec: BusCodec,
        tally: Tally,
        *,
        on_heard: Callable[[Server, bytes, bytes], None],
        on_missed: Callable[[Iterable[bytes]], None],
        on_doubt: Callable[[], None],
    ) -> None:
        self.canary = b""
        self.newest = Newest()
        self.publisher = Publisher(dialer, codec, tally, on_doubt)
        self.subscriber = Subscriber(
            dialer,
            tally,
            on_heard=lambda name, raw: on_heard(self, name, raw),
            on_missed=on_missed,
            on_doubt=on_doubt,
            ask=self.publisher.ask,
            on_deaf=self.publisher.renew,
        )
        self._tasks = [
            asyncio.create_task(self.publisher.run(), name=f"bus publisher {dialer.place}"),
            asyncio.create_task(self.subscriber.run(), name=f"bus subscriber {dialer.place}"),
        ]

    @property
    def sound(self) -> bool:
        """Whether both connections work, as far as is known."""
        return self.subscriber.hears_all and self.publisher.standing

    def use_canary(self, canary: bytes) -> None:
        """Say and hear the canary on another channel."""
        if canary != self.canary:
            self.canary = self.publisher.canary = canary
            self.subscriber.use_canary(canary)

    async def aclose(self) -> None:
        """Close both connections and end both tasks. What waits to be sent is lost."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
