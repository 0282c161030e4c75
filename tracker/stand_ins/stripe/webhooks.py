"""Stripe's webhooks: every event, signed, to one address. https://docs.stripe.com/webhooks#verify-manually"""

from __future__ import annotations

import hashlib
import hmac
import json
import time

import httpx

from tracker.stand_ins.courier import TIMEOUT_S, Courier, Delivery, Parcel, deliver
from tracker.stand_ins.stripe.state import State, Thing

WEBHOOK_SECRET = "whsec_stand_in_for_stripe"  # noqa: S105 - it signs for this stand-in only
RETRY_DELAYS_S = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)  # Stripe: for three days, growing; here for a test's patience


def sign(body: bytes, secret: str, at: float | None = None) -> str:
    """The `Stripe-Signature` of a body. `at`: seconds since 1970; by default now, by the machine's clock."""
    moment = int(time.time() if at is None else at)
    mac = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256)
    return f"t={moment},v1={mac.hexdigest()}"


class Webhooks:
    """Delivers events to `url` as they happen; without one, nothing is sent. May be used from any thread."""

    def __init__(self, state: State) -> None:
        self.url: str | None = None
        self.secret = WEBHOOK_SECRET
        self.types: tuple[str, ...] = ()  # what the endpoint is subscribed to; empty: everything
        self.courier = Courier()
        self._state = state
        state.told = self._tell

    def signed(
        self, event: str | Thing, *, at: float | None = None, secret: str | None = None
    ) -> tuple[bytes, dict[str, str]]:
        """Body and headers of an event, given by id or whole; signed as asked."""
        thing = self._state.get("evt", event) if isinstance(event, str) else event
        body = json.dumps(thing, indent=2).encode()  # Stripe's own bodies are indented too
        signature = sign(body, secret or self.secret, at)
        return body, {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": signature}

    def deliver(
        self,
        event: str | Thing,
        *,
        times: int = 1,
        at: float | None = None,
        secret: str | None = None,
        signature: str | None = None,
    ) -> list[Delivery]:
        """Deliver an event now, `times` times, from the caller's thread; returns what was answered.

        `signature` replaces the whole header. Raises ValueError when there is no `url`.
        """
        if self.url is None:
            raise ValueError("set `url` first")
        body, headers = self.signed(event, at=at, secret=secret)
        if signature is not None:
            headers["Stripe-Signature"] = signature
        parcel = Parcel(self.url, body, lambda: headers, "by hand")
        with httpx.Client(timeout=TIMEOUT_S, trust_env=False) as client:
            return [deliver(client, parcel) for _ in range(times)]

    def _tell(self, event: Thing) -> None:
        if self.url is None or (self.types and event["type"] not in self.types):
            return
        body = self.signed(event)[0]
        self.courier.send(
            Parcel(
                self.url,
                body,
                lambda: self.signed(event)[1],
                f"{event['id']} {event['type']}",
                RETRY_DELAYS_S,
            )
        )
