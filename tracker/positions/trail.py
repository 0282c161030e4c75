"""Making a trail short enough to send, without losing its corners."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from math import cos, inf, radians
from typing import TypeAlias

TrailPoint: TypeAlias = "tuple[float, float, int]"
"""A point of a trail as it goes over the wire: latitude, longitude (degrees), epoch milliseconds."""


def thin(points: Sequence[TrailPoint], most: int) -> list[TrailPoint]:
    """At most `most` (two or more) of the points, in order, that keep the shape; both ends stay.

    Visvalingam and Whyatt 1993, "Line generalisation by repeated elimination of points": again and again the
    point that spans the smallest triangle with its neighbours goes, so that stops and straight roads thin
    out first. O(n log n).
    """
    if most < 2:
        raise ValueError("a trail has at least its two ends")
    if len(points) <= most:
        return list(points)
    before = list(range(-1, len(points) - 1))
    after = list(range(1, len(points) + 1))
    areas = [inf, *(_triangle(*points[i - 1 : i + 2]) for i in range(1, len(points) - 1)), inf]
    smallest = [(area, i) for i, area in enumerate(areas) if area < inf]
    heapq.heapify(smallest)
    gone = bytearray(len(points))
    left = len(points)
    while left > most:
        area, i = heapq.heappop(smallest)
        if gone[i] or area != areas[i]:
            continue
        gone[i] = 1
        left -= 1
        a, b = before[i], after[i]
        after[a], before[b] = b, a
        for j in (a, b):
            if 0 < j < len(points) - 1:
                # Never below the area just removed: a neighbour must not become cheaper by the removal.
                areas[j] = max(area, _triangle(points[before[j]], points[j], points[after[j]]))
                heapq.heappush(smallest, (areas[j], j))
    return [point for i, point in enumerate(points) if not gone[i]]


def _triangle(a: TrailPoint, b: TrailPoint, c: TrailPoint) -> float:
    """Twice the area of a triangle in square degrees, longitudes shrunk to their length at this latitude."""
    shrink = cos(radians(b[0]))
    ax, cx = _turn(a[1] - b[1]) * shrink, _turn(c[1] - b[1]) * shrink
    return abs(ax * (c[0] - b[0]) - cx * (a[0] - b[0]))


def _turn(degrees: float) -> float:
    """A difference of longitudes the short way round, also across the antimeridian."""
    return (degrees + 180.0) % 360.0 - 180.0
