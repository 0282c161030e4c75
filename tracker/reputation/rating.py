"""A person's rating: the average of the reviews that count, and the line below which dispatch is told.

A rule module: values in, values out. Counts are whole numbers, so that no average is ever rounded twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

ALERT_BELOW_TENTHS = 42  # 4.2 of 5: design.md §8


@dataclass(frozen=True, slots=True)
class Rating:
    """What is kept of a person's reviews. `told_low`: dispatch knows that they are below the line."""

    count: int
    total: int
    told_low: bool

    @property
    def average(self) -> float | None:
        """Stars from 1 to 5 with two decimals; None before the first review."""
        return round(self.total / self.count, 2) if self.count else None

    @property
    def is_low(self) -> bool:
        """Below the line; exactly on it is not below. Nobody is low without a review."""
        return 10 * self.total < ALERT_BELOW_TENTHS * self.count

    def counting(self, stars: int) -> Rating:
        """With one more review."""
        return replace(self, count=self.count + 1, total=self.total + stars)

    def without(self, stars: int) -> Rating:
        """With one review fewer."""
        return replace(self, count=self.count - 1, total=self.total - stars)

    def told(self) -> tuple[Rating, bool]:
        """(with `told_low` as it must be now, whether dispatch has to be told of a drop).

        One alert per drop: it is due when the average goes below the line, and again only after it has been
        back on or above the line in between.
        """
        return replace(self, told_low=self.is_low), self.is_low and not self.told_low
