"""The pure geometry of the feed, against geodesics: no bound may ever lose a place."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from tracker.jobs.feed_geometry import (
    HALF_WORLD_M,
    MILE_M,
    feed_cell,
    feed_cells,
    is_covered,
    search_around,
    to_map,
)

WGS84 = Geod(ellps="WGS84")
LATITUDES = st.one_of(
    st.floats(-90, 90), st.sampled_from([-90.0, -89.4, -66.0, 0.0, 53.4, 85.0, 89.39, 90.0])
)
LONGITUDES = st.one_of(st.floats(-180, 180), st.sampled_from([-180.0, -179.9999, 0.0, 179.9999, 180.0]))
RADII_MILES = st.one_of(st.floats(0.0007, 300), st.sampled_from([0.0007, 20.0, 300.0]))
FRACTIONS = st.one_of(st.floats(0, 1), st.just(1.0))
AZIMUTHS = st.one_of(st.floats(-180, 180), st.sampled_from([-90.0, 0.0, 90.0, 180.0]))


def place_at(lat: float, lng: float, azimuth: float, distance_m: float) -> tuple[float, float]:
    """The place so many metres from (lat, lng) in a direction; longitude within ±180."""
    there_lng, there_lat, _ = WGS84.fwd(lng, lat, azimuth, distance_m)
    return there_lat, there_lng


@settings(max_examples=700, deadline=None)
@given(LATITUDES, LONGITUDES, RADII_MILES, AZIMUTHS, FRACTIONS)
def test_every_place_within_the_radius_lies_in_exactly_one_window(
    lat: float, lng: float, radius_miles: float, azimuth: float, fraction: float
) -> None:
    radius_m = radius_miles * MILE_M
    x, y = to_map(*place_at(lat, lng, azimuth, radius_m * fraction))
    windows = search_around(lat, lng, radius_m).windows
    inside = [w for w in windows if w.x_min <= x <= w.x_max and w.y_min <= y <= w.y_max]
    assert len(inside) == 1


@settings(max_examples=700, deadline=None)
@given(LATITUDES, LONGITUDES, RADII_MILES, AZIMUTHS, FRACTIONS)
def test_a_place_is_never_declared_covered_before_the_index_reaches_it(
    lat: float, lng: float, radius_miles: float, azimuth: float, fraction: float
) -> None:
    radius_m = radius_miles * MILE_M
    search = search_around(lat, lng, radius_m)
    if math.isinf(search.swelling):
        return
    there_lat, there_lng = place_at(lat, lng, azimuth, radius_m * fraction)
    _, _, ground_m = WGS84.inv(lng, lat, there_lng, there_lat)
    x, y = to_map(there_lat, there_lng)
    map_m = min(math.hypot(x - w.x, y - w.y) for w in search.windows)
    assert not is_covered(lat, ground_m, map_m)


@settings(max_examples=700, deadline=None)
@given(LATITUDES, LONGITUDES, RADII_MILES, AZIMUTHS, FRACTIONS)
def test_every_place_within_the_radius_lies_in_a_listened_cell(
    lat: float, lng: float, radius_miles: float, azimuth: float, fraction: float
) -> None:
    there = place_at(lat, lng, azimuth, radius_miles * MILE_M * fraction)
    assert feed_cell(*there) in feed_cells(lat, lng, radius_miles)


@settings(max_examples=300, deadline=None)
@given(st.floats(-89.8, 89.8), st.floats(-180, 180))
def test_the_map_is_the_ellipsoidal_mercator_of_proj(lat: float, lng: float) -> None:
    mercator = Transformer.from_crs("EPSG:4326", "EPSG:3395", always_xy=True)
    assert to_map(lat, lng) == pytest.approx(mercator.transform(lng, lat), abs=1e-3)


def test_a_disc_across_180_degrees_is_read_from_both_sides() -> None:
    assert len(search_around(-17.0, 179.9, 20 * MILE_M).windows) == 2
    assert len(search_around(-17.0, -179.9, 20 * MILE_M).windows) == 2
    assert len(search_around(-17.0, 179.0, 20 * MILE_M).windows) == 1


def test_a_window_never_leaves_its_lane() -> None:
    for lng in (-180.0, 0.0, 180.0):
        for lat in (0.0, 80.0, 87.0, 89.9):
            for window in search_around(lat, lng, 300 * MILE_M).windows:
                assert -2.5e7 < -HALF_WORLD_M - 2 < window.x_min < window.x_max < HALF_WORLD_M + 2 < 2.5e7


def test_near_a_pole_the_whole_band_of_latitude_is_read() -> None:
    search = search_around(89.99, 10.0, 5 * MILE_M)
    assert math.isinf(search.swelling)
    assert search.windows[0].x_max - search.windows[0].x_min >= 2 * HALF_WORLD_M


@pytest.mark.parametrize(
    ("place", "cell"),
    [
        ((53.4, -2.99), "feed:53:-3"),
        ((-33.9, 18.4), "feed:-34:18"),
        ((0.0, 0.0), "feed:0:0"),
        ((10.0, 180.0), "feed:10:-180"),
        ((10.0, -180.0), "feed:10:-180"),
        ((90.0, 12.0), "feed:89:all"),
        ((-90.0, 12.0), "feed:-90:all"),
    ],
)
def test_a_cell_is_named_by_its_south_west_corner(place: tuple[float, float], cell: str) -> None:
    assert feed_cell(*place) == cell


def test_cells_stay_few() -> None:
    assert len(feed_cells(53.4, -2.99, 20)) == 2
    assert len(feed_cells(0.0, 0.0, 300)) <= 100
    assert max(len(feed_cells(lat, 0.0, 300)) for lat in range(-90, 91)) <= 600
    assert max(len(feed_cells(lat, 0.0, 20)) for lat in range(-90, 91)) <= 12


def test_cells_across_180_degrees_are_those_of_both_sides() -> None:
    assert feed_cells(-17.5, 179.95, 20) == ["feed:-18:-180", "feed:-18:179"]
