"""A Socket.IO client for stories: it keeps what it hears, and one can wait for something to be heard."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from tracker.socket_client import SocketClient

PATIENCE_S = 8.0
Payload = dict[str, Any]


class Listener:
    """One connected client. `async with listening(url, token=…) as client: …`."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Payload]] = []
        self._news = asyncio.Event()
        self.client: SocketClient

    async def connect(self, url: str, **auth: str) -> Listener:
        self.client = await SocketClient.connect(url, auth, on_event=self._hear, on_closed=self._news.set)
        return self

    async def __aenter__(self) -> Listener:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.close()

    async def call(self, event: str, data: Payload | None = None) -> Payload:
        """Send an event and return its ack."""
        return await self.client.call(event, data or {})

    def all(self, event: str) -> list[Payload]:
        """Everything heard under this name."""
        return [payload for name, payload in self.heard if name == event]

    async def hears(
        self,
        event: str,
        matching: Callable[[Payload], bool] = lambda _: True,
        patience_s: float = PATIENCE_S,
    ) -> Payload:
        """The first such event, heard already or soon; fails the test when it does not come."""
        deadline = time.monotonic() + patience_s
        while True:
            for name, payload in self.heard:
                if name == event and matching(payload):
                    return payload
            self._news.clear()
            left = deadline - time.monotonic()
            assert left > 0, f"{event} was not heard within {patience_s:g} s; heard {self.heard[-5:]}"
            try:
                await asyncio.wait_for(self._news.wait(), left)
            except TimeoutError:
                continue

    async def is_cut(self, patience_s: float = PATIENCE_S) -> None:
        """Returns once the server has ended the connection."""
        await asyncio.wait_for(self.client.closed.wait(), patience_s)

    def _hear(self, event: str, payload: Payload) -> None:
        self.heard.append((event, payload))
        self._news.set()


async def listening(url: str, **auth: str) -> Listener:
    """Connect with `token=` or `link=`."""
    return await Listener().connect(url, **auth)
