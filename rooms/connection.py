"""One client: an Engine.IO socket without queue, task or timer of its own.

It stands between the transport, which hands it whole messages synchronously, and python-socketio,
which runs CONNECT and events. Life is a line: OPEN (handshake done) → CONNECTING (the connect
handler runs) → READY → LEFT (the client sent DISCONNECT) → CLOSED; stages may be skipped, nothing goes
back, and nothing is accepted out of order.

Order to read: `on_open`, `on_text`, `_on_event`, `_work`, `on_timer`, `end`; then `outlet.py`.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, Any

from socketio import packet as packets

from db.errors import Busy, Invalid
from rooms import frames
from rooms.guard import BinaryPacket, Breach, StrictPacket, TokenBucket
from rooms.outgoing import DISCONNECT, PING, open_frame, unknown_namespace_frame
from rooms.outlet import Outlet
from rooms.stage import Stage
from rooms.timer_wheel import IDLE

if TYPE_CHECKING:
    from rooms.hub import Hub
    from rooms.transport import DirectWebSocketProtocol

_HEARTBEAT = "heartbeat"
_LINGER_S = 1.0


class Connection(Outlet):
    """The listener on one websocket."""

    def __init__(self, hub: Hub, sid: str) -> None:
        super().__init__(hub, sid)
        self.stage = Stage.OPEN
        self.session: Any = None  # the application's, once READY
        self.rooms: set[str] | None = None
        self.wheel_slot = IDLE
        self._pinged = False  # a ping is out and nothing has come back
        self._connect_by = 0.0  # when CONNECT must have been answered, by the monotonic clock
        self._asked = False  # CONNECT has come
        self._assembling: BinaryPacket | None = None  # an event whose attachments are on their way
        self._inbox: deque[StrictPacket] | None = None
        self._working = False
        self._bucket = TokenBucket(hub.limits.messages_per_s, hub.limits.messages_burst, monotonic())

    # --- what comes in ------------------------------------------------------------------------

    def on_open(self, wire: DirectWebSocketProtocol) -> None:
        self.wire = wire
        wire.transport.set_write_buffer_limits(high=self.hub.limits.write_high_water_bytes)
        wire.write(open_frame(self.sid, self.hub.limits))
        self._give_time()

    def on_text(self, text: str) -> None:
        """One Engine.IO packet: a message, a pong or a close; clients send nothing else."""
        self._pinged = False
        if not self._affordable():
            return
        try:
            if text[:1] == "4":
                self._on_message(text)
            elif text == "1":
                self.end(frames.NORMAL, "client disconnect")
            elif text != "3":
                raise Breach("not a packet this server accepts")
        except Breach as breach:
            self._answer_breach(breach)

    def on_binary(self, data: bytes) -> None:
        self._pinged = False
        if not self._affordable():
            return
        try:
            self._on_attachment(data)
        except Breach as breach:
            self._answer_breach(breach)

    def on_control(self) -> None:
        self._pinged = False
        self._affordable()

    def _affordable(self) -> bool:
        """Spend a token. Far overdrawn, the socket is closed; a little, acks will say `busy`."""
        if self._bucket.spend(monotonic()) < -self.hub.limits.messages_burst:
            self.hub.counters.flooded += 1
            self.end(frames.POLICY, "too many messages")
            return False
        return True

    def _on_message(self, text: str) -> None:
        if self._assembling is not None:
            raise Breach("an attachment was announced and has not come")
        packet = self.hub.packet_class(encoded_packet=text[1:] or "x")  # "x": the base class skips empty ones
        if packet.attachment_count:
            if packet.attachment_count > self.hub.limits.attachments:
                raise Breach("too many attachments", code=frames.TOO_BIG)
            self._assembling = packet
        else:
            self._on_packet(packet)

    def _on_attachment(self, data: bytes) -> None:
        packet = self._assembling
        if packet is None:
            raise Breach("binary messages are not accepted", code=frames.UNSUPPORTED)
        if sum(map(len, packet.attachments)) + len(data) > self.hub.limits.message_bytes:
            raise Breach("the attachments are too large", code=frames.TOO_BIG)
        if packet.add_attachment(data):
            self._assembling = None
            self._on_packet(packet)

    def _on_packet(self, packet: StrictPacket) -> None:
        kind = packet.packet_type
        if packet.namespace is not None:
            self._on_elsewhere(packet, packet.namespace)
        elif kind == packets.EVENT:
            self._on_event(packet)
        elif kind == packets.DISCONNECT:
            self._on_goodbye()
        elif self._asked:
            raise Breach("CONNECT may be sent once")
        else:
            self._asked = True
            self._enqueue(packet)

    def _on_elsewhere(self, packet: StrictPacket, namespace: str) -> None:
        """Another namespace than ours: python-socketio's own, if it is served."""
        if self.hub.stock.serves(namespace):
            if self._bucket.balance < 0:
                raise Breach("too many messages")
            self._enqueue(packet)
        elif packet.packet_type == packets.CONNECT:
            self.wire.write(unknown_namespace_frame(namespace))
        else:
            raise Breach("a packet for a namespace that is not connected")

    def _on_goodbye(self) -> None:
        """DISCONNECT: the session ends at once; clients close the connection by themselves then."""
        if self.stage is not Stage.READY:
            self.end(frames.NORMAL, "client disconnect")
        else:
            self.hub.leave(self)
            self._give_time()

    def _on_event(self, packet: StrictPacket) -> None:
        if self.stage is Stage.LEFT:
            return  # sent on its way out
        if self.stage is not Stage.READY:
            raise Breach("an event before CONNECT was answered")
        if self._bucket.balance < 0:
            self.ack(packet.id, Busy().as_ack())
            return
        name, *arguments = packet.data
        if name in self.hub.stock.events:
            self._enqueue(packet)
        elif len(arguments) != 1 or not isinstance(arguments[0], dict) or packet.attachments:
            self.ack(packet.id, Invalid("An event carries exactly one JSON object.").as_ack())
        elif name == _HEARTBEAT and self.hub.on_heartbeat is not None:
            self.hub.heartbeat(self, packet.id, arguments[0])
        else:
            self._enqueue(packet)

    def _answer_breach(self, breach: Breach) -> None:
        self.hub.counters.breaches += 1
        if breach.ack_id is not None and self.stage is Stage.READY:
            self.ack(breach.ack_id, Invalid(f"Refused: {breach.reason}").as_ack())
        else:
            self.end(breach.code, breach.reason)

    # --- one event after the other ------------------------------------------------------------

    def _enqueue(self, packet: StrictPacket) -> None:
        if self._inbox is None:
            self._inbox = deque()
        self._inbox.append(packet)
        if len(self._inbox) >= self.hub.limits.inbox_messages:
            self.wire.pause_reading()
        if not self._working:
            self._working = True
            self.hub.spawn(self._work())

    @property
    def busy(self) -> bool:
        """An event is being handled, or waits to be."""
        return self._working

    async def _work(self) -> None:
        """Hand this socket's packets to python-socketio in the order they came, then end."""
        try:
            while self._inbox and not self.closed:
                packet = self._inbox.popleft()
                await self.hub.dispatch(self, packet)
                if len(self._inbox) == self.hub.limits.inbox_messages // 2:
                    self.wire.resume_reading()
        finally:
            self._working = False
            self._inbox = None

    def on_connected(self) -> None:
        """CONNECT was accepted and answered: what waited behind the answer may go."""
        self.stage = Stage.READY
        interval_s = self.hub.limits.ping_interval_s
        # The first ping comes at a random moment, so that clients who came together ping apart.
        self.hub.wheel.schedule(self, random.uniform(0.5, 1) * interval_s)
        self.release()

    # --- how it ends --------------------------------------------------------------------------

    def on_timer(self) -> None:
        """The wheel's call: close deadline, CONNECT deadline, or time to ping."""
        if self.closed:
            self.wire.abort()
            return
        left_s = self._left_s()
        if left_s <= 0:
            self.end(frames.POLICY, "no CONNECT in time")
        elif self._pinged:
            self.end(frames.GOING_AWAY, "ping timeout")
        else:
            if self.backlog is None or self.stage is not Stage.READY:  # a stalled reader has its own deadline
                self._pinged = True
                self.wire.write(PING)
            self.hub.wheel.schedule(self, min(left_s, self.hub.limits.ping_interval_s))

    def _give_time(self) -> None:
        """From now on a connection without a session has so long."""
        limits = self.hub.limits
        self._connect_by = monotonic() + limits.connect_timeout_s
        self.hub.wheel.schedule(self, min(limits.connect_timeout_s, limits.ping_interval_s))

    def _left_s(self) -> float:
        """How long the connection may still be without a session."""
        if self.stage is Stage.READY or self.hub.stock.carries(self):
            return math.inf
        return self._connect_by - monotonic()

    def cut(self, code: int, reason: str, *, farewell: bool = False) -> None:
        """Stop sending now, end in the next turn of the loop: safe inside a broadcast.

        `farewell` sends Socket.IO's DISCONNECT first, which tells clients not to come back.
        """
        if self.closed:
            return
        if farewell:
            self.wire.write(DISCONNECT)
        self.drop_backlog()
        asyncio.get_running_loop().call_soon(self.end, code, reason)

    def end(self, code: int, reason: str) -> None:
        """Close the websocket and forget the session; both are done once, in any order of events."""
        if self.closed:
            return
        self.wire.close(code, reason)
        self._forget(reason)
        self.hub.closing.add(self)
        self.hub.wheel.schedule(self, self.hub.limits.close_timeout_s)

    def on_breach(self, code: int, reason: str) -> None:
        self.hub.counters.breaches += 1
        self.end(code, reason)
        # Its answer could not be read any more: time to read our reason is all it needs.
        self.hub.wheel.schedule(self, min(_LINGER_S, self.hub.limits.close_timeout_s))

    def on_shutdown(self) -> None:
        self.hub.on_shutdown()

    def on_lost(self, reason: str) -> None:
        self._forget(reason)
        self.hub.closing.discard(self)
        self.hub.wheel.cancel(self)

    def _forget(self, reason: str) -> None:
        if self.closed:
            return
        self.closed = True
        self.drop_backlog()
        self.hub.forget(self, reason)

    async def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:  # noqa: ARG002
        """The base class's way to end a socket."""
        self.end(frames.NORMAL, reason or "server disconnect")
