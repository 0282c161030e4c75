"""What is judged before the protocol engine sees it: packets, rates, origins.

python-socketio trusts its peer. A client could emit `connect` and run the connect handler, pin
memory with binary attachments that never arrive, or slip past the catch-all by naming an event `*`.
So every packet passes here first; what does not is a `Breach`. Binary is off unless `Limits.attachments`
allows it, and then bounded in number and size.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from socketio import packet as packets

from db.errors import Invalid
from rooms import strict_json
from rooms.frames import POLICY

RESERVED_EVENTS = frozenset(
    {"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener", "*"}
)
EVENT_NAME_MAX = 64

# Type, namespace, ack id, then JSON or nothing. Type 4 (only a server may send it) and 6 (an ack; this server
# asks for none) have no place here. Type 5, an event that announces attachments, is read by `BinaryPacket`.
_HEADER = re.compile(r"([0-3])(?:(/[\w\-./]{0,99})(?:,|\Z))?(\d{1,15})?(?=[\[{]|\Z)", re.ASCII)
_ATTACHMENTS = re.compile(r"5(\d{1,3})-", re.ASCII)


class Breach(Exception):  # it is not our error
    """The peer does not speak the protocol; its socket is closed with `code` and `reason`.

    When the broken packet was an event that asked for an ack, `ack_id` is set and the client is told
    by ack instead: a bug in an app's payload should not cost it the connection.
    """

    def __init__(self, reason: str, ack_id: int | None = None, code: int = POLICY) -> None:
        self.reason = reason
        self.ack_id = ack_id
        self.code = code
        super().__init__(reason)


class StrictPacket(packets.Packet):  # type: ignore[misc]  # the library has no types
    """The protocol engine's packet with a decoder that believes nothing.

    An EVENT comes out with a list of at least one item whose first is a permitted name; a CONNECT
    with an object or nothing. Handed to python-socketio as its `serializer`, a public option.
    """

    data: Any
    uses_binary_events = False  # else every payload is walked in search of bytes

    class json:  # noqa: N801  # the name the base class looks up
        """What the base class encodes with (its decoder is replaced below)."""

        @staticmethod
        def dumps(value: Any, **_options: object) -> str:
            return strict_json.dumps(value).decode()

    def decode(self, encoded_packet: str) -> int:
        header = _HEADER.match(encoded_packet)
        if header is None:
            raise Breach("not a packet this server accepts")
        kind, namespace, ack_id = header.groups()
        self.packet_type = int(kind)
        self.namespace = None if namespace == "/" else namespace  # None is ours, however it was written
        self.id = None if ack_id is None else int(ack_id)
        body = encoded_packet[header.end() :]
        try:
            self.data = strict_json.loads(body) if body else None
        except Invalid as refusal:
            raise Breach(refusal.detail, self._ack_id()) from None
        self._judge()
        return 0  # no attachments, ever

    def _judge(self) -> None:
        """Refuse what no client may say."""
        if self.packet_type == packets.EVENT:
            if not isinstance(self.data, list) or not self.data:
                raise Breach("an event is an array that starts with its name", self._ack_id())
            name = self.data[0]
            if not isinstance(name, str) or not 0 < len(name) <= EVENT_NAME_MAX:
                raise Breach(f"an event's name is a text of 1 to {EVENT_NAME_MAX} characters", self._ack_id())
            if name in RESERVED_EVENTS:
                raise Breach("that event name is reserved", self._ack_id())
        elif self.packet_type == packets.CONNECT:
            if self.data is not None and not isinstance(self.data, dict):
                raise Breach("the auth of a CONNECT is an object")
        elif self.packet_type == packets.ACK:
            raise Breach("this server asks for no acks")

    def _ack_id(self) -> int | None:
        """What to answer a broken event by: acks of ours are for our namespace."""
        return self.id if self.namespace is None else None


class BinaryPacket(StrictPacket):
    """The same where binary is allowed. An event that announces attachments is complete once
    `add_attachment` has returned True; until then its `data` holds placeholders.
    """

    uses_binary_events = True

    def decode(self, encoded_packet: str) -> int:
        announced = _ATTACHMENTS.match(encoded_packet)
        if announced is None:
            return super().decode(encoded_packet)
        super().decode(f"{packets.EVENT}{encoded_packet[announced.end() :]}")
        return int(announced[1])

    @classmethod
    def reconstruct_binary(cls, data: Any, attachments: list[bytes]) -> Any:
        """Put each attachment where its placeholder stands; the stock method trusts the numbers."""
        if isinstance(data, list):
            return [cls.reconstruct_binary(item, attachments) for item in data]
        if not isinstance(data, dict):
            return data
        if data.get("_placeholder") is not True:
            return {key: cls.reconstruct_binary(item, attachments) for key, item in data.items()}
        number = data.get("num")
        if type(number) is not int or not 0 <= number < len(attachments):
            raise Breach("a placeholder names an attachment that is not there")
        return attachments[number]


class TokenBucket:
    """`rate` tokens per second, at most `burst` saved. The balance may go negative, to see abuse."""

    __slots__ = ("_burst", "_rate", "_stamp", "balance")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._stamp = now
        self.balance = burst

    def spend(self, now: float) -> float:
        """Take one token whether or not there is one; a negative balance means it was not there."""
        balance = self.balance + (now - self._stamp) * self._rate
        self._stamp = now
        self.balance = (balance if balance < self._burst else self._burst) - 1
        return self.balance

    def take(self, now: float) -> bool:
        """Take one token if there is one."""
        if self.spend(now) >= 0:
            return True
        self.balance += 1
        return False


def origin_allowed(origins: list[str], host: str, allowed: list[str] | None) -> bool:
    """Whether a handshake with these `Origin` headers may go on.

    Browsers always send one, native apps none: none is fine. Pages served under the same host are,
    whatever the scheme, since a proxy may end TLS before us; so are the exact origins that `allowed`
    lists (`https://track.example`).
    """
    if not origins:
        return True
    if len(origins) > 1:
        return False
    if origins[0].rstrip("/").lower() in {entry.rstrip("/").lower() for entry in allowed or ()}:
        return True
    try:
        page = urlsplit(origins[0])
        port = page.port
    except ValueError:
        return False
    if page.scheme not in ("http", "https") or not page.hostname:
        return False
    name = f"[{page.hostname}]" if ":" in page.hostname else page.hostname
    default_port = 443 if page.scheme == "https" else 80
    same = {f"{name}:{port or default_port}"}
    if port is None or port == default_port:
        same.add(name)
    return host.lower() in same
