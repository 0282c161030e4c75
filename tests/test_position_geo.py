"""Distances agree with the Earth."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.positions.geo import geodesic_m, haversine_m

LATITUDES, LONGITUDES = st.floats(-90, 90), st.floats(-180, 180)


def test_the_standard_example_of_geodesy_comes_out() -> None:
    # Flinders Peak to Buninyong (ICSM, Geocentric Datum of Australia Technical Manual, ch. 4; GRS 80).
    peak, town = (-37.951033, 144.424868), (-37.652821, 143.926496)
    assert geodesic_m(*peak, *town) == pytest.approx(54_972.27, abs=0.15)


@settings(max_examples=300, deadline=None)
@given(LATITUDES, LONGITUDES, LATITUDES, LONGITUDES)
def test_the_quick_formula_is_within_six_thousandths(a: float, b: float, c: float, d: float) -> None:
    exact = geodesic_m(a, b, c, d)
    assert haversine_m(a, b, c, d) == pytest.approx(exact, rel=0.0066, abs=0.01)


@pytest.mark.parametrize(("lat", "lng"), [(0, 0), (90, 0), (-90, 180), (53.4, -180)])
def test_a_place_is_nowhere_from_itself(lat: float, lng: float) -> None:
    assert haversine_m(lat, lng, lat, lng) == 0
    assert geodesic_m(lat, lng, lat, lng) == 0


def test_the_same_meridian_has_two_names() -> None:
    assert haversine_m(10, 180, 10, -180) == pytest.approx(0, abs=1e-6)
    assert geodesic_m(10, 180, 10, -180) == pytest.approx(0, abs=1e-6)
