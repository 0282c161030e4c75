"""The stand-ins as tests use them: running, and the real SDKs as their clients."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import stripe

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
