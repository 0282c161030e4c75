"""The generated city: connected, the same every time, and small enough to send."""

from __future__ import annotations

import gzip
import json
import random

import pytest
from pyproj import Geod

from tracker.city.map import TOLERANCE_M, streets_json
from tracker.city.network import SPEED_LIMIT_MPS, Network, Road, RoadKind
from tracker.city.seed import build_city

CITY = build_city(1)
EARTH = Geod(ellps="WGS84")


def reachable(network: Network) -> int:
    """How many nodes can be reached from the first one."""
    seen, waiting = {0}, [0]
    while waiting:
        for other, _ in network.neighbours[waiting.pop()]:
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return len(seen)


@pytest.mark.parametrize("seed", [1, 2, 3, 20])
def test_every_street_can_be_reached_from_every_other(seed: int) -> None:
    network = build_city(seed).network
    assert reachable(network) == len(network.x)
    assert len(network.x) > 2500


@pytest.mark.parametrize("seed", [1, 2, 3, 20])
def test_the_city_is_about_10_by_10_km_and_has_roads_of_every_kind(seed: int) -> None:
    network = build_city(seed).network
    for values in (network.x, network.y):
        assert 9_000 < max(values) - min(values) < 11_500
    assert {edge.kind for edge in network.edges} == set(RoadKind)
    assert all(10 < edge.length_m < 1500 for edge in network.edges)


def test_the_same_seed_gives_the_same_city_and_another_one_does_not() -> None:
    again, other = build_city(1), build_city(2)
    assert (again.people, again.jobs, again.areas) == (CITY.people, CITY.jobs, CITY.areas)
    assert (again.network.x, again.network.edges) == (CITY.network.x, CITY.network.edges)
    assert other.network.x != CITY.network.x


def test_lengths_are_those_on_the_globe() -> None:
    network = CITY.network
    for edge in random.Random(1).sample(network.edges, 300):
        (lat_a, lng_a), (lat_b, lng_b) = network.lat_lng(edge.a), network.lat_lng(edge.b)
        assert edge.length_m == pytest.approx(EARTH.inv(lng_a, lat_a, lng_b, lat_b)[2], rel=0.002)


def test_only_bridges_cross_the_river() -> None:
    network = CITY.network
    assert len({road.name for road in network.roads if road.name.endswith("Bridge")}) == 6
    without = [road for road in network.roads if not road.name.endswith("Bridge")]
    points = list(zip(network.x, network.y, strict=True))
    assert reachable(Network(network.plane, points, without)) < len(points)


def test_only_avenues_join_the_highway() -> None:
    network = CITY.network
    on_it = {end for edge in network.edges if edge.kind is RoadKind.HIGHWAY for end in (edge.a, edge.b)}
    kinds = {network.edges[number].kind for node in on_it for _, number in network.neighbours[node]}
    assert kinds == {RoadKind.HIGHWAY, RoadKind.AVENUE}


def test_the_nearest_place_is_what_a_search_through_all_edges_finds() -> None:
    network, rng = CITY.network, random.Random(4)
    for spread in (0.03, 0.06, 0.5):
        for _ in range(20):
            lat, lng = 41.36 + rng.uniform(-spread, spread), -99.42 + rng.uniform(-spread, spread)
            x, y = network.plane.to_metres(lat, lng)
            nearest_m = min(network._distance_to(number, x, y)[0] for number in range(len(network.edges)))
            place = network.nearest(lat, lng)
            found_x, found_y = network.plane.to_metres(place.lat, place.lng)
            assert ((found_x - x) ** 2 + (found_y - y) ** 2) ** 0.5 == pytest.approx(nearest_m, abs=0.01)


def test_the_map_is_small_rounded_and_complete() -> None:
    drawn = streets_json(CITY.name, CITY.network, CITY.areas)
    raw = json.dumps(drawn).encode()
    assert len(raw) < 300_000
    assert len(gzip.compress(raw)) < 60_000
    assert set(drawn) == {"name", "attribution", "center", "zoom", "roads", "areas"}
    assert {road["kind"] for road in drawn["roads"]} == {kind.value for kind in RoadKind}
    assert {area["kind"] for area in drawn["areas"]} == {"park", "water"}
    for lat, lng in (point for road in drawn["roads"] for point in road["line"]):
        assert (lat, lng) == (round(lat, 5), round(lng, 5))
    assert sum(len(road["line"]) for road in drawn["roads"]) > 3000


def test_a_drawn_road_stays_within_its_tolerance_of_the_real_one() -> None:
    drawn = streets_json(CITY.name, CITY.network, CITY.areas)
    points: list[tuple[float, float]] = []
    roads: list[Road] = []
    for line in (road["line"] for road in drawn["roads"]):
        nodes = tuple(range(len(points), len(points) + len(line)))
        roads.append(Road("", RoadKind.STREET, nodes))
        points += [CITY.network.plane.to_metres(lat, lng) for lat, lng in line]
    on_the_map = Network(CITY.network.plane, points, roads)
    for node in range(0, len(CITY.network.x), 7):
        lat, lng = CITY.network.lat_lng(node)
        place = on_the_map.nearest(lat, lng)
        assert EARTH.inv(lng, lat, place.lng, place.lat)[2] < TOLERANCE_M + 1.5


def test_speed_limits_grow_with_the_road() -> None:
    kinds = (RoadKind.RESIDENTIAL, RoadKind.STREET, RoadKind.AVENUE, RoadKind.HIGHWAY)
    limits = [SPEED_LIMIT_MPS[kind] for kind in kinds]
    assert limits == sorted(set(limits))
