"""The score of a home: what has been done to it, fading, capped, and explained item by item.

50, and the catalogue's points for each completed job. A job counts in full for 365 days after it was
finished, then fades in a straight line, and is gone after 730; the sum is capped at 100 (design.md §8). Days
are 24 hours of elapsed time: leap years, summer time and a clock's zone change nothing.

A rule module. Points are counted in whole tenths, each job's rounded (half up) by itself, so that the items
of an explanation add up to its score exactly, and a score never rises while nothing is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

BASE = 50
CAP = 100
FULL_FOR = timedelta(days=365)
GONE_AFTER = timedelta(days=730)
_FADING = GONE_AFTER - FULL_FOR
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class DoneJob:
    """A completed job at a home. `skill` is what the catalogue knows it by."""

    id: UUID
    service: str
    skill: str
    finished_at: datetime


@dataclass(frozen=True, slots=True)
class ScoreItem:
    """What one job adds: `points` when it was new, `tenths` (of a point) of them now."""

    job: DoneJob
    points: int
    tenths: int

    @property
    def fades_from(self) -> datetime:
        """Until then it counts in full."""
        return self.job.finished_at + FULL_FOR

    @property
    def gone_at(self) -> datetime:
        """From then on it adds nothing."""
        return self.job.finished_at + GONE_AFTER


@dataclass(frozen=True, slots=True)
class HomeScore:
    """A home's score in tenths, from 500 to 1000, and why: the items, newest job first."""

    tenths: int
    items: tuple[ScoreItem, ...]


def score_home(jobs: Iterable[DoneJob], catalogue: Mapping[str, int], now: datetime) -> HomeScore:
    """The score at a moment. `catalogue` has points by skill; what is not in it adds nothing."""
    items = [
        ScoreItem(job, catalogue[job.skill], tenths)
        for job in jobs
        if (tenths := faded_tenths(catalogue.get(job.skill, 0), now - job.finished_at))
    ]
    items.sort(key=lambda item: (item.job.finished_at, item.job.id), reverse=True)
    total = BASE * 10 + sum(item.tenths for item in items)
    return HomeScore(min(CAP * 10, total), tuple(items))


def faded_tenths(points: int, age: timedelta) -> int:
    """What is left of a job's points so long after it was finished, in tenths, rounded half up."""
    left = min(max(GONE_AFTER - age, timedelta(0)), _FADING) // _TICK
    whole = _FADING // _TICK
    return (2 * 10 * points * left + whole) // (2 * whole)
