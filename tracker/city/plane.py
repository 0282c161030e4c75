"""Metres on a flat sheet around the city's centre, and degrees on the globe.

The city is about 10 km wide. Over that distance a plane that touches the ellipsoid at the centre is
wrong by less than 0.1 %, far below what a GPS reading or a speed limit can tell.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

WGS84_A_M = 6378137.0
WGS84_E2 = 0.00669437999014


@dataclass(frozen=True, slots=True)
class Plane:
    """The plane that touches WGS84 at (`lat`, `lng`); x points east, y north, both in metres."""

    lat: float
    lng: float

    @property
    def m_per_degree_lat(self) -> float:
        """Length of one degree of latitude: the meridional radius of curvature (Snyder 1987, eq. 4-18)."""
        w2 = 1 - WGS84_E2 * math.sin(math.radians(self.lat)) ** 2
        return math.radians(WGS84_A_M * (1 - WGS84_E2) / w2**1.5)

    @property
    def m_per_degree_lng(self) -> float:
        """Length of one degree of longitude at the centre (Snyder 1987, eq. 4-20 and 4-21)."""
        w2 = 1 - WGS84_E2 * math.sin(math.radians(self.lat)) ** 2
        return math.radians(WGS84_A_M / math.sqrt(w2) * math.cos(math.radians(self.lat)))

    def to_degrees(self, x: float, y: float) -> tuple[float, float]:
        """(lat, lng) of a point in metres."""
        return self.lat + y / self.m_per_degree_lat, self.lng + x / self.m_per_degree_lng

    def to_metres(self, lat: float, lng: float) -> tuple[float, float]:
        """(x, y) of a point in degrees."""
        return (lng - self.lng) * self.m_per_degree_lng, (lat - self.lat) * self.m_per_degree_lat
