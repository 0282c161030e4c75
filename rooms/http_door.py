"""uvicorn's HTTP protocol with the deadlines and the limits it lacks.

Stock, a connection that sends half a request header, or half a body, is kept for ever; a peer that
vanished while we write holds its descriptor until the kernel gives up; a header of 50 MB costs a gigabyte;
and requests sent ahead without reading the answers are all kept (15 MB of them cost 800).
"""

from __future__ import annotations

import asyncio
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from rooms.transport import end_dead_peers

HEADER_TIMEOUT_S = 10.0  # from the first moment of a request to the end of its header
BODY_TIMEOUT_S = 60.0  # from there to the end of its body: a photo over a bad line
HEADER_BYTES = 64 * 1024  # address, headers and trailers of one request
FRAMING_PER_BODY_BYTE = 8  # a chunk of one byte has six around it
REQUESTS_AHEAD = 16  # waiting for the answer to the first; browsers send none ahead


class TooMuch(Exception):
    """A request has too large a header, or too many wait behind it."""


class PunctualHttpProtocol(HttpToolsProtocol):
    """Closes connections whose request does not arrive in time, or asks for too much memory."""

    _deadline: asyncio.TimerHandle | None = None
    _began = False  # whether a request began in the data that is being read
    _received = 0  # bytes since, without those of the read it began in
    _header_bytes = 0
    _body_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, transport))  # uvloop's is not a subclass
        end_dead_peers(self.transport)
        self._expect(HEADER_TIMEOUT_S)

    def data_received(self, data: bytes) -> None:
        self._began = False
        super().data_received(data)
        if not self._began:  # the parser keeps a long value to itself until it ends
            self._received += len(data)
            if self._received - self._body_bytes * FRAMING_PER_BODY_BYTE > HEADER_BYTES:
                self.send_400_response("The header of the request is too large.")
        # Any byte between requests stops uvicorn's keep-alive timer, so it must start ours.
        idle = self.cycle is None or self.cycle.response_complete
        if idle and self._deadline is None and self.parser is not None and not self.transport.is_closing():
            self._expect(HEADER_TIMEOUT_S)

    def on_message_begin(self) -> None:
        self._began = True
        self._received = self._header_bytes = self._body_bytes = 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._header_bytes += len(name) + len(value) + 4
        if self._header_bytes > HEADER_BYTES:
            raise TooMuch
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._expect(BODY_TIMEOUT_S)
        super().on_headers_complete()
        if len(self.pipeline) > REQUESTS_AHEAD:
            raise TooMuch

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._expect(None)
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        self._expect(None)
        super().handle_websocket_upgrade()
        self.parser = None  # type: ignore[assignment]  # it refers back here: a cycle kept alive until the next collection

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect(None)
        self.pipeline.clear()
        super().connection_lost(exc)

    def _expect(self, timeout_s: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if timeout_s is not None:
            self._deadline = self.loop.call_later(timeout_s, self._too_late)

    def _too_late(self) -> None:
        self._deadline = None
        self.transport.close()
