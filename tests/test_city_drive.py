"""Routes and drives: the quickest way, within the limits, without jumps."""

from __future__ import annotations

import itertools
import math
import random
import time

import pytest
from pyproj import Geod

from tracker.city.drive import (
    ACCELERATION_MPS2,
    Drive,
    Trip,
    advance,
    has_arrived,
    prepare,
    remaining_m,
    where,
)
from tracker.city.network import Place
from tracker.city.phone import ERROR_M, Fix, Phone, read_fix
from tracker.city.routes import JUNCTION_S, Route, find_route
from tracker.city.seed import build_city

NETWORK = build_city(1).network
EARTH = Geod(ellps="WGS84")
SEEDS = pytest.mark.parametrize("seed", range(12))


def somewhere(rng: random.Random) -> Place:
    """A random place on the network."""
    edge = rng.randrange(len(NETWORK.edges))
    return NETWORK.place(edge, rng.uniform(0, NETWORK.edges[edge].length_m))


def some_trip(seed: int) -> Trip:
    """A trip across town."""
    rng = random.Random(seed)
    return prepare(find_route(NETWORK, somewhere(rng), somewhere(rng)), seed)


def whole_drive(trip: Trip, step_s: float) -> list[Drive]:
    """Every state from the start to the arrival."""
    drives = [Drive()]
    while not has_arrived(trip, drives[-1]):
        drives.append(advance(trip, drives[-1], step_s))
        assert len(drives) * step_s < 3 * 3600
    return drives


def cost_s(route: Route) -> float:
    """What the search minimises."""
    driving_s = sum(leg.length_m / leg.speed_limit_mps for leg in route.legs)
    return driving_s + JUNCTION_S * max(0, len(route.legs) - 2)


@SEEDS
def test_a_route_begins_and_ends_where_it_should_and_follows_the_streets(seed: int) -> None:
    rng = random.Random(seed)
    start, end = somewhere(rng), somewhere(rng)
    line = find_route(NETWORK, start, end).polyline(NETWORK)
    assert line[0] == pytest.approx((start.lat, start.lng))
    assert line[-1] == pytest.approx((end.lat, end.lng))
    for (lat_a, lng_a), (lat_b, lng_b) in itertools.pairwise(line):
        middle = (lat_a + lat_b) / 2, (lng_a + lng_b) / 2
        place = NETWORK.nearest(*middle)
        assert EARTH.inv(middle[1], middle[0], place.lng, place.lat)[2] < 0.1


@SEEDS
def test_no_detour_over_another_place_is_quicker(seed: int) -> None:
    rng = random.Random(seed)
    start, end = somewhere(rng), somewhere(rng)
    direct_s = cost_s(find_route(NETWORK, start, end))
    for _ in range(5):
        over = NETWORK.place(rng.randrange(len(NETWORK.edges)), 0)
        both_s = cost_s(find_route(NETWORK, start, over)) + cost_s(find_route(NETWORK, over, end))
        assert direct_s <= both_s + 2 * JUNCTION_S + 0.01


def test_places_on_one_street_are_joined_by_it() -> None:
    edge = max(range(len(NETWORK.edges)), key=lambda number: NETWORK.edges[number].length_m)
    route = find_route(NETWORK, NETWORK.place(edge, 20), NETWORK.place(edge, 120))
    assert len(route.legs) == 1
    assert route.length_m == pytest.approx(100)
    here = NETWORK.place(edge, 50)
    nowhere = prepare(find_route(NETWORK, here, here), 1)
    assert nowhere.route.length_m == 0
    assert where(nowhere, Drive()).speed_mps == 0
    assert has_arrived(nowhere, advance(nowhere, Drive(), 1))


def test_routes_are_found_quickly_enough_to_drive_by() -> None:
    rng = random.Random(9)
    places = [(somewhere(rng), somewhere(rng)) for _ in range(40)]
    before = time.process_time()
    for start, end in places:
        find_route(NETWORK, start, end)
    assert (time.process_time() - before) / len(places) < 0.05


@SEEDS
def test_a_driver_never_exceeds_the_limit(seed: int) -> None:
    trip = some_trip(seed)
    for drive in whole_drive(trip, 0.5):
        if not has_arrived(trip, drive):
            assert drive.speed_mps <= trip.route.legs[drive.leg].speed_limit_mps * 1.05


@SEEDS
def test_a_driver_speeds_up_like_a_car_and_gets_there(seed: int) -> None:
    trip = some_trip(seed)
    drives = whole_drive(trip, 0.5)
    for before, after in itertools.pairwise(drives):
        assert after.speed_mps - before.speed_mps <= ACCELERATION_MPS2 * 0.5 + 1e-6
        assert remaining_m(trip, after) <= remaining_m(trip, before) + 1e-6
    assert drives[-1].speed_mps == 0
    end = where(trip, drives[-1])
    assert (end.x, end.y) == pytest.approx(trip.route.points[-1])
    assert 3 < trip.route.length_m / (0.5 * len(drives)) < 20


@SEEDS
@pytest.mark.parametrize("step_s", [0.3, 2.0, 15.0])
def test_a_car_never_jumps_whatever_the_step(seed: int, step_s: float) -> None:
    trip = some_trip(seed)
    fastest_mps = max(leg.speed_limit_mps for leg in trip.route.legs)
    spots = [where(trip, drive) for drive in whole_drive(trip, step_s)]
    for before, after in itertools.pairwise(spots):
        assert math.hypot(after.x - before.x, after.y - before.y) <= fastest_mps * step_s + 0.01


def test_a_drive_stops_on_the_way() -> None:
    trip = some_trip(3)
    assert any(drive.waiting_s > 0 for drive in whole_drive(trip, 1.0))


@SEEDS
def test_the_phones_fixes_stay_near_the_car_and_do_not_jump(seed: int) -> None:
    trip = some_trip(seed)
    phone, before = Phone(seed), None
    for drive in whole_drive(trip, 2.0):
        spot = where(trip, drive)
        phone, fix = read_fix(phone, NETWORK.plane, spot, 2.0)
        x, y = NETWORK.plane.to_metres(fix.lat, fix.lng)
        assert math.hypot(x - spot.x, y - spot.y) < 6 * ERROR_M
        if before is not None:
            assert math.hypot(x - before[0], y - before[1]) < 2 * 25 + 4 * ERROR_M
        before = x, y


def test_a_fix_is_a_valid_heartbeat_and_has_no_heading_while_standing() -> None:
    trip = some_trip(1)
    fixes: list[Fix] = []
    phone = Phone(1)
    for drive in whole_drive(trip, 1.0):
        phone, fix = read_fix(phone, NETWORK.plane, where(trip, drive), 1.0)
        fixes.append(fix)
    assert fixes[-1].heading_deg is None
    assert fixes[-1].speed_mps == 0
    moving = [fix for fix in fixes if fix.heading_deg is not None]
    assert all(
        0 <= fix.heading_deg < 360 and fix.speed_mps >= 0 for fix in moving if fix.heading_deg is not None
    )
    assert all(0 < fix.accuracy_m < 20 for fix in fixes)
    assert set(fixes[0].as_heartbeat()) == {"lat", "lng", "accuracy", "speed", "heading"}


def test_the_same_seed_drives_the_same_trip() -> None:
    assert whole_drive(some_trip(5), 1.0) == whole_drive(some_trip(5), 1.0)
