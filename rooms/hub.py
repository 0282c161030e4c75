"""What all connections share, and the bridge from them to python-socketio and the callbacks.

python-socketio runs CONNECT, events and acks; `Hub` hands it judged packets and catches what it would
let fall: an exception in a connect handler leaks the session there, and the client never hears.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any

import socketio
from socketio import packet as packets

from db.errors import Problem
from rooms import frames
from rooms.audience import NAMESPACE, Audience
from rooms.connection import Connection
from rooms.guard import BinaryPacket, StrictPacket
from rooms.limits import Limits
from rooms.stage import Stage
from rooms.stock import Stock
from rooms.timer_wheel import TimerWheel

OnConnect = Callable[[str, dict[str, Any], dict[str, Any]], Awaitable[Any]]
OnEvent = Callable[[str, Any, str, dict[str, Any]], Awaitable[dict[str, Any]]]
OnDisconnect = Callable[[str, Any, str], None]
OnHeartbeat = Callable[[str, Any, dict[str, Any], Callable[[dict[str, Any]], None]], None]

log = logging.getLogger("tracker.rooms")
_library_log = logging.getLogger("tracker.rooms.socketio")
_library_log.setLevel(logging.ERROR)  # below that, it reports what clients do wrong


@dataclass(slots=True)
class Counters:
    """What has happened since the start."""

    accepted: int = 0  # websocket handshakes
    refused: int = 0  # handshakes answered with an HTTP error
    breaches: int = 0  # packets or frames outside the protocol
    flooded: int = 0  # sockets closed for sending too much
    deliveries: int = 0  # frames handed to sockets by broadcast and send
    conflated: int = 0  # droppable frames replaced by a newer one
    stalled: int = 0  # readers let go because they took too little
    failures: int = 0  # unexpected exceptions in callbacks


class Hub:
    """One per process. Connections call `dispatch`, `heartbeat` and `forget`."""

    def __init__(
        self,
        on_connect: OnConnect,
        on_event: OnEvent,
        on_disconnect: OnDisconnect,
        on_shutdown: Callable[[], None],
        limits: Limits,
    ) -> None:
        self.limits = limits
        self.on_shutdown = on_shutdown
        self.on_heartbeat: OnHeartbeat | None = None
        self.counters = Counters()
        self.wheel = TimerWheel()
        self.audience = Audience()
        self.slow: set[Connection] = set()  # readers that make us wait
        self.closing: set[Connection] = set()  # closed by us, not yet by the peer
        self.tasks: set[asyncio.Task[None]] = set()
        self._on_connect = on_connect
        self._on_event = on_event
        self._on_disconnect = on_disconnect
        self.packet_class = BinaryPacket if limits.attachments else StrictPacket
        options: dict[str, Any] = {
            "async_mode": "asgi",
            "serializer": self.packet_class,
            "async_handlers": False,  # else one client's events overtake each other
            "monitor_clients": False,
            "logger": _library_log,
            "engineio_logger": _library_log,
        }
        self._sio = socketio.AsyncServer(client_manager=self.audience, **options)
        self._sio.eio.sockets = self.audience.connections
        self.stock = Stock(self._sio, options)
        self._sio.on("connect", self._run_connect)
        self._sio.on("disconnect", self._run_disconnect)
        self._sio.on("*", self._run_event)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run `work` in a task that is not collected half-way."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def open(self, environ: dict[str, Any]) -> Connection:
        """A connection for a handshake that is about to be accepted."""
        connection = Connection(self, self._sio.eio.generate_id())
        self.audience.connections[connection.sid] = connection
        run_now(self._sio._handle_eio_connect(connection.sid, environ))
        return connection

    async def dispatch(self, connection: Connection, packet: StrictPacket) -> None:
        """Hand one judged packet to python-socketio."""
        try:
            if packet.namespace is not None:
                await self.stock.dispatch(connection, packet, self._sio.environ.get(connection.sid, {}))
            elif packet.packet_type == packets.CONNECT:
                await self._sio._handle_connect(connection.sid, NAMESPACE, packet.data)
                self._sio.environ.pop(connection.sid, None)  # served its purpose; kilobytes each
                if connection.stage is not Stage.READY:
                    connection.end(frames.POLICY, "CONNECT was refused")
            else:
                await self._sio._handle_event(connection.sid, NAMESPACE, packet.id, packet.data)
        except Exception:
            self.counters.failures += 1
            log.exception("the protocol engine failed")
            connection.end(frames.INTERNAL, "internal error; reconnect")

    def heartbeat(self, connection: Connection, ack_id: int | None, data: dict[str, Any]) -> None:
        """The synchronous path of a `heartbeat` event."""
        assert self.on_heartbeat is not None
        reply = partial(connection.ack, ack_id)
        try:
            self.on_heartbeat(connection.sid, connection.session, data, reply)
        except Problem as problem:
            reply(problem.as_ack())
        except Exception:  # noqa: BLE001  # logged by _failed
            reply(self._failed("heartbeat"))

    def leave(self, connection: Connection) -> None:
        """A client said DISCONNECT: its session is over, its connection not yet."""
        run_now(self._sio._handle_disconnect(connection.sid, NAMESPACE, "client disconnect"))
        connection.session = None

    def forget(self, connection: Connection, reason: str) -> None:
        """A connection is over: tell the application if it had a session, and drop every trace."""
        if self.stock.has(connection):
            self.spawn(self.stock.forget(connection, reason))
        run_now(self._sio._handle_eio_disconnect(connection.sid, reason))
        connection.stage = Stage.CLOSED
        connection.session = None
        self.audience.forget(connection)

    # --- called by python-socketio ------------------------------------------------------------

    async def _run_connect(self, sid: str, environ: dict[str, Any], auth: dict[str, Any] | None) -> None:
        try:
            session = await self._on_connect(sid, auth or {}, environ)
        except Problem as problem:
            data = {"code": problem.code, "retry": problem.retry, **problem.facts}
            raise socketio.exceptions.ConnectionRefusedError(problem.detail, data) from None
        except Exception:  # noqa: BLE001  # logged by _failed
            error = self._failed("connect")["error"]
            raise socketio.exceptions.ConnectionRefusedError(error.pop("message"), error) from None
        connection = self.audience.connections.get(sid)
        if connection is None or connection.stage is not Stage.CONNECTING:
            self._tell_disconnect(sid, session, "left while connecting")
            raise socketio.exceptions.ConnectionRefusedError("left while connecting")
        connection.session = session

    async def _run_event(self, event: str, sid: str, data: dict[str, Any]) -> dict[str, Any]:
        try:
            return await self._on_event(sid, self.audience.connections[sid].session, event, data)
        except Problem as problem:
            return problem.as_ack()
        except Exception:  # noqa: BLE001  # logged by _failed
            return self._failed(event)

    def _run_disconnect(self, sid: str, reason: str) -> None:
        self._tell_disconnect(sid, self.audience.connections[sid].session, reason)

    def _tell_disconnect(self, sid: str, session: Any, reason: str) -> None:
        try:
            self._on_disconnect(sid, session, reason)
        except Exception:  # noqa: BLE001  # logged by _failed
            self._failed("disconnect")

    def _failed(self, what: str) -> dict[str, Any]:
        """Log the current exception once, under an id that the client may quote."""
        self.counters.failures += 1
        number = secrets.token_hex(4)
        log.exception("%s failed [%s]", what, number)
        message = f"Something went wrong on our side ({number}). Please retry."
        return {
            "ok": False,
            "error": {"code": "internal", "message": message, "retry": True, "id": number},
        }


def run_now(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that does not suspend, without a task.

    The library's methods are coroutines by form; with our manager and sockets beneath, those called
    through here never wait. A release that made one wait would fail loudly, and its contract test too.
    """
    try:
        coroutine.send(None)
    except StopIteration as result:
        return result.value
    coroutine.close()
    raise RuntimeError(f"{coroutine!r} suspended")
