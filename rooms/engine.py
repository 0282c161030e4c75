"""The Socket.IO server as the rest of the house sees it: callbacks in, sockets and rooms out.

Websocket only. Order to read below it: `transport` (frames), `connection` (one client), `hub` (the
bridge to python-socketio and the callbacks), `audience` (who is in which room).

Close codes: 1012 and 1013 ask the client to come back (deploy, too slow, busy), 1008 and its
neighbours say that something was wrong with what it sent. A socket ended for good gets Socket.IO's
DISCONNECT first, after which clients do not reconnect by themselves.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from typing import Any

from rooms import frames
from rooms.admission import Admission, Refusal, environ_of, refuse
from rooms.audience import NAMESPACE
from rooms.connection import Connection
from rooms.http_door import PunctualHttpProtocol
from rooms.hub import Hub, OnConnect, OnDisconnect, OnEvent, OnHeartbeat
from rooms.limits import Limits
from rooms.outgoing import event_frame
from rooms.stage import Stage
from rooms.transport import EXTENSION, DirectWebSocketProtocol

_RETRY_AFTER_SHUTDOWN_S = 2.0
_DRAIN_STEP_S = 0.05
_FINISH_S = 3.0  # for handlers still running at the end of a drain
_ACLOSE_S = 1.0  # for peers to answer our close
_POLL_S = 0.01


def uvicorn_options(limits: Limits | None = None) -> dict[str, Any]:
    """The `uvicorn.Config` arguments without which an `Engine` accepts no connection."""
    limits = limits or Limits()
    return {
        "interface": "asgi3",  # uvicorn cannot tell for a bound method
        "ws": DirectWebSocketProtocol,
        "http": PunctualHttpProtocol,
        "ws_max_size": limits.message_bytes,
        "timeout_keep_alive": 20,
        "timeout_graceful_shutdown": int(limits.drain_s + _FINISH_S + limits.close_timeout_s) + 2,
        "server_header": False,
    }


class Engine:
    """All sockets of this process.

    `on_connect` authenticates and returns the session object, or raises a `Problem`, which the client
    receives as CONNECT_ERROR `{message, data: {code, retry}}`. `on_event` answers one event with the
    ack; a `Problem` becomes its `as_ack()`. Both may enter rooms; what is sent to a room before CONNECT
    was answered arrives right behind the answer. `on_disconnect` is called once for every session that
    `on_connect` returned; `rooms_of` still answers inside it. None of them may block.
    """

    def __init__(
        self,
        *,
        on_connect: OnConnect,
        on_event: OnEvent,
        on_disconnect: OnDisconnect,
        allowed_origins: list[str] | None,
        limits: Limits | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._hub = Hub(on_connect, on_event, on_disconnect, self._on_shutdown, self._limits)
        self._audience = self._hub.audience
        self._admission = Admission(allowed_origins, self._limits)
        self._drain_task: asyncio.Task[None] | None = None

    @property
    def on_heartbeat(self) -> OnHeartbeat | None:
        """When set, takes `heartbeat` events synchronously, without a task.

        Called with `(sid, session, data, reply)`; `reply` sends the ack, at once or later, and is
        harmless when the socket has left or asked for none.
        """
        return self._hub.on_heartbeat

    @on_heartbeat.setter
    def on_heartbeat(self, handler: OnHeartbeat | None) -> None:
        self._hub.on_heartbeat = handler

    def on(self, event: str, handler: Callable[..., Any], *, namespace: str = NAMESPACE) -> None:
        """Take an event the way python-socketio does, outside the rules of `on_event`.

        `handler(sid, *arguments)` may be asynchronous; the arguments are whatever came (bytes too, within
        `limits.attachments`), what it returns is the ack, a tuple being several arguments. What it raises
        ends the connection. A handler for another namespace opens that namespace, which has sids and, as
        `connect` and `disconnect`, handlers of its own; rooms, `send` and `broadcast` are `/`'s alone.
        """
        self._hub.stock.on(event, handler, namespace)

    async def emit(self, sid: str, event: str, *arguments: Any, namespace: str = NAMESPACE) -> bool:
        """Send an event of any arguments to one connected session; False when it has left."""
        return await self._hub.stock.emit(sid, namespace, event, arguments)

    async def asgi(self, scope: dict[str, Any], _receive: Any, send: Any) -> None:
        """The ASGI application for `/socket.io/`: admits a websocket, or answers with a problem."""
        try:
            self._admission.judge(scope)
            wire = scope.get("extensions", {}).get(EXTENSION)
            if wire is None:
                raise Refusal(501, "no_transport", "Run uvicorn with rooms.engine.uvicorn_options().")
        except Refusal as refusal:
            self._hub.counters.refused += 1
            await refuse(refusal, scope, send)
            return
        connection = self._hub.open(environ_of(scope))
        try:
            wire.accept(connection)
        except ConnectionResetError:
            connection.on_lost("left during the handshake")
        else:
            self._hub.counters.accepted += 1

    # --- rooms --------------------------------------------------------------------------------

    def enter(self, sid: str, room: str) -> bool:
        """Let a socket hear a room; False when the socket has left meanwhile."""
        connection = self._audience.connections.get(sid)
        if connection is None or connection.stage.over:
            return False
        self._audience.enter(connection, room)
        return True

    def leave(self, sid: str, room: str) -> None:
        """Stop a socket from hearing a room; fine if it did not."""
        connection = self._audience.connections.get(sid)
        if connection is not None:
            self._audience.leave(connection, room)

    def members(self, room: str) -> Collection[str]:
        """The sids of this node's sockets in a room."""
        return [connection.sid for connection in self._audience.listeners(room)]

    def rooms_of(self, sid: str) -> Collection[str]:
        """The rooms a socket hears."""
        connection = self._audience.connections.get(sid)
        return tuple(connection.rooms or ()) if connection is not None else ()

    def session(self, sid: str) -> Any:
        """What `on_connect` returned; None before that and after the disconnect."""
        connection = self._audience.connections.get(sid)
        return connection.session if connection is not None else None

    # --- sending ------------------------------------------------------------------------------

    def broadcast(
        self, room: str, event: str, payload: dict[str, Any], *, droppable: bool = False, key: str = ""
    ) -> int:
        """Send to everyone in a room; returns how many sockets. Encoded once, whatever the number.

        A droppable event waits for a slow reader in one slot per (`key`, `event`): the newest wins.
        """
        listeners = tuple(self._audience.listeners(room))
        if listeners:
            frame = event_frame(event, payload)
            slot = (key, event) if droppable else None
            for connection in listeners:
                if connection.backlog is None:
                    connection.wire.write(frame)
                else:
                    connection.deliver(frame, slot)
            self._hub.counters.deliveries += len(listeners)
        return len(listeners)

    def broadcast_or(self, room: str, event: str, payload: dict[str, Any], *, slow: dict[str, Any]) -> int:
        """Send to everyone in a room; returns how many sockets. A slow reader gets `slow` in its place.

        Whatever a slow reader missed, `slow` waits for it once.
        """
        listeners = tuple(self._audience.listeners(room))
        if listeners:
            frame, instead = event_frame(event, payload), event_frame(event, slow)
            for connection in listeners:
                if connection.backlog is None:
                    connection.wire.write(frame)
                else:
                    connection.deliver(instead, (room, event))
            self._hub.counters.deliveries += len(listeners)
        return len(listeners)

    def broadcast_each(self, event: str, payloads: Mapping[str, dict[str, Any]]) -> int:
        """Send a droppable event to several rooms, each its own payload; returns how many were sent.

        A socket in several of the rooms gets all of them in one write. The room is the slot in which the
        newest waits for a slow reader.
        """
        letters: dict[Connection, list[tuple[bytes, tuple[str, str]]]] = {}
        for room, payload in payloads.items():
            listeners = tuple(self._audience.listeners(room))
            if listeners:
                letter = (event_frame(event, payload), (room, event))
                for connection in listeners:
                    letters.setdefault(connection, []).append(letter)
        for connection, mine in letters.items():
            if connection.backlog is None:
                connection.wire.write(b"".join(frame for frame, _ in mine))
            else:
                for frame, slot in mine:
                    connection.deliver(frame, slot)
        sent = sum(map(len, letters.values()))
        self._hub.counters.deliveries += sent
        return sent

    def send(
        self, sid: str, event: str, payload: dict[str, Any], *, droppable: bool = False, key: str = ""
    ) -> bool:
        """Send to one socket; False when it has left."""
        connection = self._audience.connections.get(sid)
        if connection is None or connection.stage.over:
            return False
        connection.deliver(event_frame(event, payload), (key, event) if droppable else None)
        self._hub.counters.deliveries += 1
        return True

    def disconnect(self, sid: str, reason: str, *, retry: bool = False) -> None:
        """End a socket: nothing more is sent to it from now on, `on_disconnect` follows soon.

        With `retry` the client is invited to reconnect; without, it is told not to.
        """
        connection = self._audience.connections.get(sid)
        if connection is not None:
            code = frames.TRY_AGAIN_LATER if retry else frames.POLICY
            connection.cut(code, reason, farewell=not retry)

    # --- the end ------------------------------------------------------------------------------

    async def drain(self, retry_in_s: float) -> None:
        """Refuse new sockets, announce the end, then close all, spread over `limits.drain_s`."""
        if self._drain_task is None:
            self._drain_task = self._hub.spawn(self._drain(retry_in_s))
        await asyncio.shield(self._drain_task)

    def _on_shutdown(self) -> None:
        """uvicorn stops and nobody drained: begin, without waiting."""
        if self._drain_task is None:
            self._drain_task = self._hub.spawn(self._drain(_RETRY_AFTER_SHUTDOWN_S))

    async def _drain(self, retry_in_s: float) -> None:
        self._admission.draining = True
        connections = list(self._audience.connections.values())
        random.shuffle(connections)
        farewell = event_frame("drain", {"retry_in_s": retry_in_s})
        for connection in connections:
            if connection.stage is Stage.READY:
                connection.deliver(farewell, None)
        steps = max(1, round(self._limits.drain_s / _DRAIN_STEP_S))
        for step in range(steps):
            await asyncio.sleep(_DRAIN_STEP_S)
            for connection in connections[step::steps]:
                if not connection.busy:  # what was begun is finished first
                    connection.end(frames.SERVICE_RESTART, "draining; reconnect")
        await self._until(lambda: not any(connection.busy for connection in connections), _FINISH_S)
        for connection in connections:
            connection.end(frames.SERVICE_RESTART, "draining; reconnect")

    async def aclose(self) -> None:
        """Close everything now; returns when all sockets are gone, after a second at most."""
        self._admission.draining = True
        for connection in tuple(self._audience.connections.values()):
            connection.end(frames.SERVICE_RESTART, "closing; reconnect")
        await self._until(lambda: not self._hub.closing, _ACLOSE_S)
        for connection in tuple(self._hub.closing):
            connection.wire.abort()
        for task in tuple(self._hub.tasks):
            task.cancel()
        await asyncio.gather(*self._hub.tasks, return_exceptions=True)
        self._hub.wheel.stop()

    async def _until(self, done: Callable[[], bool], within_s: float) -> None:
        """Wait for `done`, or for long enough."""
        for _ in range(round(within_s / _POLL_S)):
            if done():
                return
            await asyncio.sleep(_POLL_S)

    def stats(self) -> dict[str, int]:
        """Gauges (`sockets` to `tasks`), then the counters of `rooms.hub.Counters`."""
        connections: Collection[Connection] = self._audience.connections.values()
        return {
            "sockets": len(connections),
            "ready": sum(connection.stage is Stage.READY for connection in connections),
            "closing": len(self._hub.closing),
            "rooms": len(self._audience.audiences),
            "slow_readers": len(self._hub.slow),
            "tasks": len(self._hub.tasks),
            **asdict(self._hub.counters),
        }
