"""A small Socket.IO client: what the simulated pros, the replay and the benchmarks speak.

It knows just what our server speaks: Engine.IO 4 over websocket, Socket.IO 5 in the main namespace,
JSON events with acks (https://socket.io/docs/v4/socket-io-protocol). It does not reconnect by itself: a
caller that lost its socket knows best what to send again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias
from urllib.parse import urlsplit, urlunsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, InvalidURI, WebSocketException

from db.errors import Problem, Unavailable

Event: TypeAlias = Callable[[str, dict[str, Any]], None]
Ack: TypeAlias = Callable[[dict[str, Any]], None]

MAX_MESSAGE_BYTES = 8 * 1024 * 1024


class SocketRefused(Problem):
    """The server does not want this connection; the same attempt will be refused again."""

    code = "socket_refused"
    status = 401


class SocketLost(Unavailable):
    """There is no connection to the server."""

    code = "socket_lost"


class SocketClient:
    """One connection. Make it with `await SocketClient.connect(…)`, end it with `await close()`.

    `on_event(name, data)` is called for each event of the server, from the event loop; it must not block.
    `closed` is set, and `on_closed()` called, when the connection has ended, for whichever reason.
    """

    def __init__(
        self, websocket: ClientConnection, on_event: Event | None, on_closed: Callable[[], None] | None
    ) -> None:
        self._websocket = websocket
        self._on_event = on_event
        self._on_closed = on_closed
        self._acks: dict[int, Ack] = {}
        self._last_ack_id = 0
        self._reader: asyncio.Task[None] | None = None
        self.closed = asyncio.Event()

    @classmethod
    async def connect(
        cls,
        base_url: str,
        auth: Mapping[str, str],
        *,
        on_event: Event | None = None,
        on_closed: Callable[[], None] | None = None,
        timeout_s: float = 10.0,
    ) -> SocketClient:
        """Connect and authenticate; `auth` is `{"token": …}` or `{"link": …}`.

        Raises SocketRefused when trying again is useless, SocketLost when it is not.
        """
        try:
            async with asyncio.timeout(timeout_s):
                websocket = await _open(base_url)
                try:
                    silence_s = await _introduce(websocket, auth)
                except BaseException:
                    websocket.transport.abort()
                    raise
        except (TimeoutError, OSError, WebSocketException) as error:
            raise SocketLost(f"{base_url} does not answer: {error or 'timed out'}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise SocketRefused(f"{base_url} is not a Socket.IO server") from error
        client = cls(websocket, on_event, on_closed)
        client._reader = asyncio.create_task(client._read(silence_s))
        return client

    async def emit(self, event: str, data: Mapping[str, Any], on_ack: Ack | None = None) -> None:
        """Send an event. `on_ack` is called with its ack, or never when the connection ends first.

        Raises SocketLost.
        """
        ack_id = ""
        if on_ack is not None:
            self._last_ack_id += 1
            self._acks[self._last_ack_id] = on_ack
            ack_id = str(self._last_ack_id)
        try:
            await self._websocket.send(f"42{ack_id}{_json([event, data])}")
        except (OSError, WebSocketException) as error:
            raise SocketLost from error

    async def call(self, event: str, data: Mapping[str, Any], timeout_s: float = 10.0) -> dict[str, Any]:
        """Send an event and wait for its ack. Raises SocketLost, also when none comes in time."""
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        await self.emit(event, data, lambda ack: None if answer.done() else answer.set_result(ack))
        ended = asyncio.ensure_future(self.closed.wait())
        try:
            await asyncio.wait((answer, ended), timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended.cancel()
        if not answer.done():
            raise SocketLost(
                "The connection ended." if self.closed.is_set() else f"No ack in {timeout_s:g} s."
            )
        return answer.result()

    async def close(self) -> None:
        """Say goodbye and end the connection; at most a second."""
        with contextlib.suppress(OSError, WebSocketException, TimeoutError):
            async with asyncio.timeout(1):
                await self._websocket.send("41")
                await self._websocket.close()
        self.cut()
        if self._reader is not None:
            await asyncio.gather(self._reader, return_exceptions=True)

    def cut(self) -> None:
        """End the connection without a word, as a tunnel or a dead battery does."""
        self._websocket.transport.abort()

    async def _read(self, silence_s: float) -> None:
        """Take in frames until the connection ends or the server has been silent for too long."""
        try:
            while True:
                async with asyncio.timeout(silence_s):
                    message = await self._websocket.recv(decode=True)
                if message == "2":
                    await self._websocket.send("3")
                elif message.startswith("42"):
                    self._take_event(message[2:])
                elif message.startswith("43"):
                    self._take_ack(message[2:])
                elif message in ("1", "41"):
                    return
        except (TimeoutError, OSError, WebSocketException, ValueError):
            return  # lost, or a server that speaks another protocol: either way this connection is over
        finally:
            self._acks.clear()
            self.cut()
            self.closed.set()
            if self._on_closed is not None:
                self._on_closed()

    def _take_event(self, body: str) -> None:
        name, *values = json.loads(body)
        if self._on_event is not None:
            self._on_event(name, values[0] if values else {})

    def _take_ack(self, body: str) -> None:
        ack_id, bracket, values = body.partition("[")
        on_ack = self._acks.pop(int(ack_id), None)
        if on_ack is not None:
            on_ack((json.loads(bracket + values) or [{}])[0])


async def _open(base_url: str) -> ClientConnection:
    """The websocket handshake. A status below 500, other than "too many", will not change by itself."""
    parts = urlsplit(base_url)
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme)
    if scheme is None:
        raise SocketRefused(f"{base_url} is not an http or https address")
    url = urlunsplit((scheme, parts.netloc, "/socket.io/", "EIO=4&transport=websocket", ""))
    try:
        return await connect(
            url, compression=None, ping_interval=None, proxy=None, max_size=MAX_MESSAGE_BYTES, close_timeout=1
        )
    except InvalidURI as error:
        raise SocketRefused(f"{base_url} is not a usable address") from error
    except InvalidStatus as error:
        status = error.response.status_code
        if status < 500 and status != 429:
            raise SocketRefused(f"{base_url} refuses websockets with status {status}") from error
        raise


async def _introduce(websocket: ClientConnection, auth: Mapping[str, str]) -> float:
    """Engine.IO's opening and Socket.IO's CONNECT; returns how long the server may be silent, in seconds."""
    opening = await websocket.recv(decode=True)
    if not opening.startswith("0{"):
        raise ValueError("not an Engine.IO opening")
    manner = json.loads(opening[1:])
    await websocket.send(f"40{_json(auth)}")
    while True:
        answer = await websocket.recv(decode=True)
        if answer.startswith("40"):
            return float(manner["pingInterval"] + manner["pingTimeout"]) / 1000
        if answer.startswith("44"):
            raise _refusal(json.loads(answer[2:]))
        if answer == "2":
            await websocket.send("3")


def _refusal(told: Mapping[str, Any]) -> Problem:
    """A CONNECT_ERROR `{message, data: {code, retry}}` as the error it means."""
    facts = told.get("data") or {}
    kind = SocketLost if facts.get("retry") else SocketRefused
    return kind(str(told.get("message", "")) or None, reason=facts.get("code"))


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)
