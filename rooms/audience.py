"""Who is in which room, on this node: python-socketio's client manager with an index both ways.

The stock manager keeps two dictionaries per room and a room per client, and a leaving client is
searched for in every room: 8000 leaving at once stalled the loop for 5 s. Here a connection knows
its rooms and a room its connections, so entering, leaving and disconnecting touch only what is
concerned. It serves one namespace, in which a connection has one session whose id is the transport's
(other namespaces, if any, have python-socketio's own manager: `stock.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from socketio import AsyncManager

from rooms.stage import Stage

if TYPE_CHECKING:
    from rooms.connection import Connection

NAMESPACE = "/"
_NOBODY: frozenset[Connection] = frozenset()


class Audience(AsyncManager):  # type: ignore[misc]  # the library has no types
    """Replaces the storage of python-socketio's `BaseManager`; its callers stay as they are."""

    def __init__(self) -> None:
        super().__init__()
        self.connections: dict[str, Connection] = {}  # by sid, from the handshake to the close
        self.audiences: dict[str, set[Connection]] = {}  # room -> who hears it; never an empty set

    # --- ours ---------------------------------------------------------------------------------

    def listeners(self, room: str) -> Iterable[Connection]:
        return self.audiences.get(room, _NOBODY)

    def enter(self, connection: Connection, room: str) -> None:
        if connection.rooms is None:
            connection.rooms = set()
        connection.rooms.add(room)
        self.audiences.setdefault(room, set()).add(connection)

    def leave(self, connection: Connection, room: str) -> None:
        if connection.rooms is None or room not in connection.rooms:
            return
        connection.rooms.discard(room)
        audience = self.audiences[room]
        audience.discard(connection)
        if not audience:
            del self.audiences[room]

    def leave_all(self, connection: Connection) -> None:
        for room in tuple(connection.rooms or ()):
            self.leave(connection, room)
        connection.rooms = None

    def forget(self, connection: Connection) -> None:
        """Out of every room and off the list."""
        self.leave_all(connection)
        self.connections.pop(connection.sid, None)

    # --- what python-socketio asks ------------------------------------------------------------

    def get_namespaces(self) -> tuple[str, ...]:
        return (NAMESPACE,)

    def get_participants(self, namespace: str, room: str | None) -> Iterator[tuple[str, str]]:
        """Never everyone: an emit without a room would reach sockets not yet authenticated."""
        if namespace != NAMESPACE or room is None:
            raise ValueError("always emit to a room")
        for connection in tuple(self.listeners(room)):
            yield connection.sid, connection.sid

    async def pre_connect(self, eio_sid: str, namespace: str) -> str | None:
        connection = self.connections.get(eio_sid)
        if connection is None or connection.stage is not Stage.OPEN or namespace != NAMESPACE:
            return None
        connection.stage = Stage.CONNECTING
        return eio_sid

    async def connect(self, sid: str, namespace: str) -> str:  # noqa: ARG002
        connection = self.connections.get(sid)
        if connection is not None:
            connection.on_connected()
        return sid

    def is_pre_connected(self, sid: str, namespace: str) -> bool:  # noqa: ARG002
        connection = self.connections.get(sid)
        return connection is not None and connection.stage is Stage.CONNECTING

    def is_connected(self, sid: str | None, namespace: str) -> bool:
        connection = self.connections.get(sid or "")
        return connection is not None and connection.stage is Stage.READY and namespace == NAMESPACE

    def sid_from_eio_sid(self, eio_sid: str, namespace: str) -> str | None:
        return eio_sid if namespace == NAMESPACE and eio_sid in self.connections else None

    def eio_sid_from_sid(self, sid: str, namespace: str) -> str | None:
        return self.sid_from_eio_sid(sid, namespace)

    def pre_disconnect(self, sid: str, namespace: str) -> str | None:
        connection = self.connections.get(sid)
        if connection is not None:
            connection.stage = Stage.LEFT
        return self.eio_sid_from_sid(sid, namespace)

    def basic_disconnect(self, sid: str, namespace: str, **_options: object) -> None:  # noqa: ARG002
        connection = self.connections.get(sid)
        if connection is not None:
            self.leave_all(connection)

    def is_sid_room(self, namespace: str, room: str) -> bool:  # noqa: ARG002
        return False

    def basic_enter_room(self, sid: str, namespace: str, room: str, eio_sid: str | None = None) -> None:  # noqa: ARG002
        self.enter(self.connections[sid], room)

    def basic_leave_room(self, sid: str, namespace: str, room: str) -> None:  # noqa: ARG002
        connection = self.connections.get(sid)
        if connection is not None:
            self.leave(connection, room)

    def basic_close_room(self, room: str, namespace: str) -> None:  # noqa: ARG002
        for connection in tuple(self.listeners(room)):
            self.leave(connection, room)

    def get_rooms(self, sid: str, namespace: str) -> list[str]:  # noqa: ARG002
        connection = self.connections.get(sid)
        return list(connection.rooms or ()) if connection is not None else []
