"""A small HTTP/1.1 server that can also misbehave on purpose: go silent, cut the line, answer late.

It owns its connections, because no server library lets a handler close the socket in the middle of an
answer. Requests are parsed by httptools; each service answers them one after another, in one thread.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import httptools

from tracker.stand_ins.faults import Fault, Faults, Kind

MAX_BODY_BYTES = 40 * 1024 * 1024  # SendGrid takes mails of 30 MB
REASONS = {200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 302: "Found"}


@dataclass(frozen=True, slots=True)
class Request:
    """One request. Header names are lower-case; `path` is decoded, `query` is not."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def line(self) -> str:
        """Like `POST /v1/refunds`: what fault patterns are matched with."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, whole."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def json_answer(status: int, value: Any, **headers: str) -> Answer:
    """An answer in JSON; underscores in header names become dashes."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json", **named})


class Service(Protocol):
    """What one stand-in does. All methods are called in the server's thread and must not wait."""

    faults: Faults

    def begin(self, request: Request) -> Answer | None:
        """Before anything else: an answer here takes the place of the work (a refusal, a replay)."""
        ...

    def answer(self, request: Request) -> Answer:
        """Do the work."""
        ...

    def fail(self, request: Request, status: int, *, done: bool) -> Answer:
        """The service's own error body for an injected status; `done`: the work was done all the same."""
        ...

    def end(self, request: Request) -> None:
        """After the work, if `begin` gave no answer."""
        ...


class Connection(asyncio.Protocol):
    """One client's connection: parses requests and answers them in order."""

    def __init__(self, service: Service, open_ones: set[Connection]) -> None:
        self._service = service
        self._open_ones = open_ones
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._url, self._headers, self._body = b"", dict[str, str](), bytearray()
        self._waiting: asyncio.Queue[Request | None] = asyncio.Queue()
        self._worker: asyncio.Task[None] | None = None
        self.gone = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: a client came."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._open_ones.add(self)
        self._worker = asyncio.create_task(self._work())

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """asyncio: the client left, or we cut the line. Work that was begun goes on."""
        self.gone.set()
        self._waiting.put_nowait(None)

    def data_received(self, data: bytes) -> None:
        """asyncio: some bytes of requests."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.cut()

    def on_url(self, url: bytes) -> None:
        """httptools: a part of the target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """httptools: one header."""
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """httptools: curl asks for leave before it sends a large body."""
        if self._headers.get("expect", "").lower() == "100-continue" and self._transport:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """httptools: a part of the body."""
        self._body += body
        if len(self._body) > MAX_BODY_BYTES:
            self.cut()

    def on_message_complete(self) -> None:
        """httptools: the request is whole."""
        target = urlsplit(self._url.decode("latin-1"))
        method = self._parser.get_method().decode()
        self._waiting.put_nowait(
            Request(method, unquote(target.path), target.query, self._headers, bytes(self._body))
        )
        self._url, self._headers, self._body = b"", {}, bytearray()

    def cut(self) -> None:
        """Close at once; the client sees a reset or an early end."""
        if self._transport is not None:
            self._transport.abort()

    async def end(self) -> None:
        """Close, and wait until nothing of it runs."""
        self.cut()
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)

    async def _work(self) -> None:
        try:
            await self._answer_all()
        finally:
            self._open_ones.discard(self)

    async def _answer_all(self) -> None:
        while (request := await self._waiting.get()) is not None:
            fault = self._service.faults.meet(request.line)
            try:
                answer = await self._answer(request, fault)
            except Exception:
                logging.getLogger(__name__).exception("a stand-in failed at %s", request.line)
                self.cut()
                return
            await self._say(answer, fault)

    async def _answer(self, request: Request, fault: Fault | None) -> Answer | None:
        """What shall be said, the work being done or not; None is silence."""
        service, kind = self._service, fault.kind if fault is not None else None
        early = service.begin(request)
        try:
            if kind is Kind.SILENT_BEFORE:
                return None
            if fault is not None and kind is Kind.ERROR_BEFORE:
                return service.fail(request, fault.status, done=False)
            if fault is not None and kind is Kind.SLOW_BEFORE:
                await asyncio.sleep(fault.delay_s)  # the work is done even if the client leaves meanwhile
            answer = early or service.answer(request)
            if fault is not None and kind is Kind.ERROR_AFTER:
                answer = service.fail(request, fault.status, done=early is None)
            if fault is not None and kind is Kind.SLOW_AFTER:
                await asyncio.sleep(fault.delay_s)
            return answer
        finally:
            if early is None:
                service.end(request)

    async def _say(self, answer: Answer | None, fault: Fault | None) -> None:
        if fault is not None and (answer is None or fault.kind is Kind.SILENT_AFTER):
            await self._be_silent(fault.delay_s)
        elif answer is not None and fault is not None and fault.kind is Kind.CUT:
            self._send(answer, part=0.5)
            if self._transport is not None:
                self._transport.close()  # what was written leaves first
        elif answer is not None:
            self._send(answer)

    async def _be_silent(self, delay_s: float) -> None:
        """Say nothing until the client gives up; with a delay, hang up then."""
        try:
            await asyncio.wait_for(self.gone.wait(), delay_s or None)
        except TimeoutError:
            self.cut()

    def _send(self, answer: Answer, part: float = 1.0) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        head = [f"HTTP/1.1 {answer.status} {REASONS.get(answer.status, 'Other')}"]
        head += [f"{name}: {value}" for name, value in answer.headers.items()]
        if answer.status != 204:
            head.append(f"Content-Length: {len(answer.body)}")
        whole = "\r\n".join([*head, "", ""]).encode("latin-1") + answer.body
        self._transport.write(whole[: int(len(whole) * part)])


def connections(service: Service, open_ones: set[Connection]) -> Callable[[], Connection]:
    """What makes a connection for each client; `open_ones` holds those that are there."""
    return lambda: Connection(service, open_ones)
