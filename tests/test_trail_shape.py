"""A trail is made short without losing its corners."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.positions.trail import TrailPoint, thin

POINTS = st.lists(st.tuples(st.floats(-85, 85), st.floats(-180, 180)), max_size=80).map(
    lambda places: [(lat, lng, ms) for ms, (lat, lng) in enumerate(places)]
)


@settings(max_examples=200, deadline=None)
@given(POINTS, st.integers(2, 60))
def test_thinning_keeps_order_ends_and_the_limit(points: list[TrailPoint], most: int) -> None:
    kept = thin(points, most)
    assert len(kept) == min(len(points), most)
    assert kept == [point for point in points if point in kept]
    assert kept[:1] == points[:1]
    assert kept[-1:] == points[-1:]


def test_a_straight_road_with_one_corner_keeps_the_corner() -> None:
    road = [(53.0 + i / 1000, -2.0, i) for i in range(50)]
    road += [(53.049, -2.0 + i / 1000, 50 + i) for i in range(1, 50)]
    assert thin(road, 3) == [road[0], (53.049, -2.0, 49), road[-1]]


def test_a_stop_thins_out_before_the_way() -> None:
    circle = [(53 + math.sin(i / 10) / 100, math.cos(i / 10) / 100, i) for i in range(60)]
    stop = [(53 + math.sin(6) / 100 + 1e-6 * (i % 2), math.cos(6) / 100, 60 + i) for i in range(500)]
    kept = thin(circle + stop, 62)
    assert sum(ms < 60 for _, _, ms in kept) >= 58


def test_the_antimeridian_is_crossed_like_any_other_line() -> None:
    road = [(0.0, 179.0 + i / 10 if i <= 10 else -180 + (i - 10) / 10, i) for i in range(20)]
    road[5] = (0.5, 179.5, 5)
    assert [ms for _, _, ms in thin(road, 5)] == [0, 4, 5, 6, 19]


def test_a_trail_has_two_ends() -> None:
    with pytest.raises(ValueError, match="two ends"):
        thin([(0.0, 0.0, 0)], 1)
