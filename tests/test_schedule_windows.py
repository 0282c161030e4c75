"""Appointment windows: which are believable, and which of a pro's jobs meet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.errors import Invalid
from tracker.jobs.windows import Booked, check_window, meetings

NOW = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)


def at(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


def booked(number: int, start: float, end: float) -> Booked:
    return Booked(UUID(int=number), at(start), at(end))


@pytest.mark.parametrize(
    ("start", "end"), [(1, 3), (1, 1.25), (1, 13), (-1, 0.1), (8784 - 1, 8784), (0, 0.25)]
)
def test_a_window_of_a_quarter_of_an_hour_to_twelve_that_is_not_over_is_believed(
    start: float, end: float
) -> None:
    check_window(at(start), at(end), NOW)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (1, 1),
        (2, 1),
        (1, 1.2),
        (1, 13.1),
        (-2, 0),
        (-30, -29),
        (8785, 8786),
        (24 * 365 * 1000, 24 * 365 * 1000 + 1),
    ],
)
def test_a_window_that_nobody_can_mean_is_refused(start: float, end: float) -> None:
    with pytest.raises(Invalid):
        check_window(at(start), at(end), NOW)


def test_windows_that_touch_do_not_meet_and_all_that_overlap_do() -> None:
    jobs = [booked(1, 0, 2), booked(2, 2, 4), booked(3, 1, 3), booked(4, 10, 11)]
    met = {UUID(int=3): {UUID(int=1), UUID(int=2)}, UUID(int=1): {UUID(int=3)}, UUID(int=2): {UUID(int=3)}}
    assert meetings(jobs) == met


HOURS = st.integers(0, 40)


@given(st.lists(st.tuples(HOURS, st.integers(1, 12)), max_size=12), st.randoms())
def test_meetings_are_exactly_the_pairs_that_overlap_whatever_their_order(
    windows: list[tuple[int, int]], dice: object
) -> None:
    jobs = [booked(number, start, start + long) for number, (start, long) in enumerate(windows)]
    pairs = {
        (one.job_id, other.job_id)
        for one in jobs
        for other in jobs
        if one.job_id != other.job_id and one.start < other.end and other.start < one.end
    }
    shuffled = list(jobs)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    found = meetings(shuffled)
    assert {(one, other) for one, others in found.items() for other in others} == pairs
    assert all(found.values())
