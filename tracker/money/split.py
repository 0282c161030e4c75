"""How money is shared: a commission in basis points, the odd cent to the platform, tips to the pro.

A rule module: values in, values out. Amounts are integer cents.
"""

from __future__ import annotations

from dataclasses import dataclass

WHOLE_BP = 10_000  # basis points in one


@dataclass(frozen=True, slots=True)
class Split:
    """What a pro and the platform have of an amount; together they are the amount."""

    pro_cents: int
    platform_cents: int

    def __sub__(self, other: Split) -> Split:
        return Split(self.pro_cents - other.pro_cents, self.platform_cents - other.platform_cents)


def split(price_cents: int, commission_bp: int) -> Split:
    """Share a price. The pro's share is rounded down, so that the platform has the odd cent."""
    pro_cents = price_cents * (WHOLE_BP - commission_bp) // WHOLE_BP
    return Split(pro_cents, price_cents - pro_cents)


@dataclass(frozen=True, slots=True)
class Shared:
    """What was earned and is still ours: a price, which is split, and a tip, which is the pro's."""

    price_cents: int
    tip_cents: int

    def __add__(self, other: Shared) -> Shared:
        return Shared(self.price_cents + other.price_cents, self.tip_cents + other.tip_cents)

    @property
    def total_cents(self) -> int:
        """Both."""
        return self.price_cents + self.tip_cents


NOTHING = Shared(0, 0)


def split_change(before: Shared, after: Shared, commission_bp: int) -> Split:
    """What changes for both when what a job earned goes from `before` to `after`.

    Shared as a difference of totals, never by itself: however a price was taken and given back in parts,
    the parts add up to the split of what is left of it.
    """
    change = split(after.price_cents, commission_bp) - split(before.price_cents, commission_bp)
    return Split(change.pro_cents + after.tip_cents - before.tip_cents, change.platform_cents)
