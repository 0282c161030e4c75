"""A connection to one server of a Redis Cluster, where a channel is heard only at the owner of its slot.

Sharded pub/sub (SPUBLISH, SSUBSCRIBE) keeps a message within the owner and its replicas; plain PUBLISH
would cross the whole cluster. A server that does not own a slot answers MOVED, and says SUNSUBSCRIBE by
itself to those who were subscribed when a slot leaves it. Neither is a reason to give up the connection.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from redis.asyncio import Connection
from redis.exceptions import AskError, ClusterDownError, InvalidResponse, ResponseError, TryAgainError

from rooms.redis_bus.link import COMMAND_TIMEOUT_S, MESSAGE, REFUSED, TAKEN, Link
from rooms.redis_bus.replies import Refusal, Reply

# MOVED is a kind of AskError for redis-py. CLUSTERDOWN: nobody serves the slot just now.
ELSEWHERE: Final = (AskError, ClusterDownError, TryAgainError)


class ShardLink(Link):
    """A link that speaks sharded pub/sub. One channel per command: those of two slots may not share one,
    and so every command has one answer, in order, which is how a refusal finds its channel."""

    SAY: ClassVar[bytes] = b"$8\r\nSPUBLISH\r\n"
    MOVED_ON: ClassVar[tuple[str, ...]] = (
        "MOVED ",
        "ASK ",
        "CLUSTERDOWN",
        "TRYAGAIN",
    )  # ELSEWHERE, as written

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._asked: deque[tuple[bytes, bytes]] = deque()

    async def publish(self, messages: Sequence[tuple[bytes, bytes]], within_s: float) -> list[bytes]:
        """As `Link.publish`, for the channels whose slots this server owns."""
        refused = []
        async with asyncio.timeout(within_s):
            await self._write(("SPUBLISH", channel, raw) for channel, raw in messages)
            for channel, _ in messages:
                try:
                    hearers = await self._connection.read_response()
                except ELSEWHERE:
                    refused.append(channel)
                else:
                    if not isinstance(hearers, int):
                        raise InvalidResponse("The server does not say how many heard it.")
        return refused

    async def tell(self, subscribe: Sequence[bytes], unsubscribe: Sequence[bytes]) -> None:
        """As `Link.tell`, for the channels whose slots this server owns."""
        asked = [(b"ssubscribe", name) for name in subscribe] + [(b"sunsubscribe", n) for n in unsubscribe]
        self._asked.extend(asked)
        await self.send(asked, COMMAND_TIMEOUT_S)

    def sort(self, said: Reply) -> Sequence[Any]:
        """As in `Link`. A refused SUNSUBSCRIBE is one that is done: the slot has left with its channel."""
        if isinstance(said, Refusal):
            if not (self.is_elsewhere(said) and self._asked):
                raise ResponseError(said.text)
            word, asked = self._asked.popleft()
            return [REFUSED if word == b"ssubscribe" else word, asked, None]
        if not isinstance(said, list) or len(said) != 3:
            raise InvalidResponse("The server said something that is no message.")
        kind, name, data = said
        if kind == b"smessage":
            return [MESSAGE, name, data]
        if self._asked and self._asked[0] == (kind, name):
            self._asked.popleft()
            return said
        if kind == b"sunsubscribe":
            return [TAKEN, name, None]
        raise InvalidResponse("The server answered what it was not asked.")
