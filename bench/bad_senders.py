"""How each kind of bad input is sent, and which answers to it are right."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import websockets

from bench.app import HOST, App, token
from bench.bad_requests import BadRequest
from bench.raw_http import RawHttp
from rooms.principal import Role

PER_CALLER = 150  # requests by one caller: below the burst that each has
PEOPLE = 50

Send = Callable[["Run"], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class BadInput:
    """One kind of input; `send` returns the answer in a few words, and notes a wrong one."""

    kind: str
    send: Send


@dataclass
class Run:
    """What is sent where, and what came of it."""

    app: App
    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    requests: int = 0

    def caller(self, role: str) -> str:
        """A token of somebody in this role who has not used up their allowance."""
        self.requests += 1
        number = self.requests // PER_CALLER % PEOPLE + 1
        return token(Role(role), f"{role}{number}")


def request_kind(one: BadRequest) -> BadInput:
    """A request of bad_requests.py."""

    async def send(attack: Run) -> str:
        headers = dict(one.headers)
        if one.role is not None:
            headers["Authorization"] = f"Bearer {attack.caller(one.role)}"
        async with RawHttp(attack.app.port) as http:
            answer = await http.ask(one.method, one.path, headers, one.body)
        flaw = answer.flaw() if answer.status >= 400 else None
        if answer.status not in one.statuses or flaw:
            attack.wrong.append(f"{one.kind}: {answer.status} {flaw or ''}")
        return f"HTTP {answer.status}"

    return BadInput(one.kind, send)


def bytes_kind(number: int, data: bytes) -> BadInput:
    """Bytes that are no HTTP."""

    async def send(attack: Run) -> str:
        async with RawHttp(attack.app.port) as http:
            answer = await http.send(data)
        if answer.status not in (0, 400, 404):
            attack.wrong.append(f"bytes {data[:40]!r}: {answer.status}")
        return f"HTTP {answer.status}" if answer.status else "connection closed"

    return BadInput(f"bytes {number}", send)


def ending_kind(role: str, message: str) -> BadInput:
    """A message after which the server closes the socket."""

    async def send(attack: Run) -> str:
        async with _Joined(attack, role) as wire:
            await wire.send(message)
            try:
                async with asyncio.timeout(10):
                    while True:
                        await wire.recv()
            except websockets.ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else 1006
        if code != 1008:
            attack.wrong.append(f"{role} {message[:40]!r}: closed with {code}")
        return f"socket closed with {code}"

    return BadInput(f"{role} sends {message[:60]}", send)


def refused_kind(role: str, packet: str) -> BadInput:
    """An event that is refused in its ack."""

    async def send(attack: Run) -> str:
        async with _Joined(attack, role) as wire, asyncio.timeout(10):
            await wire.send(f"421{packet}")
            while not (answer := str(await wire.recv())).startswith("431["):
                pass  # what its room is told meanwhile
        ack: dict[str, Any] = json.loads(answer[3:])[0]
        code = ack.get("error", {}).get("code")
        if ack["ok"] is not False or code in (None, "internal", "unavailable"):
            attack.wrong.append(f"{role} {packet[:60]!r}: {ack}")
        return f"ack refused: {code}"

    return BadInput(f"{role} asks {packet[:60]} ({len(packet)})", send)


class _Joined:
    """A socket past CONNECT, ended without ceremony."""

    def __init__(self, attack: Run, role: str) -> None:
        self._url = f"ws://{HOST}:{attack.app.port}/socket.io/?EIO=4&transport=websocket"
        self._auth = json.dumps({"token": attack.caller(role)})

    async def __aenter__(self) -> websockets.ClientConnection:
        self._wire = await websockets.connect(
            self._url, compression=None, ping_interval=None, max_size=None, proxy=None
        )
        await self._wire.recv()
        await self._wire.send(f"40{self._auth}")
        answer = str(await self._wire.recv())
        if not answer.startswith("40"):
            raise RuntimeError(f"a good token was refused: {answer}")
        return self._wire

    async def __aexit__(self, *_: object) -> None:
        self._wire.transport.abort()
        await self._wire.wait_closed()
