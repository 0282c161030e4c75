"""How many effects of a kind one worker has in hand at once, and how long each may take.

Every kind has its own share, so a provider that takes its time delays its own kind and no other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tracker.jobs.consequences import Effect

LEASE_MARGIN_S = 10.0  # a lease outlives the timeout, so that no second worker starts what one still runs


@dataclass(frozen=True, slots=True)
class Pace:
    """One kind's share. The timeout is enforced."""

    at_once: int = 20
    timeout_s: float = 10.0

    @property
    def lease_s(self) -> float:
        """How long a worker has an effect to itself. One that was killed holds it up for so long."""
        return self.timeout_s + LEASE_MARGIN_S


USUAL = Pace()
SEVERAL_CALLS = Pace(timeout_s=40)  # a provider may take 8 s for each: look, ask, look again
PACES: Mapping[Effect, Pace] = MappingProxyType(
    {
        Effect.CAPTURE_HOLD: SEVERAL_CALLS,
        Effect.RELEASE_HOLD: SEVERAL_CALLS,
        Effect.PLACE_HOLD: SEVERAL_CALLS,
        Effect.CHARGE_SAVED: SEVERAL_CALLS,
        Effect.MAKE_REFUND: SEVERAL_CALLS,
        Effect.ASK_FOR_PAYMENT: SEVERAL_CALLS,
        Effect.SEND_TRANSFER: SEVERAL_CALLS,
        Effect.REVERSE_TRANSFER: SEVERAL_CALLS,
        Effect.HANDLE_STRIPE_EVENT: SEVERAL_CALLS,
        Effect.SEND_SMS: Pace(timeout_s=20),  # look, then send
        Effect.SEND_EMAIL: Pace(timeout_s=30),  # photos from a store, then send
        Effect.WEEKLY_PAYOUTS: Pace(at_once=1, timeout_s=120),
        Effect.NIGHTLY_HOME_SCORES: Pace(at_once=1, timeout_s=120),
        Effect.WATCH_HOLDS: Pace(at_once=1, timeout_s=60),
        Effect.RECONCILE_MONEY: Pace(at_once=1, timeout_s=120),
        Effect.KEEP_HOUSE: Pace(at_once=1, timeout_s=120),
    }
)


def pace_of(effect: Effect) -> Pace:
    """What `PACES` says, or the usual."""
    return PACES.get(effect, USUAL)
