"""The city's streets for the browser: what a page draws when no map tiles can be had."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tracker.city.network import Network
from tracker.city.plan import Area

TOLERANCE_M = 2.0  # a drawn line strays no further than this from the road
ZOOM = 13


def streets_json(name: str, network: Network, areas: Iterable[Area]) -> dict[str, Any]:
    """`{name, attribution, center, zoom, roads: [{kind, name, line}], areas: [{kind, ring}]}`.

    Points are [lat, lng] with five decimals (about a metre). Big roads come last, so that a page
    that draws in order has them on top.
    """
    order = {kind: rank for rank, kind in enumerate(("residential", "street", "avenue", "highway"))}
    roads = sorted(network.roads, key=lambda road: order[road.kind])
    return {
        "name": name,
        "attribution": f"{name}: an invented city",
        "center": [network.plane.lat, network.plane.lng],
        "zoom": ZOOM,
        "roads": [
            {
                "kind": road.kind.value,
                "name": road.name,
                "line": _degrees(network, _simplified([(network.x[n], network.y[n]) for n in road.nodes])),
            }
            for road in roads
        ],
        "areas": [{"kind": area.kind.value, "ring": _degrees(network, area.ring)} for area in areas],
    }


def _degrees(network: Network, points: Iterable[tuple[float, float]]) -> list[list[float]]:
    return [[round(c, 5) for c in network.plane.to_degrees(x, y)] for x, y in points]


def _simplified(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The line without points it does not need (Douglas and Peucker 1973)."""
    (ax, ay), (bx, by) = points[0], points[-1]
    dx, dy = bx - ax, by - ay
    length_m = (dx * dx + dy * dy) ** 0.5
    worst_m, worst = 0.0, 0
    for place in range(1, len(points) - 1):
        x, y = points[place]
        if length_m == 0:
            distance_m = ((x - ax) ** 2 + (y - ay) ** 2) ** 0.5
        else:
            distance_m = abs(dx * (y - ay) - dy * (x - ax)) / length_m
        if distance_m > worst_m:
            worst_m, worst = distance_m, place
    if worst_m <= TOLERANCE_M:
        return [points[0], points[-1]]
    return _simplified(points[: worst + 1])[:-1] + _simplified(points[worst:])
