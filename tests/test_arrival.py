"""An arrival is suggested once, when the pro has been at the door for a while."""

from __future__ import annotations

from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.positions.arrival import Arrival, step

Point: TypeAlias = "tuple[float, float, float | None, float | None]"
"""(second, distance to the door in metres, accuracy in metres, speed in m/s)"""


def suggestions(*points: Point) -> list[float]:
    """The seconds at which an arrival was suggested."""
    found, state = [], Arrival()
    for second, distance_m, accuracy_m, speed_m_s in points:
        state, suggest = step(state, distance_m, accuracy_m, speed_m_s, round(second * 1000))
        if suggest:
            found.append(second)
    return found


def test_staying_at_the_door_suggests_once() -> None:
    approach: list[Point] = [(s, 1000 - 10 * s, 10, 10) for s in range(0, 95, 5)]
    stay: list[Point] = [(s, 20, 10, 0) for s in range(100, 400, 5)]
    assert suggestions(*approach, *stay) == [130]


def test_passing_by_suggests_nothing() -> None:
    assert suggestions(*((s, abs(1000 - 15 * s), 10, 15) for s in range(140))) == []


def test_a_drive_through_a_town_is_shorter_than_a_stay() -> None:
    assert suggestions(*((s, abs(600 - 9 * s), 10, None) for s in range(100))) == []


def test_a_point_that_may_be_anywhere_near_counts_for_nothing() -> None:
    assert suggestions(*((s, 20, 180, 0) for s in range(0, 600, 5))) == []


def test_a_blurred_point_does_not_end_a_stay() -> None:
    assert suggestions((0, 50, 10, 0), (15, 300, 120, 0), (30, 60, 10, 0)) == [30]


def test_leaving_for_good_begins_again() -> None:
    assert suggestions(
        (0, 50, 10, 0), (10, 500, 10, 8), (20, 50, 10, 0), (30, 50, 10, 0), (51, 50, 10, 0)
    ) == [51]


def test_the_edge_does_not_flicker() -> None:
    assert suggestions((0, 100, 10, 1), (16, 200, 10, 1), (32, 140, 10, 1), (40, 100, 10, 1)) == [40]


def test_a_device_that_tells_neither_accuracy_nor_speed_arrives_too() -> None:
    assert suggestions((0, 40, None, None), (30, 40, None, None)) == [30]


def test_who_parks_down_the_street_arrives() -> None:
    assert suggestions((0, 90, 15, 0), (30, 90, 15, 0)) == [30]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(1, 60), st.floats(0, 500), st.none() | st.floats(0, 200), st.none() | st.floats(0, 30)
        ),
        max_size=60,
    )
)
def test_whatever_the_way_it_is_suggested_at_most_once_and_only_after_a_stay(
    moves: list[tuple[float, float, float | None, float | None]],
) -> None:
    second, way = 0.0, []
    for pause_s, distance_m, accuracy_m, speed_m_s in moves:
        second += pause_s
        way.append((second, distance_m, accuracy_m, speed_m_s))
    found = suggestions(*way)
    assert len(found) <= 1
    inside = [s for s, distance_m, *_ in way if distance_m <= 120]
    assert not found or inside[0] <= found[0] - 29.99


def test_a_suggestion_is_remembered_in_the_state() -> None:
    state, suggest = step(Arrival(since_ms=0), 10, 5, 0, 60_000)
    assert suggest
    assert state.suggested
    assert step(state, 5_000, 5, 0, 120_000) == (state, False)


@pytest.mark.parametrize("distance_m", [0.0, 90.0])
def test_the_first_point_alone_never_suggests(distance_m: float) -> None:
    assert suggestions((0, distance_m, 5, 0)) == []
