"""A Socket.IO client as cheap as Python allows: hand-written frames on an asyncio Protocol.

It is the load, so it must not be the bottleneck: no library, no task per socket, one callback per ack.
It checks only what a benchmark relies on. Engine.IO 4 packets: `0` open, `2` ping, `3` pong, `4` message;
Socket.IO 5 inside messages: `0` connect, `2` event, `3` ack, `4` connect error.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import Callable
from typing import Any

OnAck = Callable[[bytes], None]


class Client(asyncio.Protocol):
    """One socket. `ready` ends with the CONNECT answer, or fails with what the server said instead."""

    def __init__(self, host: str, port: int, auth: dict[str, Any]) -> None:
        self._host = f"{host}:{port}"
        self._connect = b"40" + json.dumps(auth).encode()
        self._buffer = b""
        self._open = False
        self._mask = os.urandom(4)
        self._next_id = 0
        self._acks: dict[int, OnAck] = {}
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.events = 0

    def emit(self, event: str, payload: str, on_ack: OnAck) -> None:
        """Send an event with one argument, given as JSON; `on_ack` gets the ack's JSON array."""
        self._next_id += 1
        self._acks[self._next_id] = on_ack
        self._send(f'42{self._next_id}["{event}",{payload}]'.encode())

    def ask(self, event: str, payload: dict[str, Any]) -> asyncio.Future[Any]:
        """The same for those who want to wait: a future of the ack."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.emit(event, json.dumps(payload), lambda ack: answer.set_result(json.loads(ack)[0]))
        return answer

    def close(self) -> None:
        """Leave without a word; the server sees the end of the stream."""
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {self._host}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._open:
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self._fail(head.decode(errors="replace").partition("\r\n")[0])
                return
            self._open, self._buffer = True, rest
        self._read_frames()

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(f"connection lost: {exc}")

    def _read_frames(self) -> None:
        buffer, at, end = self._buffer, 0, len(self._buffer)
        while end - at >= 2:
            length, start = buffer[at + 1], at + 2
            if length == 126:
                length, start = int.from_bytes(buffer[at + 2 : at + 4], "big"), at + 4
            elif length == 127:
                length, start = int.from_bytes(buffer[at + 2 : at + 10], "big"), at + 10
            if start > end or start + length > end:
                break
            if buffer[at] == 0x81:
                self._on_text(buffer[start : start + length])
            elif buffer[at] == 0x88:
                self._fail(f"closed: {buffer[start + 2 : start + length].decode(errors='replace')}")
            at = start + length
        self._buffer = buffer[at:]

    def _on_text(self, text: bytes) -> None:
        if text.startswith(b"43"):
            number, _, ack = text[2:].partition(b"[")
            self._acks.pop(int(number))(b"[" + ack)
        elif text.startswith(b"42"):
            self.events += 1
        elif text == b"2":
            self._send(b"3")
        elif text.startswith(b"40"):
            self.ready.set_result(None)
        elif text.startswith(b"44"):
            self._fail(text[2:].decode())
        elif text.startswith(b"0"):
            self._send(self._connect)

    def _send(self, text: bytes) -> None:
        """One masked text frame (RFC 6455 §5.2)."""
        length = len(text)
        mask = (self._mask * (length // 4 + 1))[:length]
        masked = (int.from_bytes(text, "big") ^ int.from_bytes(mask, "big")).to_bytes(length, "big")
        head = bytes((0x81, 0x80 | length)) if length < 126 else b"\x81\xfe" + length.to_bytes(2, "big")
        self._transport.write(head + self._mask + masked)

    def _fail(self, reason: str) -> None:
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(reason))


async def connect(host: str, port: int, auth: dict[str, Any]) -> Client:
    """A socket whose CONNECT was answered. Raises ConnectionError."""
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(lambda: Client(host, port, auth), host, port)
    await asyncio.wait_for(client.ready, 15)
    return client
