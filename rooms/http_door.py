"""uvicorn's HTTP protocol with the deadlines it lacks.

Stock, a connection that sends half a request header, or half a body, is kept for ever; and a peer
that vanished while we write holds its descriptor until the kernel gives up.
"""

from __future__ import annotations

import asyncio
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from rooms.transport import end_dead_peers

HEADER_TIMEOUT_S = 10.0  # from the first moment of a request to the end of its header
BODY_TIMEOUT_S = 60.0  # from there to the end of its body: a photo over a bad line


class PunctualHttpProtocol(HttpToolsProtocol):
    """Closes connections whose request does not arrive in time."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, transport))  # uvloop's is not a subclass
        end_dead_peers(self.transport)
        self._expect(HEADER_TIMEOUT_S)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # Any byte between requests stops uvicorn's keep-alive timer, so it must start ours.
        idle = self.cycle is None or self.cycle.response_complete
        if idle and self._deadline is None and self.parser is not None and not self.transport.is_closing():
            self._expect(HEADER_TIMEOUT_S)

    def on_headers_complete(self) -> None:
        self._expect(BODY_TIMEOUT_S)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._expect(None)
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        self._expect(None)
        super().handle_websocket_upgrade()
        self.parser = None  # type: ignore[assignment]  # it refers back here: a cycle kept alive until the next collection

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect(None)
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
