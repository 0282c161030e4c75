"""What the fast lane does not cover, by python-socketio as it is.

The wire contract of this product is one namespace, `/`, and one JSON object an event. Whoever builds on the
engine may want the rest of Socket.IO: other namespaces, several arguments, binary. `Stock` holds the
handlers of all three; nothing here runs in a server that registers none.

These packets, too, pass `guard.py` first: reserved names, sizes, depth and rate hold everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import socketio
from socketio import packet as packets

from rooms.audience import NAMESPACE
from rooms.guard import StrictPacket

if TYPE_CHECKING:
    from rooms.connection import Connection


class Stock:
    """python-socketio's own server for every namespace but ours, on our connections."""

    def __init__(self, main: socketio.AsyncServer, options: dict[str, Any]) -> None:
        """`main` serves our namespace; `options` are what both servers are made with."""
        self.events: set[str] = set()  # of our namespace, with handlers that take any arguments
        self._main = main
        self._others = socketio.AsyncServer(**options)
        self._carried: dict[str, Connection] = {}  # by sid: those that asked for another namespace
        self._others.eio.sockets = self._carried

    def on(self, event: str, handler: Callable[..., Any], namespace: str) -> None:
        """Register a python-socketio handler; a namespace is served from its first handler on."""
        if namespace == NAMESPACE:
            self.events.add(event)
            self._main.on(event, handler)
        else:
            self._others.on(event, handler, namespace=namespace)

    def serves(self, namespace: str) -> bool:
        """Whether a client may connect to it."""
        return namespace in self._others.handlers

    def carries(self, connection: Connection) -> bool:
        """Whether the connection has a session in another namespace."""
        return connection.sid in self._carried and any(
            self._connected(connection.sid, namespace) for namespace in self._others.manager.get_namespaces()
        )

    async def dispatch(self, connection: Connection, packet: StrictPacket, environ: dict[str, Any]) -> None:
        """Run one judged packet of another namespace. Raises what its handler raises."""
        sid, namespace = connection.sid, str(packet.namespace)
        if packet.packet_type == packets.EVENT:
            await self._others._handle_event(sid, namespace, packet.id, packet.data)
        elif packet.packet_type == packets.DISCONNECT:
            await self._drop(sid, namespace, "client disconnect")
        else:
            self._carried[sid] = connection
            self._others.environ[sid] = environ
            try:
                await self._others._handle_connect(sid, namespace, packet.data)
            finally:
                # A handler that failed, or that outlived its connection, would leave a session behind.
                if connection.closed or not self._connected(sid, namespace):
                    await self._drop(sid, namespace, "left while connecting")

    async def emit(self, sid: str, namespace: str, event: str, arguments: tuple[Any, ...]) -> bool:
        """Send an event with any arguments, bytes among them; False when the session is gone."""
        server = self._main if namespace == NAMESPACE else self._others
        if not server.manager.is_connected(sid, namespace):
            return False
        packet = server.packet_class(packets.EVENT, data=[event, *arguments], namespace=namespace)
        await server._send_packet(server.manager.eio_sid_from_sid(sid, namespace), packet)
        return True

    async def forget(self, connection: Connection, reason: str) -> None:
        """The connection is over: end its sessions in all other namespaces.

        One whose handler is still running is not there yet: `dispatch` drops it when that has ended. Earlier,
        python-socketio would take the handler's end for a connection of its own and keep that for good.
        """
        for namespace in tuple(self._others.manager.get_namespaces()):
            await self._others._handle_disconnect(connection.sid, namespace, reason)
        self._carried.pop(connection.sid, None)
        self._others.environ.pop(connection.sid, None)

    def has(self, connection: Connection) -> bool:
        """Whether `forget` has anything to do."""
        return connection.sid in self._carried

    def _connected(self, sid: str, namespace: str) -> bool:
        manager = self._others.manager
        return bool(manager.is_connected(manager.sid_from_eio_sid(sid, namespace), namespace))

    async def _drop(self, sid: str, namespace: str, reason: str) -> None:
        """End one session, also one whose CONNECT never came to its end."""
        await self._others._handle_disconnect(sid, namespace, reason)
        manager = self._others.manager
        left = manager.sid_from_eio_sid(sid, namespace)
        if left is not None:
            manager.basic_disconnect(left, namespace)
