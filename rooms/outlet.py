"""The outgoing half of a connection: send now, or keep back what a slow reader cannot take.

Healthy sockets have no backlog at all. One appears when the transport says that its buffer is full,
and goes when the peer has caught up; a peer that takes nothing for too long is let go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engineio.async_socket import AsyncSocket

from rooms import frames
from rooms.backlog import DISCARD, Backlog, Discard, Slot
from rooms.outgoing import ack_frame

if TYPE_CHECKING:
    from rooms.hub import Hub
    from rooms.transport import DirectWebSocketProtocol


class Outlet(AsyncSocket):  # type: ignore[misc]  # the library has no types
    """The socket python-socketio sends through."""

    wire: DirectWebSocketProtocol

    def __init__(self, hub: Hub, sid: str) -> None:
        # The base class is not initialised on purpose: it would make an asyncio.Queue, which alone
        # is heavier than all of this. What the library reads of a socket is `sid` and `closed`.
        self.hub = hub
        self.sid = sid
        self.closed = False
        # Until `release`, whatever is delivered waits behind the answer to CONNECT.
        self.backlog: Backlog | Discard | None = Backlog(self, hub.limits.backlog_bytes)
        self._held = True

    def cut(self, code: int, reason: str, *, farewell: bool = False) -> None:
        """Stop sending and end soon."""
        raise NotImplementedError

    async def send(self, pkt: Any) -> None:
        """python-socketio's way out (CONNECT, CONNECT_ERROR, acks, the stock path). Never suspends."""
        message = pkt.encode()
        if isinstance(message, bytes):  # an attachment
            frame = frames.binary_frame(message)
        else:
            frame = frames.text_frame(message.encode())
        if not self._held:
            self.deliver(frame, None)
        elif self.wire.paused:  # before CONNECT is answered nothing is kept for a slow reader
            self.cut(frames.TRY_AGAIN_LATER, "reading too slowly; reconnect")
        else:
            self.wire.write(frame)

    def deliver(self, frame: bytes, slot: Slot | None) -> None:
        """Send now, or keep it while the peer is slow. `slot` marks it droppable."""
        if self.backlog is None:
            self.wire.write(frame)
        elif not self.backlog.add(frame, slot):
            self.cut(frames.TRY_AGAIN_LATER, "reading too slowly; reconnect")

    def ack(self, ack_id: int | None, answer: dict[str, Any]) -> None:
        """Answer one event, if it asked for an answer and is still there to hear it."""
        if ack_id is not None and not self.closed:
            self.deliver(ack_frame(ack_id, answer), None)

    def release(self) -> None:
        """CONNECT is answered: what waited behind the answer may go."""
        self._held = False
        self.on_resume()

    def on_pause(self) -> None:
        if self.backlog is None:
            self.backlog = Backlog(self, self.hub.limits.backlog_bytes)
            self._begin_stall(self.backlog)

    def on_resume(self) -> None:
        """Send what waited, until the peer is slow again or nothing is left."""
        backlog = self.backlog
        if not isinstance(backlog, Backlog) or self._held:
            return
        self._end_stall(backlog)
        while backlog and not self.wire.paused:
            self.wire.write(backlog.pop())
        if self.wire.paused:
            self._begin_stall(backlog)
        else:
            self.backlog = None

    def drop_backlog(self) -> None:
        """Nothing more is sent to this socket."""
        if isinstance(self.backlog, Backlog):
            self._end_stall(self.backlog)
        self.backlog = DISCARD

    def _begin_stall(self, backlog: Backlog) -> None:
        self.hub.slow.add(self)
        self.hub.wheel.schedule(backlog, self.hub.limits.stall_timeout_s)

    def _end_stall(self, backlog: Backlog) -> None:
        self.hub.slow.discard(self)
        self.hub.wheel.cancel(backlog)

    def on_stalled(self) -> None:
        self.hub.counters.stalled += 1
        self.cut(frames.TRY_AGAIN_LATER, "nothing was read for too long; reconnect")
