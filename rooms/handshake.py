"""The opening handshake of RFC 6455 §4.2, with the application asked through ASGI."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from rooms.transport import DirectWebSocketProtocol

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

log = logging.getLogger(__name__)


class HandshakeError(Exception):
    """The upgrade request is not a valid RFC 6455 handshake."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        self.status = status
        self.detail = detail
        super().__init__(detail)

    def response(self) -> bytes:
        """The HTTP answer; 426 must name the version we speak."""
        headers = [(b"content-type", b"text/plain; charset=utf-8")]
        if self.status is HTTPStatus.UPGRADE_REQUIRED:
            headers.append((b"sec-websocket-version", b"13"))
        return http_response(self.status, headers, self.detail.encode())


class Handshake:
    """One upgrade request and the application's answer to it.

    `scope` is the ASGI websocket scope (the caller adds addresses and state). `run` calls the
    application, which refuses here or accepts through the protocol in `scope["extensions"]`.
    """

    __slots__ = ("_answered", "_denial", "_gone", "_key", "_protocol", "_received_connect", "scope")

    def __init__(self, request: bytes, protocol: DirectWebSocketProtocol) -> None:
        """`request` is the block uvicorn rebuilds from the headers it has already parsed."""
        self._protocol = protocol
        lines = request.rstrip(b"\r\n").split(b"\r\n")
        method, target, _version = lines[0].split(b" ", 2)
        headers = []
        for line in lines[1:]:
            name, _, value = line.partition(b": ")
            headers.append((name.lower(), value.strip()))
        self._key = _judge(method, headers)
        path, _, query = target.partition(b"?")
        self.scope: dict[str, Any] = {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "path": unquote(path.decode("latin-1")),
            "raw_path": path,
            "query_string": query,
            "headers": headers,
            "subprotocols": [],
            "extensions": {"websocket.http.response": {}},
        }
        self._answered = False
        self._denial: tuple[HTTPStatus, list[tuple[bytes, bytes]]] | None = None
        self._received_connect = False
        self._gone = asyncio.Event()

    def accepted(self) -> bytes:
        """The 101 answer."""
        self._answered = True
        digest = hashlib.sha1(self._key + _GUID, usedforsecurity=False).digest()
        return (
            b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
            b"sec-websocket-accept: " + base64.b64encode(digest) + b"\r\n\r\n"
        )

    def lost(self) -> None:
        """The client left before an answer."""
        self._answered = True
        self._gone.set()

    async def run(self, app: Any) -> None:
        """Ask the application; whatever goes wrong there is a plain 500 to the client."""
        try:
            await app(self.scope, self._receive, self._send)
        except ConnectionResetError:
            pass  # the client left meanwhile
        except Exception:
            log.exception("the application failed in a websocket handshake")
        if not self._answered:
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, [], b"Internal Server Error")

    async def _receive(self) -> dict[str, Any]:
        if not self._received_connect:
            self._received_connect = True
            return {"type": "websocket.connect"}
        await self._gone.wait()
        return {"type": "websocket.disconnect", "code": 1006}

    async def _send(self, message: dict[str, Any]) -> None:
        if self._answered:
            raise ConnectionResetError("the handshake is over")
        kind = message["type"]
        if kind == "websocket.close":
            self._refuse(HTTPStatus.FORBIDDEN, [], b"")
        elif kind == "websocket.http.response.start":
            self._denial = HTTPStatus(message["status"]), list(message.get("headers", []))
        elif kind == "websocket.http.response.body" and self._denial is not None:
            self._refuse(*self._denial, message.get("body", b""))
        else:
            raise RuntimeError(f"{kind} is not supported here: accept through the scope's extension")

    def _refuse(self, status: HTTPStatus, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        self._answered = True
        self._gone.set()
        transport = self._protocol.transport
        transport.write(http_response(status, headers, body))
        transport.close()


def http_response(status: HTTPStatus, headers: list[tuple[bytes, bytes]], body: bytes) -> bytes:
    """A complete HTTP/1.1 answer that ends the connection."""
    fixed = (b"content-length", b"connection")
    lines = [b"HTTP/1.1 %d %s" % (status, status.phrase.encode())]
    lines += [name + b": " + value for name, value in headers if name.lower() not in fixed]
    lines += [b"content-length: %d" % len(body), b"connection: close", b"", b""]
    return b"\r\n".join(lines) + body


def _judge(method: bytes, headers: list[tuple[bytes, bytes]]) -> bytes:
    """Check what RFC 6455 §4.2.1 asks of the client; returns its key."""
    if method != b"GET":
        raise HandshakeError(HTTPStatus.METHOD_NOT_ALLOWED, "A websocket begins with GET.")
    versions = [value for name, value in headers if name == b"sec-websocket-version"]
    if versions != [b"13"]:
        raise HandshakeError(HTTPStatus.UPGRADE_REQUIRED, "This server speaks websocket version 13.")
    keys = [value for name, value in headers if name == b"sec-websocket-key"]
    try:
        valid = len(keys) == 1 and len(base64.b64decode(keys[0], validate=True)) == 16
    except binascii.Error:
        valid = False
    if not valid:
        raise HandshakeError(HTTPStatus.BAD_REQUEST, "Sec-WebSocket-Key is missing or wrong.")
    return keys[0]
