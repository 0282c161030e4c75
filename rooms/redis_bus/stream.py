"""A connection in full flow: what we say is written at once, what the server says is called back at once.

`Link` makes and greets the connection through redis-py (passwords, TLS, databases) and then hands its
transport over to a `Stream`. No task takes a turn for a message and no deadline is set for one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from rooms.redis_bus.replies import Replies, Reply


class Stream(asyncio.Protocol):
    """Calls `on_said` for every reply, in order. What that raises is the end of the connection.

    `before` is the protocol that the transport had: redis-py's writer waits on it while the server reads
    nothing.
    """

    def __init__(
        self,
        transport: asyncio.WriteTransport,
        before: asyncio.BaseProtocol,
        on_said: Callable[[Reply], None],
    ) -> None:
        self._transport = transport
        self._before = before
        self._on_said = on_said
        self._replies = Replies()
        self._ended: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()

    def write(self, data: bytes) -> None:
        """Send, now or as soon as the server reads; after the end, nothing."""
        if not self._ended.done():
            self._transport.write(data)

    async def broken(self) -> BaseException:
        """Wait for what ends the connection."""
        return await asyncio.shield(self._ended)

    def end(self, error: BaseException) -> None:
        """Give the connection up; the first reason stands."""
        if not self._ended.done():
            self._ended.set_result(error)
            self._transport.abort()

    # asyncio's side

    def data_received(self, data: bytes) -> None:
        """What a read of the socket brought."""
        try:
            for said in self._replies.feed(data):
                self._on_said(said)
        except Exception as error:  # noqa: BLE001 - whoever waits for the end judges it
            self.end(error)

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone."""
        self.end(exc or ConnectionResetError("Redis closed the connection."))
        self._before.connection_lost(exc)

    def pause_writing(self) -> None:
        """The server does not keep up."""
        self._before.pause_writing()

    def resume_writing(self) -> None:
        """It does again."""
        self._before.resume_writing()
