"""When will the pro be there? A number of seconds, and honestly between which two.

Without a routing service the way is the geodesic distance times a detour factor, and the pace is an
exponentially smoothed speed. With one, the service's answer is scaled by how much of the way is left.
"""

from __future__ import annotations

from math import exp
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

import msgspec
from msgspec import Meta

# Road distance over straight distance. National averages lie between about 1.1 and 1.5 for most countries
# (Ballou, Rahardja and Sakai 2002, "Selected country circuity factors for road travel distance estimation",
# Transportation Research A 36, 843–848); short trips in towns lie in the upper half.
DETOUR = 1.35
DETOUR_LOW, DETOUR_HIGH = 1.1, 1.7

PRIOR_PACE_M_S = 6.0  # 22 km/h: a town with its lights and jams, before the pro's own pace is known
SLOWEST_PACE_M_S = 3.0  # a red light is not a reason to promise tomorrow
FASTEST_PACE_M_S = 40.0
PACE_MEMORY_S = 480.0  # after this long, an observation weighs 1/e: longer than jams, shorter than a trip
PACE_ERROR = 0.25  # how far the pace of the rest of the way may be from the smoothed one
ROUTE_ERROR = 0.2  # the same for a routing service's duration, which does not know the traffic
SMALLEST_BAND_S = 30.0  # finding the house number


class Eta(NamedTuple):
    """Seconds until arrival, between `low` and `high`; `distance_m` along roads; who says so."""

    seconds: int
    low: int
    high: int
    distance_m: int
    source: str  # "estimate" or "route"

    def as_dict(self) -> dict[str, Any]:
        """The wire's `eta`."""
        return self._asdict()


class Pace:
    """The speed over ground that counts for the rest of the way, exponentially smoothed over time."""

    __slots__ = ("m_s",)

    def __init__(self) -> None:
        self.m_s = PRIOR_PACE_M_S

    def observe(self, speed_m_s: float, seconds: float) -> None:
        """The pro went at `speed_m_s` for `seconds`, halts included."""
        weight = 1 - exp(-seconds / PACE_MEMORY_S)
        self.m_s += weight * (min(speed_m_s, FASTEST_PACE_M_S) - self.m_s)


class Route(NamedTuple):
    """A routing service's answer for the way from where the pro was, `straight_m` from the door."""

    seconds: float
    distance_m: float
    straight_m: float
    asked_ms: int


class RouteError(ValueError):
    """The routing service answered, but not with a route."""


def estimate(straight_m: float, pace_m_s: float) -> Eta:
    """The ETA over `straight_m` of geodesic distance at a smoothed pace."""
    pace = max(SLOWEST_PACE_M_S, pace_m_s)
    return _with_band(
        straight_m * DETOUR / pace,
        straight_m * DETOUR_LOW / (pace * (1 + PACE_ERROR)),
        straight_m * DETOUR_HIGH / (pace * (1 - PACE_ERROR)),
        straight_m * DETOUR,
        "estimate",
    )


def along_route(route: Route, straight_m: float) -> Eta:
    """The ETA by a route asked for earlier, now that `straight_m` of geodesic distance are left.

    The rest of the route is taken to shrink with the straight distance: between two answers of the service,
    seconds apart, that is as good as matching the point to the route.
    """
    left = straight_m / max(route.straight_m, 1.0)
    seconds = route.seconds * left
    return _with_band(
        seconds, seconds * (1 - ROUTE_ERROR), seconds * (1 + ROUTE_ERROR), route.distance_m * left, "route"
    )


def _with_band(seconds: float, low: float, high: float, distance_m: float, source: str) -> Eta:
    return Eta(
        round(seconds),
        round(max(0.0, min(low, seconds - SMALLEST_BAND_S))),
        round(max(high, seconds + SMALLEST_BAND_S)),
        round(distance_m),
        source,
    )


_Number: TypeAlias = Annotated[float, Meta(ge=0, lt=1e9)]


class _OsrmRoute(msgspec.Struct):
    duration: _Number  # seconds
    distance: _Number  # metres


class _OsrmAnswer(msgspec.Struct):
    code: Literal["Ok"]
    routes: Annotated[list[_OsrmRoute], Meta(min_length=1)]


class _ValhallaSummary(msgspec.Struct):
    time: _Number  # seconds
    length: _Number  # in the units asked for


class _ValhallaTrip(msgspec.Struct):
    status: Literal[0]
    summary: _ValhallaSummary


class _ValhallaAnswer(msgspec.Struct):
    trip: _ValhallaTrip


def read_osrm(body: bytes) -> tuple[float, float]:
    """(seconds, metres) from an answer of OSRM's `/route/v1/driving/…`. Raises RouteError.

    Source: project-osrm.org, "OSRM API Documentation", Route service.
    """
    try:
        best = msgspec.json.decode(body, type=_OsrmAnswer).routes[0]
    except (msgspec.MsgspecError, ValueError) as error:
        raise RouteError("not an OSRM route") from error
    return best.duration, best.distance


def read_valhalla(body: bytes) -> tuple[float, float]:
    """(seconds, metres) from an answer of Valhalla's `/route` asked with `units: kilometers`.

    Raises RouteError. Source: valhalla.github.io, "Valhalla routing service API reference".
    """
    try:
        summary = msgspec.json.decode(body, type=_ValhallaAnswer).trip.summary
    except (msgspec.MsgspecError, ValueError) as error:
        raise RouteError("not a Valhalla route") from error
    return summary.time, summary.length * 1000
