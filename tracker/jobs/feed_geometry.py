"""Where to look for jobs around a place: pure geometry between the ground and the feed index.

The index (`jobs.lane`, db/migrations/0001_base.sql) keeps places as points of an ellipsoidal Mercator
map. That map is conformal: near a place it is the ground times one number, the scale `k` of its
latitude (Snyder, Map Projections: A Working Manual, 1987, equations 7-6 to 7-9). Two bounds follow,
and the whole feed stands on them. They hold for any path that stays inside the disc, so also for the
shortest one, with `k_max` the scale at the disc's largest absolute latitude:

- a place within `r` metres on the ground lies within `k_max · r` on the map, so a square of that half
  width around the centre misses nothing (`windows_around`);
- once the index has handed over, nearest on the map first, everything up to `m` map metres, it has
  handed over everything within `ρ` ground metres if `k_max(ρ) · ρ < m` (`is_covered`).

Cells are the same bound in degrees, for bus channels (`feed_cells`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

MILE_M = 1609.344  # international (statute) mile
EQUATOR_M = 6378137.0  # WGS84 semi-major axis
ECCENTRICITY = 0.0818191908426215  # WGS84, the digits of the generated column
LEAST_MERIDIAN_RADIUS_M = 6335439.0  # a(1 − e²): curvature of a meridian where it is tightest, at the equator
HALF_WORLD_M = math.pi * EQUATOR_M  # from the map's middle to its edge

MAX_MAP_LATITUDE = 89.9  # the generated column clamps here
MAX_SQUARE_LATITUDE = 89.4  # discs that come nearer to a pole are read as a band of latitude
SLACK_M = 0.01  # room for rounding in the index (0.25 mm) and in the geodesic (nanometres)
MARGIN_M = 1.0  # spare width of a window, on the map

POLAR_CELL_LATITUDE = 80  # from here to the pole one cell goes round the world


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of the map to read, and the point its rows are ordered from; all in map metres."""

    x: float
    y: float
    x_min: float
    x_max: float
    y_min: float
    y_max: float


@dataclass(frozen=True, slots=True)
class Search:
    """The one or two windows that hold every place of a disc.

    `swelling` is by how much map area per ground area grows from the centre to the disc's edge towards
    the pole: to be sure of `n` nearest one has to read about `n · swelling` rows. Infinite near a pole,
    where map order says nothing about the ground: read all the rows.
    """

    windows: tuple[Window, ...]
    swelling: float


def search_around(lat: float, lng: float, radius_m: float) -> Search:
    """What to read for the disc of `radius_m` ground metres around a place in degrees."""
    largest = _largest_scale(lat, radius_m)
    half_width = radius_m * largest + MARGIN_M
    if half_width > HALF_WORLD_M / 2:
        return Search((_band(lat, lng, radius_m),), math.inf)
    x, y = to_map(lat, lng)
    windows = [_window(x, y, half_width)]
    if x + half_width > HALF_WORLD_M:  # the disc crosses 180°: see the rest of it from the other side
        windows.append(_window(x - 2 * HALF_WORLD_M, y, half_width))
    elif x - half_width < -HALF_WORLD_M:
        windows.append(_window(x + 2 * HALF_WORLD_M, y, half_width))
    return Search(tuple(windows), (largest / _largest_scale(lat, 0)) ** 2)


def is_covered(lat: float, ground_m: float, map_m: float) -> bool:
    """Whether all places within `ground_m` of a place at `lat` lie nearer than `map_m` on the map."""
    ground_m += SLACK_M
    return _largest_scale(lat, ground_m) * ground_m < map_m


def to_map(lat: float, lng: float) -> tuple[float, float]:
    """Ellipsoidal Mercator (Snyder 7-6, 7-7), in metres: the generated column's formula without a lane."""
    sin_lat = math.sin(math.radians(max(-MAX_MAP_LATITUDE, min(MAX_MAP_LATITUDE, lat))))
    isometric = math.atanh(sin_lat) - ECCENTRICITY * math.atanh(ECCENTRICITY * sin_lat)
    return EQUATOR_M * math.radians(lng), EQUATOR_M * isometric


def feed_cell(lat: float, lng: float) -> str:
    """The bus channel of a job's place: its whole-degree cell, like `feed:53:-3` (south-west corner)."""
    return _cell(min(math.floor(lat), 89), math.floor(lng))


def feed_cells(lat: float, lng: float, radius_miles: float) -> list[str]:
    """The channels to hear for a disc: `feed_cell` of every place in it is among them."""
    radius_m = radius_miles * MILE_M + SLACK_M
    reach_lat = math.degrees(radius_m / LEAST_MERIDIAN_RADIUS_M)
    reach_lng = math.degrees(radius_m * _largest_scale(lat, radius_m) / EQUATOR_M)
    west, east = (lng - reach_lng, lng + reach_lng) if reach_lng < 180 else (-180.0, 179.0)
    south, north = max(lat - reach_lat, -90.0), min(lat + reach_lat, 89.0)
    rows = range(math.floor(south), math.floor(north) + 1)
    columns = range(math.floor(west), math.floor(east) + 1)
    return sorted({_cell(row, column) for row in rows for column in columns})


def _cell(row: int, column: int) -> str:
    if not -POLAR_CELL_LATITUDE <= row < POLAR_CELL_LATITUDE:
        return f"feed:{row}:all"
    return f"feed:{row}:{(column + 180) % 360 - 180}"


def _window(x: float, y: float, half_width: float) -> Window:
    """A square around (x, y), cut to the map's own width so that it stays in its lane."""
    edge = HALF_WORLD_M + MARGIN_M
    x_min, x_max = max(x - half_width, -edge), min(x + half_width, edge)
    return Window(x, y, x_min, x_max, y - half_width, y + half_width)


def _band(lat: float, lng: float, radius_m: float) -> Window:
    """All longitudes of the disc's latitudes."""
    reach = math.degrees(radius_m / LEAST_MERIDIAN_RADIUS_M)
    x, y = to_map(lat, lng)
    y_min, y_max = to_map(lat - reach, lng)[1], to_map(lat + reach, lng)[1]
    edge = HALF_WORLD_M + MARGIN_M
    return Window(x, y, -edge, edge, y_min - MARGIN_M, y_max + MARGIN_M)


def _largest_scale(lat: float, radius_m: float) -> float:
    """k_max of a disc: the map's scale at the disc's largest absolute latitude (Snyder 7-8).

    Infinite where the disc comes so near to a pole that the map no longer serves.
    """
    largest = abs(lat) + math.degrees(radius_m / LEAST_MERIDIAN_RADIUS_M)
    if largest > MAX_SQUARE_LATITUDE:
        return math.inf
    phi = math.radians(largest)
    return math.sqrt(1 - (ECCENTRICITY * math.sin(phi)) ** 2) / math.cos(phi)
