"""Bare websockets to the running application, for what a well-behaved client would never send."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import websockets

from tests.engine_stage import RawClient
from tests.running import Process, token
from tests.unharmed import Person

QUERY = "EIO=4&transport=websocket"


@asynccontextmanager
async def opened(web: Process, query: str = QUERY, **options: Any) -> AsyncIterator[RawClient]:
    """A websocket after the Engine.IO opening, before CONNECT; ended without ceremony."""
    options = {"compression": None, "max_size": None, "ping_interval": None, "proxy": None, **options}
    wire = await websockets.connect(f"ws://127.0.0.1:{web.port}/socket.io/?{query}", **options)
    client = RawClient(wire)
    try:
        client.opening = json.loads((await client.receive())[1:])
        yield client
    finally:
        wire.transport.abort()
        await wire.wait_closed()


@asynccontextmanager
async def joined(web: Process, who: Person) -> AsyncIterator[RawClient]:
    """The same, past CONNECT."""
    async with opened(web) as client:
        await client.connect({"token": token(*who)})
        yield client


async def refusal_of(web: Process, auth: dict[str, Any]) -> dict[str, Any]:
    """The CONNECT_ERROR that this auth object gets."""
    async with opened(web) as client:
        await client.send("40" + json.dumps(auth))
        answer = await client.receive()
        assert answer.startswith("44"), answer
        told: dict[str, Any] = json.loads(answer[2:])
        return told


def upgrade_answer(web: Process, *headers: str, query: str = QUERY) -> bytes:
    """What an upgrade request with these headers is answered (the beginning of it)."""
    lines = [
        f"GET /socket.io/?{query} HTTP/1.1",
        f"Host: 127.0.0.1:{web.port}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        *headers,
    ]
    with socket.create_connection(("127.0.0.1", web.port or 0), timeout=5) as raw:
        raw.sendall("\r\n".join([*lines, "", ""]).encode())
        return raw.recv(4096)
