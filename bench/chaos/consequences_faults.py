"""Providers that take their time, and sometimes do the work and do not say so."""

from __future__ import annotations

import random
from collections import Counter

from tracker.stand_ins import Kind, StandIns
from tracker.stand_ins.faults import Fault, Faults

CALM_S = (0.02, 0.4)  # what an answer takes, so that kills fall into calls
AMONG = 25  # of so many calls of a service, about two go wrong
STRIPE = (
    (Kind.SILENT_AFTER, 0),
    (Kind.CUT, 0),
    (Kind.ERROR_AFTER, 500),
    (Kind.ERROR_BEFORE, 429),
    (Kind.ERROR_BEFORE, 500),
)
OTHERS = ((Kind.SILENT_AFTER, 0), (Kind.CUT, 0), (Kind.ERROR_AFTER, 500), (Kind.ERROR_BEFORE, 429))
HANGS_UP_AFTER_S = (0.0, 0.3)  # 0: not before the client gives up


class Weather:
    """What the providers are like, planned anew by `change`; `storms` is whether calls go wrong."""

    def __init__(self, outside: StandIns, *, storms: bool) -> None:
        self._services: dict[str, tuple[Faults, tuple[tuple[Kind, int], ...]]] = {
            "Stripe": (outside.stripe.faults, STRIPE),
            "Twilio": (outside.twilio.faults, OTHERS),
            "SendGrid": (outside.sendgrid.faults, OTHERS),
            "push": (outside.push.faults, OTHERS),
        }
        self.storms = storms
        self._planned: list[tuple[str, Fault]] = []

    def change(self) -> None:
        """Plan what happens from now on."""
        for name, (faults, kinds) in self._services.items():
            faults.clear()
            if self.storms:
                for _ in range(2):
                    kind, status = random.choice(kinds)
                    nth, delay_s = random.randint(1, AMONG), random.choice(HANGS_UP_AFTER_S)
                    planned = faults.plan("POST *", kind, nth=nth, status=status or 500, delay_s=delay_s)
                    self._planned.append((name, planned))
            slow = random.choice((Kind.SLOW_BEFORE, Kind.SLOW_AFTER))
            faults.plan("*", slow, times=0, delay_s=random.uniform(*CALM_S))

    def clear(self) -> None:
        """Everything is quick and goes well."""
        for faults, _ in self._services.values():
            faults.clear()

    def met(self) -> Counter[str]:
        """How many calls went wrong, by service."""
        return Counter(name for name, fault in self._planned for _ in range(fault.met))
