"""An HTTP/1.1 client that sends exactly what it is told, also what no decent client would."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """Status, headers (lower-case names) and body; status 0: the connection was closed without a word."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    def flaw(self) -> str | None:
        """What is wrong with this answer as a refusal; None when it is a whole problem (RFC 9457)."""
        if self.headers.get("content-type") != "application/problem+json":
            return "no problem document"
        if not self.body:  # HEAD
            return None
        problem = self.json()
        missing = {"type", "title", "status", "code", "detail", "retry", "instance"} - set(problem)
        if missing or problem["status"] != self.status:
            return f"not a whole problem: {problem}"
        if b"Traceback" in self.body or b"asyncpg" in self.body or b'.py"' in self.body:
            return "tells of our insides"
        return None


class RawHttp:
    """One caller: a connection that is kept while the server keeps it. `async with RawHttp(port) as http`."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> RawHttp:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._close()

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> RawAnswer:
        """A request with the right framing and whatever else is given."""
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        return await self.send("\r\n".join([*lines, "", ""]).encode() + (body or b""), head=method == "HEAD")

    async def send(self, data: bytes, *, head: bool = False) -> RawAnswer:
        """These bytes, and the one answer to them."""
        async with asyncio.timeout(PATIENCE_S):
            for attempt in range(2):
                fresh = self._streams is None
                if self._streams is None:
                    self._streams = await asyncio.open_connection("127.0.0.1", self._port)
                reader, writer = self._streams
                try:
                    writer.write(data)
                    await writer.drain()
                    return await self._answer(reader, head=head)
                except (ConnectionError, asyncio.IncompleteReadError):
                    self._close()
                    if fresh or attempt:  # else the server had closed the kept connection meanwhile
                        break
        return RawAnswer(0, {}, b"")

    async def _answer(self, reader: asyncio.StreamReader, *, head: bool) -> RawAnswer:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)
        }
        status = int(first.split()[1])
        size = int(headers.get("content-length", "0"))
        body = b"" if head or status == 204 else await reader.readexactly(size)
        if headers.get("connection") == "close":
            self._close()
        return RawAnswer(status, headers, body)

    def _close(self) -> None:
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None
