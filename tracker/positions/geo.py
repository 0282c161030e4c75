"""Distances and directions on the Earth. Degrees in, metres and degrees out.

Two distances, because they have two uses. `geodesic_m` is exact (Karney 2013, "Algorithms for geodesics",
through PROJ) and decides what people see: the ETA and the arrival. `haversine_m` takes half the time,
is at most 0.6 % off (the Earth is a little flat, the formula's sphere is not) and is for rough limits that
are asked for every point.
"""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

from pyproj import Geod

# Mean radius R1 of the WGS 84 ellipsoid (Moritz 2000, "Geodetic Reference System 1980").
MEAN_EARTH_RADIUS_M = 6_371_008.8
_DIAMETER_M = 2 * MEAN_EARTH_RADIUS_M
_RAD = radians(1.0)
_WGS84 = Geod(ellps="WGS84")


def geodesic_m(lat1: float, lng1: float, lat2: float, lng2: float) -> float:
    """The shortest way over the WGS 84 ellipsoid between two places, in metres."""
    return float(_WGS84.inv(lng1, lat1, lng2, lat2)[2])


def haversine_m(lat1: float, lng1: float, lat2: float, lng2: float) -> float:
    """The great-circle distance on a sphere, in metres (Sinnott 1984, "Virtues of the Haversine")."""
    phi1 = lat1 * _RAD
    phi2 = lat2 * _RAD
    a = sin((phi2 - phi1) / 2) ** 2 + cos(phi1) * cos(phi2) * sin((lng2 - lng1) * _RAD / 2) ** 2
    return _DIAMETER_M * asin(min(1.0, sqrt(a)))
