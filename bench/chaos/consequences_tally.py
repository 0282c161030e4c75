"""Counting what was demanded against what there is: lost, doubled, or a copy that is known for one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Tallies: TypeAlias = dict[str, "Tally"]


@dataclass
class Tally:
    """One consequence: how often it was demanded, and what is different in the world."""

    demanded: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    copies: int = 0  # the second one of two that the receiver can tell for one

    def add(self, what: object, wanted: int, there: int) -> None:
        """Hold one thing's numbers against each other: pieces, or cents."""
        self.demanded += wanted
        self.lost += [f"{what}: {there} of {wanted}"] * max(0, wanted - there)
        self.doubled += [f"{what}: {there} instead of {wanted}"] * max(0, there - wanted)


def compare(
    demanded: Mapping[Hashable, tuple[str, int]], found: Iterable[tuple[Hashable, Hashable]], *, other: str
) -> Tallies:
    """Demanded is what → (its name, how often); found is (what, identity), an identity twice being a copy.

    What nobody demanded is doubled, under the name `other`.
    """
    there: dict[Hashable, list[Hashable]] = defaultdict(list)
    for what, identity in found:
        there[what].append(identity)
    tallies: Tallies = defaultdict(Tally)
    for what in demanded.keys() | there.keys():
        name, wanted = demanded.get(what, (other, 0))
        different = len(set(there[what]))
        tallies[name].add(what, wanted, different)
        tallies[name].copies += len(there[what]) - different
    return tallies
