"""What three nodes' notes say about one killed server: gaps, losses, and who was told of them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bench.cluster_node import Told
from rooms.bus import BusState


@dataclass(frozen=True, slots=True)
class Ear:
    """One room at one node that hears it: what was said there, and what this node noted of it."""

    room: str
    said_at: Sequence[float]  # of its speaker; number n at n - 1
    heard: Sequence[tuple[int, float]]
    read_at: Sequence[float]  # when the node was told to read the room again

    def missing(self) -> list[int]:
        """The numbers that never came."""
        came = {number for number, _ in self.heard}
        return [number for number in range(1, len(self.said_at) + 1) if number not in came]

    def silent(self) -> int:
        """How many of those were said after the node was last told to read."""
        told_last = max(self.read_at, default=-math.inf)
        return sum(self.said_at[number - 1] > told_last for number in self.missing())

    def disorder(self) -> int:
        """How many came after a newer one, or twice."""
        numbers = [number for number, _ in self.heard]
        return sum(later <= earlier for earlier, later in pairwise(numbers))

    def largest_gap_s(self, since: float, until: float) -> float:
        """Between two messages, the second of which came within that time."""
        times = [at for _, at in self.heard]
        gaps = (later - earlier for earlier, later in pairwise(times) if since <= later < until)
        return max(gaps, default=math.inf)

    def first_after(self, moment: float) -> float:
        """When it was heard again; infinite when it was not."""
        return min((at for _, at in self.heard if at >= moment), default=math.inf)

    def read_after(self, moment: float) -> float:
        """When the node was told to read it, the first time after a moment; infinite when it was not."""
        return min((at for at in self.read_at if at >= moment), default=math.inf)


@dataclass(frozen=True, slots=True)
class Round:
    """One killed server: its rooms, and every figure by name."""

    its: frozenset[str]
    figures: dict[str, float]

    @classmethod
    def of(
        cls, told: list[Told], is_its: Callable[[str], bool], killed_at: float, failed_over_at: float
    ) -> Round:
        """From the notes of all nodes. Times are of CLOCK_MONOTONIC, in seconds."""
        ears = list(_ears(told))
        its = [ear for ear in ears if is_its(ear.room)]
        others = [ear for ear in ears if not is_its(ear.room)]
        return cls(
            frozenset(ear.room for ear in its),
            {
                "failover": failed_over_at - killed_at,
                "gap_before": max(ear.largest_gap_s(0, killed_at) for ear in ears) * 1e3,
                "gap_others": max(ear.largest_gap_s(killed_at, math.inf) for ear in others) * 1e3,
                "heard": max(ear.first_after(failed_over_at) for ear in its) - failed_over_at,
                "heard_since_kill": max(ear.first_after(failed_over_at) for ear in its) - killed_at,
                "read": max(0.0, max(ear.read_after(killed_at) for ear in its) - failed_over_at),
                "deaf": max(_deaf_at(notes) for notes in told) - killed_at,
                "missing": sum(len(ear.missing()) for ear in its),
                "lost_others": sum(len(ear.missing()) for ear in others),
                "read_others": sum(len(ear.read_at) for ear in others),
                "silent": sum(ear.silent() for ear in ears),
                "wrong": sum(ear.disorder() for ear in ears) + sum(n.forged + n.stale for n in told),
                "due": sum(len(ear.said_at) for ear in ears),
                "arrived": sum(len(ear.heard) for ear in ears),
            },
        )


def _ears(told: list[Told]) -> Iterable[Ear]:
    """Every room at every node but its speaker's, who does not hear itself."""
    rooms = sorted({room for notes in told for room in notes.heard})
    for number, notes in enumerate(told):
        read: dict[str, list[float]] = {}
        for at, names in notes.resynced:
            for name in names:
                read.setdefault(name, []).append(at)
        for room in rooms:
            speaker = _speaker(told, room)
            if speaker != number:
                yield Ear(room, told[speaker].said_at, notes.heard.get(room, []), read.get(room, []))


def _speaker(told: list[Told], room: str) -> int:
    """The node whose own words it never hears."""
    deaf_to_it = [number for number, notes in enumerate(told) if room not in notes.heard]
    if len(deaf_to_it) != 1:
        raise RuntimeError(f"{room} was not heard by all nodes but its speaker's: {Counter(deaf_to_it)}")
    return deaf_to_it[0]


def _deaf_at(notes: Told) -> float:
    return next((at for at, state in notes.states if state == BusState.DEAF), math.inf)
