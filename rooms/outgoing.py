"""The packets this server writes, each encoded to the bytes of one websocket frame."""

from __future__ import annotations

from typing import Any

from rooms import strict_json
from rooms.frames import text_frame
from rooms.limits import Limits

PING = text_frame(b"2")  # Engine.IO's; the client answers with a pong
DISCONNECT = text_frame(b"41")  # Socket.IO's; clients do not reconnect by themselves after it


def open_frame(sid: str, limits: Limits) -> bytes:
    """Engine.IO's OPEN: the first thing a client hears."""
    fields = {
        "sid": sid,
        "upgrades": [],
        "pingInterval": limits.ping_interval_s * 1000,
        "pingTimeout": limits.ping_timeout_s * 1000,
        "maxPayload": limits.message_bytes,
    }
    return text_frame(b"0" + strict_json.dumps(fields))


def event_frame(event: str, payload: dict[str, Any]) -> bytes:
    """A Socket.IO EVENT, the same bytes for any number of sockets."""
    return text_frame(b"42" + strict_json.dumps((event, payload)))


def ack_frame(ack_id: int, answer: dict[str, Any]) -> bytes:
    """A Socket.IO ACK with one argument."""
    return text_frame(b"43%d[%b]" % (ack_id, strict_json.dumps(answer)))


def unknown_namespace_frame(namespace: str) -> bytes:
    """The CONNECT_ERROR for a namespace that is not served, in the words of the Node server."""
    return text_frame(b'44%b,{"message":"Invalid namespace"}' % namespace.encode())
