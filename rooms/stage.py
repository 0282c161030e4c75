"""How far a connection has come. It only goes on; stages may be skipped."""

from __future__ import annotations

from enum import Enum, auto


class Stage(Enum):
    """The life of one connection."""

    OPEN = auto()  # websocket and Engine.IO handshakes are done
    CONNECTING = auto()  # CONNECT has arrived; its handler is running
    READY = auto()  # authenticated: events are accepted, rooms are heard
    LEFT = auto()  # the session is over; the connection carries other namespaces, or ends soon
    CLOSED = auto()  # over; the peer may still have to confirm

    @property
    def over(self) -> bool:
        """Nothing more may reach the session: not through a room, and not by its sid."""
        return self is Stage.LEFT or self is Stage.CLOSED
