"""One connection to Redis on which every wait has an end. Nothing above it speaks redis-py.

Guards against what redis-py 8.1 does by itself: `listen()` waits forever on a wedged server; a command on
a broken connection silently opens a new one that has none of the old one's subscriptions; `disconnect()`,
which it also calls by itself after an error, leaves the socket open while bytes wait for a frozen server.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

from redis.asyncio import Connection, ConnectionPool
from redis.exceptions import InvalidResponse, RedisError, ResponseError
from redis.maint_notifications import MaintNotificationsConfig

from rooms.redis_bus.replies import Refusal, Reply
from rooms.redis_bus.stream import Stream

CONNECT_TIMEOUT_S: Final = 1.0
COMMAND_TIMEOUT_S: Final = 1.0
CLOSE_TIMEOUT_S: Final = 1.0
BACKOFF_CAP_S: Final = 0.5  # delivery is back within two seconds of Redis, so this stays well below one
CHANNELS_PER_COMMAND: Final = 1000

# What a server that is away, starting, wedged, read-only, refusing or talking nonsense raises.
BROKEN: Final = (RedisError, OSError, TimeoutError, EOFError, ValueError)

# What the server may say by itself on a subscribed link, first word of what `Link.sort` returns.
MESSAGE: Final = b"message"  # somebody published
REFUSED: Final = b"refused"  # it will not subscribe to this channel: another server does
TAKEN: Final = b"taken"  # it ended the subscription: the channel has moved to another server


def backoff_s(failures: int) -> float:
    """How long to wait after so many failures in a row (1 or more), with jitter."""
    return random.uniform(0.5, 1.0) * min(BACKOFF_CAP_S, 0.025 * 2.0 ** min(failures, 10))


def reason(error: BaseException) -> str:
    """One line for the log; the error's name when it has no words."""
    return str(error) or type(error).__name__


class Dialer:
    """Makes links to one server.

    `url` is `redis://`, `rediss://` or `unix://` with redis-py's options; raises ValueError when it is none.
    `name` is what CLIENT LIST shows; `kind` the class of the links.
    """

    def __init__(self, url: str, name: str, kind: type[Link] | None = None) -> None:
        self._kind = kind or Link
        self._pool = ConnectionPool.from_url(
            url, maint_notifications_config=MaintNotificationsConfig(enabled=False)
        )
        # After the URL's own options, which would win over arguments.
        self._pool.connection_kwargs.update(
            protocol=2,
            decode_responses=False,
            client_name=name,
            driver_info=None,
            health_check_interval=0,
            socket_timeout=None,  # each call below has a deadline around it, which also covers connecting
            socket_connect_timeout=CONNECT_TIMEOUT_S,
        )
        self.place = urlsplit(url).netloc.rpartition("@")[2] or urlsplit(url).path  # for the log: no password

    async def dial(self) -> Link:
        """A connection on which the server answered PING within a second. Raises one of BROKEN."""
        link = self._kind(self._pool.make_connection())  # type: ignore[no-untyped-call]
        try:
            await link.greet()
        except BaseException:
            await link.close()
            raise
        return link


class Link:
    """A connection; any error on it is the end of it. Made by `Dialer.dial`."""

    SAY: ClassVar[bytes] = b"$7\r\nPUBLISH\r\n"  # the command's word, packed
    MOVED_ON: ClassVar[tuple[str, ...]] = ()  # how a refusal begins that only means: ask another server

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._transport: asyncio.WriteTransport | None = None

    async def greet(self) -> None:
        """Connect, authenticate, select the database, and see that commands are answered."""
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            await self._connection.connect()  # type: ignore[no-untyped-call]
            writer = self._connection._writer  # no public way; tests/test_bus_link.py fails when it is gone
            self._transport = writer.transport if writer else None
            await self._connection.send_command("PING", check_health=False)
            await self._connection.read_response()

    async def ask(self, *words: str) -> Any:
        """One command and its answer, within a second. Raises one of BROKEN."""
        async with asyncio.timeout(COMMAND_TIMEOUT_S):
            await self._write([words])
            return await self._connection.read_response()

    async def send(self, commands: Iterable[tuple[bytes | str, ...]], within_s: float) -> None:
        """Write commands in one go. Raises one of BROKEN, also when the server does not take them in time."""
        async with asyncio.timeout(within_s):
            await self._write(commands)

    async def publish(self, messages: Sequence[tuple[bytes, bytes]], within_s: float) -> list[bytes]:
        """Publish (channel, bytes) in one round trip. Raises one of BROKEN, also for a refusal of any.

        Returns the channels that another server serves by now: what was said on them was not published.
        """
        async with asyncio.timeout(within_s):
            await self._write(("PUBLISH", channel, raw) for channel, raw in messages)
            for _ in messages:
                if not isinstance(await self._connection.read_response(), int):
                    raise InvalidResponse("The server does not say how many heard it.")
        return []

    async def tell(self, subscribe: Sequence[bytes], unsubscribe: Sequence[bytes]) -> None:
        """Ask for the one and the other. Raises one of BROKEN, also when it is not taken within a second."""
        commands: list[tuple[bytes | str, ...]] = [
            (word, *names[start : start + CHANNELS_PER_COMMAND])
            for word, names in (("SUBSCRIBE", subscribe), ("UNSUBSCRIBE", unsubscribe))
            for start in range(0, len(names), CHANNELS_PER_COMMAND)
        ]
        await self.send(commands, COMMAND_TIMEOUT_S)

    def stream(self, on_said: Callable[[Reply], None]) -> Stream:
        """Put the connection into full flow; nothing may be unanswered. Raises one of BROKEN.

        From then on `send` and `tell` still write, and `ask` and `publish` would wait for ever.
        """
        transport = self._transport
        if transport is None or transport.is_closing():
            raise ConnectionError("The connection is closed.")
        stream = Stream(transport, transport.get_protocol(), on_said)
        transport.set_protocol(stream)
        return stream

    def packed(self, channel: bytes, raw: bytes) -> bytes:
        """The command that says `raw` on a channel, for `Stream.write`."""
        return b"*3\r\n%b$%d\r\n%b\r\n$%d\r\n%b\r\n" % (self.SAY, len(channel), channel, len(raw), raw)

    def is_elsewhere(self, refusal: Refusal) -> bool:
        """Whether a refusal says only that another server serves the channel by now."""
        return refusal.text.startswith(self.MOVED_ON)

    def sort(self, said: Reply) -> Sequence[Any]:
        """What a subscribed server said: `[MESSAGE, channel, data]`, `[REFUSED, channel, …]`,
        `[TAKEN, channel, …]`, and with any other first word what it answers to `tell`. Raises one of BROKEN.
        """
        if isinstance(said, Refusal):
            raise ResponseError(said.text)
        if not isinstance(said, list) or len(said) != 3:
            raise InvalidResponse("The server said something that is no message.")
        return said

    async def _write(self, commands: Iterable[tuple[bytes | str, ...]]) -> None:
        if not self._connection.is_connected:
            raise ConnectionError("The connection is closed.")
        packed = self._connection.pack_commands(commands)
        await self._connection.send_packed_command(packed, check_health=False)

    async def close(self) -> None:
        """Free the socket now, whether or not the server still reads. Never raises."""
        if self._transport is not None:
            self._transport.abort()
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._connection.disconnect(nowait=True)
        except BROKEN:
            pass  # it is closed all the same
