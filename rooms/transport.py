"""A WebSocket protocol for uvicorn that lets the application detach after the handshake.

uvicorn's stock protocols give each connection a task, a queue and a reader for as long as it
lives. Here the ASGI application is called once, for the handshake only: it either refuses
(`websocket.close`, or a denial response) or takes the connection over with `accept(listener)` and
returns. From then on frames go synchronously to the listener and writes straight to the transport.

Order to read: `DirectWebSocketProtocol.data_received`, then `_Handshake`.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import TYPE_CHECKING, Any, Protocol, cast

from uvicorn.protocols.utils import get_local_addr, get_remote_addr

from rooms import frames
from rooms.handshake import Handshake, HandshakeError

if TYPE_CHECKING:
    from uvicorn.config import Config
    from uvicorn.server import ServerState

EXTENSION = "rooms.direct"  # the ASGI scope extension whose value is the protocol
_SEND_BUFFER_BYTES = 32 * 1024  # kernel side; small, so that a slow reader shows early
_DISCARD_BYTES = 4 * 1024 * 1024  # what a peer may still send after it broke the protocol
_USER_TIMEOUT_MS = 30_000  # unacknowledged or refused bytes for this long end the connection

log = logging.getLogger(__name__)


class Listener(Protocol):
    """What an accepted connection talks to. Every method is synchronous and must not block."""

    def on_open(self, wire: DirectWebSocketProtocol) -> None:
        """The handshake's answer is written; frames follow."""

    def on_text(self, text: str) -> None:
        """One whole text message."""

    def on_binary(self, data: bytes) -> None:
        """One whole binary message."""

    def on_control(self) -> None:
        """A ping or pong frame, so that they count against the rate."""

    def on_pause(self) -> None:
        """The peer reads too slowly: hold back what can be held back."""

    def on_resume(self) -> None:
        """The transport can take more."""

    def on_shutdown(self) -> None:
        """The server is stopping."""

    def on_breach(self, code: int, reason: str) -> None:
        """The peer broke RFC 6455 (or we failed): `close(code, reason)`, then `abort()` soon."""

    def on_lost(self, reason: str) -> None:
        """The connection is over, or its closing handshake has begun at the peer's wish."""


class DirectWebSocketProtocol(asyncio.Protocol):
    """One connection: handshake, frames in, bytes out, closing handshake.

    Constructed by uvicorn's HTTP protocol, which then feeds it the upgrade request once more.
    """

    __slots__ = (
        "_app_state", "_broken", "_close_sent", "_config", "_connections", "_discarded", "_handshake",
        "_listener", "_parser", "_tasks", "paused", "transport",
    )  # fmt: skip

    def __init__(self, config: Config, server_state: ServerState, app_state: dict[str, Any]) -> None:
        self._config = config
        self._connections: set[Any] = server_state.connections
        self._tasks = server_state.tasks
        self._app_state: dict[str, Any] | None = app_state
        self._handshake: Handshake | None = None
        self._listener: Listener | None = None
        self._parser = frames.FrameParser(config.ws_max_size)
        self._close_sent = False
        self._broken = False  # the peer's bytes make no sense any more
        self._discarded = 0  # bytes read since then
        self.paused = False
        self.transport: asyncio.Transport = None  # type: ignore[assignment]  # set at once by uvicorn

    # --- from the event loop ------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is not a subclass
        self._connections.add(self)
        limit_send_buffer(self.transport)

    def data_received(self, data: bytes) -> None:
        listener = self._listener
        if listener is None:
            self._before_accept(data)
            return
        if self._broken:
            self._discard(len(data))
            return
        try:
            for opcode, payload in self._parser.feed(data):
                if opcode == frames.CLOSE:
                    self._peer_closes(payload)
                    return
                if self._close_sent:
                    continue  # the peer may go on until it has seen our close
                if opcode == frames.TEXT:
                    listener.on_text(payload.decode())
                elif opcode == frames.BINARY:
                    listener.on_binary(payload)
                else:
                    if opcode == frames.PING:
                        self.write(frames.pong_frame(payload))
                    listener.on_control()
        except frames.FrameError as error:
            self._fail(error.code, error.reason)
        except UnicodeDecodeError:
            self._fail(frames.BAD_TEXT, "text is not UTF-8")
        except Exception:
            log.exception("a listener failed")
            self._fail(frames.INTERNAL, "internal error")

    def eof_received(self) -> None:
        """Nothing to do: returning None lets the transport close itself."""

    def pause_writing(self) -> None:
        self.paused = True
        if self._listener is not None:
            self._listener.on_pause()

    def resume_writing(self) -> None:
        self.paused = False
        if self._listener is not None:
            self._listener.on_resume()

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        if self._handshake is not None:
            self._handshake.lost()
            self._handshake = None
        if self._listener is not None:
            self._close_sent = True  # nothing may be written any more
            self._listener.on_lost("transport error" if exc else "transport close")
            self._listener = None

    # --- from uvicorn -------------------------------------------------------------------------

    def shutdown(self) -> None:
        """uvicorn stops. The listener decides when to close; without one there is nothing to save."""
        if self._listener is not None:
            self._listener.on_shutdown()
        else:
            self.transport.close()

    # --- from the application and the listener ------------------------------------------------

    def accept(self, listener: Listener) -> None:
        """Answer 101 and hand every frame from now on to `listener`; the ASGI task may end."""
        if self._handshake is None or self.transport.is_closing():
            raise ConnectionResetError("the client left during the handshake")
        handshake, self._handshake = self._handshake, None
        self._app_state = None
        self.transport.write(handshake.accepted())
        self._listener = listener
        listener.on_open(self)

    def write(self, frame: bytes) -> None:
        """Send an encoded frame, unless the closing handshake has begun."""
        if not self._close_sent:
            self.transport.write(frame)

    def close(self, code: int, reason: str) -> None:
        """Begin the closing handshake. The caller must `abort()` if the peer never answers."""
        if not self._close_sent:
            self._close_sent = True
            self.transport.write(frames.close_frame(code, reason))
            self.resume_reading()  # the answer must be able to come in

    def pause_reading(self) -> None:
        """Let the peer wait: it sent more than can be worked off."""
        if not self.transport.is_closing():
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        """The peer may go on."""
        if not self.transport.is_closing():
            self.transport.resume_reading()

    def abort(self) -> None:
        """Drop the connection and whatever was not sent."""
        self.transport.abort()

    # --- inner --------------------------------------------------------------------------------

    def _before_accept(self, data: bytes) -> None:
        if self._handshake is not None:
            # RFC 6455 §4.1: a client must not send before it has seen the answer.
            self.transport.abort()
            return
        try:
            assert self._app_state is not None
            self._handshake = Handshake(data, self)
        except HandshakeError as error:
            self.transport.write(error.response())
            self.transport.close()
            return
        scope = self._handshake.scope
        scope["scheme"] = "wss" if self.transport.get_extra_info("sslcontext") else "ws"
        scope["server"] = get_local_addr(self.transport)
        scope["client"] = get_remote_addr(self.transport)
        scope["state"] = self._app_state.copy()
        scope["root_path"] = self._config.root_path
        scope["extensions"][EXTENSION] = self
        task = asyncio.get_running_loop().create_task(self._handshake.run(self._config.loaded_app))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _peer_closes(self, payload: bytes) -> None:
        if self._close_sent:  # the answer to ours
            self.transport.close()
            return
        code = frames.read_close(payload)
        self._close_sent = True
        self.transport.write(frames.close_frame(code))
        self.transport.close()
        if self._listener is not None:
            self._listener.on_lost("client disconnect")

    def _fail(self, code: int, reason: str) -> None:
        """Say what is wrong and make no more sense of what comes. Closing at once, with bytes unread,
        would reset the connection and the peer would never see why: it is given a moment."""
        self._broken = True
        if self._listener is not None:
            self._listener.on_breach(code, reason)

    def _discard(self, size: int) -> None:
        self._discarded += size
        if self._discarded > _DISCARD_BYTES:
            self.transport.abort()


def limit_send_buffer(transport: asyncio.Transport) -> None:
    """Keep little in the kernel, where nothing can be replaced by something newer."""
    sock = _tcp_socket(transport)
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)


def end_dead_peers(transport: asyncio.Transport) -> None:
    """Let the kernel end a peer that has acknowledged nothing for a while (Linux only)."""
    sock = _tcp_socket(transport)
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if sock is not None and option is not None:
        sock.setsockopt(socket.IPPROTO_TCP, option, _USER_TIMEOUT_MS)


def _tcp_socket(transport: asyncio.Transport) -> socket.socket | None:
    sock: socket.socket | None = transport.get_extra_info("socket")
    return sock if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6) else None
