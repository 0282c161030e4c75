"""Appointment windows: which are believable, and which ones meet. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from db.errors import Invalid

SHORTEST = timedelta(minutes=15)
LONGEST = timedelta(hours=12)
FURTHEST = timedelta(days=366)  # a slip in the year is further away


@dataclass(frozen=True, slots=True)
class Booked:
    """A job of a pro with its window."""

    job_id: UUID
    start: datetime
    end: datetime


def check_window(start: datetime, end: datetime, now: datetime) -> None:
    """Raises Invalid for a window that nobody can mean. It may have begun, not ended."""
    if not SHORTEST <= end - start <= LONGEST:
        raise Invalid("A window is 15 minutes to 12 hours long, start first.", field="window_end")
    if end <= now:
        raise Invalid("The window is over already.", field="window_end")
    if start > now + FURTHEST:
        raise Invalid("The window is more than a year away.", field="window_start")


def meetings(booked: Iterable[Booked]) -> dict[UUID, set[UUID]]:
    """Which of a pro's jobs meet which others. A window that begins when another ends does not meet it."""
    found: dict[UUID, set[UUID]] = {}
    in_order = sorted(booked, key=lambda one: (one.start, one.end, one.job_id))
    for number, one in enumerate(in_order):
        for other in in_order[number + 1 :]:
            if other.start >= one.end:
                break  # and so does every later one
            found.setdefault(one.job_id, set()).add(other.job_id)
            found.setdefault(other.job_id, set()).add(one.job_id)
    return found
