"""How often a phone should send: often when somebody looks or the door is near, seldom otherwise.

`interval_s` is the longest silence between two heartbeats, moving or not: contact is judged by it. In
between, a phone sends when it has moved `min_displacement_m`. Both are advice to the phone; more frequent
heartbeats are taken as they come.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

NEAR_M = 1_500.0  # a few minutes before the door
LOW_BATTERY = 0.20  # where phones themselves begin to save
VERY_LOW_BATTERY = 0.10
LONGEST_INTERVAL_S = 60


class Policy(NamedTuple):
    """What the phone is asked to do."""

    interval_s: int
    min_displacement_m: int

    def as_dict(self) -> dict[str, int]:
        """The wire's `policy`."""
        return {"interval_s": self.interval_s, "min_displacement_m": self.min_displacement_m}


class JobNeeds(NamedTuple):
    """What one active job asks for: `distance_m` to its door is None while the pro's place is not known."""

    status: str
    watched: bool
    distance_m: float | None


IDLE = Policy(60, 100)  # on duty between jobs: only dispatch looks, once in a while
UNWATCHED: Mapping[str, Policy] = MappingProxyType(
    {
        "accepted": Policy(60, 100),
        "scheduled": Policy(60, 100),
        "en_route": Policy(20, 50),
        "arrived": Policy(60, 50),
        "in_progress": Policy(60, 50),
    }
)
WATCHED: Mapping[str, Policy] = MappingProxyType(
    {
        "accepted": Policy(15, 50),
        "scheduled": Policy(15, 50),
        "en_route": Policy(5, 10),
        "arrived": Policy(15, 20),
        "in_progress": Policy(15, 20),
    }
)
NEAR = Policy(5, 10)  # on the way and nearly there: arrival must be noticed


def policy_for(jobs: Iterable[JobNeeds], battery: float | None) -> Policy:
    """The most demanding job decides; a low battery then stretches the interval, never past a minute."""
    wanted = min((_policy_of(job) for job in jobs), default=IDLE)
    return _spare_battery(wanted, battery)


def _policy_of(job: JobNeeds) -> Policy:
    if job.status == "en_route" and job.distance_m is not None and job.distance_m <= NEAR_M:
        return NEAR
    return (WATCHED if job.watched else UNWATCHED).get(job.status, IDLE)


def _spare_battery(policy: Policy, battery: float | None) -> Policy:
    if battery is None or battery >= LOW_BATTERY:
        return policy
    stretch = 4 if battery < VERY_LOW_BATTERY else 2
    return Policy(min(LONGEST_INTERVAL_S, policy.interval_s * stretch), policy.min_displacement_m * stretch)
