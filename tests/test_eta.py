"""The ETA is never negative, falls on the way, and is honest about what it does not know."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.positions.eta import (
    PRIOR_PACE_M_S,
    Pace,
    Route,
    RouteError,
    along_route,
    estimate,
    read_osrm,
    read_valhalla,
)


@settings(max_examples=300, deadline=None)
@given(st.floats(0, 2e7), st.floats(0, 100))
def test_an_estimate_is_never_negative_and_lies_in_its_band(straight_m: float, pace_m_s: float) -> None:
    eta = estimate(straight_m, pace_m_s)
    assert 0 <= eta.low <= eta.seconds <= eta.high
    assert eta.distance_m >= round(straight_m)
    assert eta.source == "estimate"


@settings(max_examples=300, deadline=None)
@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_route_is_never_negative_and_lies_in_its_band(
    seconds: float, length_m: float, left_m: float
) -> None:
    eta = along_route(Route(seconds, length_m, 5_000.0, 0), left_m)
    assert 0 <= eta.low <= eta.seconds <= eta.high
    assert eta.distance_m >= 0
    assert eta.source == "route"


@settings(max_examples=200, deadline=None)
@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0.1, 50))
def test_nearer_is_sooner(one_m: float, other_m: float, pace_m_s: float) -> None:
    near, far = sorted((one_m, other_m))
    assert estimate(near, pace_m_s).seconds <= estimate(far, pace_m_s).seconds


def test_at_the_door_nothing_is_left() -> None:
    assert estimate(0.0, 8.0).as_dict() == {
        "seconds": 0,
        "low": 0,
        "high": 30,
        "distance_m": 0,
        "source": "estimate",
    }


def test_ten_kilometres_through_a_town_take_half_an_hour_or_more() -> None:
    eta = estimate(10_000.0, PRIOR_PACE_M_S)
    assert 30 * 60 < eta.seconds < 45 * 60
    assert eta.low < 30 * 60
    assert eta.high > 45 * 60


def test_a_halt_at_a_light_does_not_promise_tomorrow() -> None:
    pace = Pace()
    pace.observe(0.0, 90.0)
    assert estimate(5_000.0, pace.m_s).seconds < 2 * estimate(5_000.0, PRIOR_PACE_M_S).seconds
    pace.observe(0.0, 1e6)
    assert estimate(5_000.0, pace.m_s).seconds == pytest.approx(5_000 * 1.35 / 3, abs=1)


def test_the_pace_learns_how_this_pro_goes() -> None:
    pace = Pace()
    for _ in range(240):
        pace.observe(15.0, 10.0)
    assert pace.m_s == pytest.approx(15.0, abs=0.1)
    pace.observe(900.0, 1e6)
    assert pace.m_s <= 40.0


def test_pace_does_not_depend_on_how_often_it_is_observed() -> None:
    often, seldom = Pace(), Pace()
    for _ in range(60):
        often.observe(12.0, 1.0)
    seldom.observe(12.0, 60.0)
    assert often.m_s == pytest.approx(seldom.m_s)


def test_a_route_shrinks_with_what_is_left_of_it() -> None:
    route = Route(seconds=1_200.0, distance_m=9_000.0, straight_m=6_000.0, asked_ms=0)
    assert along_route(route, 6_000.0)[:4] == (1_200, 960, 1_440, 9_000)
    assert along_route(route, 3_000.0)[:4] == (600, 480, 720, 4_500)
    assert along_route(route, 0.0)[:2] == (0, 0)


def test_a_route_that_was_asked_for_at_the_door_divides_by_nothing() -> None:
    assert along_route(Route(3.0, 10.0, 0.0, 0), 0.0).seconds == 0


OSRM = {
    "code": "Ok",
    "routes": [
        {"legs": [], "weight_name": "routability", "weight": 300.1, "duration": 300.1, "distance": 2500.7}
    ],
    "waypoints": [],
}
VALHALLA = {
    "trip": {
        "locations": [],
        "legs": [],
        "summary": {"has_toll": False, "time": 300.1, "length": 2.5007, "cost": 310.0},
        "status_message": "Found route between points",
        "status": 0,
        "units": "kilometers",
        "language": "en-US",
    }
}


def test_the_answers_of_both_services_are_read() -> None:
    assert read_osrm(json.dumps(OSRM).encode()) == (300.1, 2500.7)
    assert read_valhalla(json.dumps(VALHALLA).encode()) == pytest.approx((300.1, 2500.7))


@pytest.mark.parametrize(
    "answer",
    [
        {"code": "NoRoute", "message": "Impossible route between points", "routes": []},
        {"code": "Ok", "routes": []},
        {"code": "Ok", "routes": [{"duration": "300", "distance": 1}]},
        {"code": "Ok", "routes": [{"duration": -1, "distance": 1}]},
        {"code": "Ok", "routes": [{"duration": 1e300, "distance": 1}]},
        {"error_code": 442, "error": "No path could be found for input", "status_code": 400},
        {"trip": {"status": 171, "summary": {"time": 1, "length": 1}}},
        {"trip": {"status": 0, "summary": {"time": None, "length": 1}}},
        {"trip": {"status": 0, "summary": {"time": True, "length": 1}}},
        [],
        None,
        "Ok",
    ],
)
def test_an_answer_that_is_no_route_is_a_typed_error(answer: object) -> None:
    for read in (read_osrm, read_valhalla):
        with pytest.raises(RouteError):
            read(json.dumps(answer).encode())


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe", b"[" * 100_000, b'{"code": NaN}'])
def test_a_body_that_is_no_json_is_a_typed_error(body: bytes) -> None:
    for read in (read_osrm, read_valhalla):
        with pytest.raises(RouteError):
            read(body)
