"""The stand-ins as tests use them: running, and the real SDKs as their clients."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar

import stripe

from tests.ports import free_port
from tracker.stand_ins import StandIns

T = TypeVar("T")


def with_stripe(
    stand_ins: StandIns,
    work: Callable[[stripe.StripeClient], Awaitable[T]],
    *,
    timeout_s: float = 5,
    secret_key: str | None = None,
) -> T:
    """Run `work` with Stripe's own async client against the stand-in; it never retries by itself."""

    async def run() -> T:
        http = stripe.HTTPXClient(timeout=timeout_s)
        client = stripe.StripeClient(
            secret_key or stand_ins.stripe.secret_key,
            base_addresses={"api": stand_ins.stripe.url},
            http_client=http,
            max_network_retries=0,
        )
        try:
            return await work(client)
        finally:
            await http.close_async()

    return asyncio.run(run())


class Endpoint:
    """A web server that keeps what is posted to it. `refuse` so many posts are answered with 503."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.refuse = 0
        self.got: list[tuple[dict[str, str], bytes]] = []


@contextmanager
def listening() -> Iterator[Endpoint]:
    """A running endpoint."""
    port = free_port()
    endpoint = Endpoint(f"http://127.0.0.1:{port}/webhooks")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            accepted = endpoint.refuse == 0
            if accepted:
                endpoint.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            else:
                endpoint.refuse -= 1
            self.send_response(200 if accepted else 503)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_words: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield endpoint
        finally:
            server.shutdown()
            thread.join()
