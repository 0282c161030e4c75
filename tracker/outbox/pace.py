"""How many effects of a kind one worker has in hand at once, and how long each may take.

Every kind has its own share, so a provider that takes its time delays its own kind and no other. A worker
leases an effect for a short time and renews that while it is at it: what a killed one had in hand is begun
by another soon, however long it may take.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tracker.jobs.consequences import Effect

LEASE_S = 20.0  # what a worker that was killed had in hand waits for so long
RENEW_EVERY_S = 5.0  # three times may fail before another worker begins what this one is still at
DEAF_FOR_S = 10.0  # an executor that does not hear its timeout has its effect to itself for so long after it


@dataclass(frozen=True, slots=True)
class Pace:
    """One kind's share. The timeout is enforced."""

    at_once: int = 20
    timeout_s: float = 10.0

    @property
    def longest_s(self) -> float:
        """For how long a lease is renewed: longer than the timeout, which ends what hears it."""
        return self.timeout_s + DEAF_FOR_S


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
