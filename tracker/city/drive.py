"""A driver on a route: pure values, no clock.

`prepare` decides once where the driver slows down and stops (the only place with chance in it, from
the trip's seed), `advance` moves a `Drive` by some seconds, `where` says where that is.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace

from tracker.city.network import RoadKind
from tracker.city.routes import Leg, Route, gives_way

ACCELERATION_MPS2 = 1.7  # brisk but ordinary (ITE Traffic Engineering Handbook gives 1.1 to 2.0)
BRAKING_MPS2 = 2.2  # comfortable; hard braking starts near 3.4 (AASHTO Green Book)
SIDEWAYS_MPS2 = 2.0  # sideways acceleration people accept in a turn
TURN_RADIUS_M = 9.0  # of a right angle at a city corner
STEP_S = 0.5  # the motion is integrated in steps no longer than this
CREEP_MPS = 0.6  # the slowest that still gets anywhere


@dataclass(frozen=True, slots=True)
class Trip:
    """A route with the driver's decisions: per leg the speed on it, the speed at its end, the wait there."""

    route: Route
    cruise_mps: tuple[float, ...]
    exit_mps: tuple[float, ...]
    wait_s: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Drive:
    """Where a driver is: `offset_m` along leg number `leg`; `waiting_s` more seconds to stand here."""

    leg: int = 0
    offset_m: float = 0.0
    speed_mps: float = 0.0
    waiting_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on the network's plane (metres), the speed there, and the heading clockwise from north."""

    x: float
    y: float
    speed_mps: float
    heading_deg: float


# --- before the trip -----------------------------------------------------------------------------


def prepare(route: Route, seed: int) -> Trip:
    """Decide how fast to drive each leg and how long to stand at each junction."""
    rng = random.Random(seed)
    patience = rng.uniform(0.82, 0.97)  # this driver's share of the limit
    cruise = tuple(leg.speed_limit_mps * patience for leg in route.legs)
    waits = [_wait_s(rng, leg) for leg in route.legs[:-1]] + [0.0]
    corners = [_corner_mps(route, place) for place in range(1, len(route.legs))] + [0.0]
    exits = [0.0 if wait else corner for wait, corner in zip(waits, corners, strict=True)]
    for place in range(len(exits) - 2, -1, -1):  # never faster than the next leg lets one brake
        after_mps = min(cruise[place + 1], _fastest_before(exits[place + 1], route.legs[place + 1].length_m))
        exits[place] = min(exits[place], after_mps)
    return Trip(route, cruise, tuple(exits), tuple(waits))


def _wait_s(rng: random.Random, leg: Leg) -> float:
    """Seconds to stand at the end of a leg: a light, a stop sign, or nothing."""
    chance, red = rng.random(), rng.uniform(4, 32)
    if leg.crossing in (RoadKind.AVENUE, RoadKind.HIGHWAY) and leg.kind in (
        RoadKind.AVENUE,
        RoadKind.HIGHWAY,
    ):
        return red if chance < 0.35 else 0.0  # a light
    if gives_way(leg):
        return red / 4 if chance < 0.8 else 0.0  # a stop sign
    if leg.crossing is RoadKind.STREET and leg.kind is RoadKind.STREET:
        return red / 2 if chance < 0.3 else 0.0
    return 0.0


def _corner_mps(route: Route, place: int) -> float:
    """How fast the bend at a point can be taken: v² = a·r, the radius growing as the bend gets gentler."""
    (ax, ay), (bx, by), (cx, cy) = route.points[place - 1 : place + 2]
    turn = math.atan2(cy - by, cx - bx) - math.atan2(by - ay, bx - ax)
    turn = abs((turn + math.pi) % math.tau - math.pi)
    if turn < math.radians(4):
        return math.inf
    radius_m = TURN_RADIUS_M * (math.pi / 2 / turn) ** 1.5
    return math.sqrt(SIDEWAYS_MPS2 * radius_m)


def _fastest_before(end_mps: float, distance_m: float) -> float:
    """The highest speed from which one can brake to `end_mps` within a distance."""
    return math.sqrt(end_mps**2 + 2 * BRAKING_MPS2 * distance_m)


# --- on the road ---------------------------------------------------------------------------------


def advance(trip: Trip, drive: Drive, seconds: float) -> Drive:
    """The same drive some seconds later."""
    left_s = seconds
    while left_s > 1e-9:
        step_s = min(STEP_S, left_s)
        drive = _step(trip, drive, step_s)
        left_s -= step_s
    return drive


def has_arrived(trip: Trip, drive: Drive) -> bool:
    """Whether the driver stands at the end of the route."""
    return drive.leg >= len(trip.route.legs)


def remaining_m(trip: Trip, drive: Drive) -> float:
    """Metres of road still ahead."""
    return max(0.0, sum(leg.length_m for leg in trip.route.legs[drive.leg :]) - drive.offset_m)


def _step(trip: Trip, drive: Drive, dt: float) -> Drive:
    """One short step: wait, or speed up and brake within what the road ahead allows."""
    if has_arrived(trip, drive) or drive.waiting_s > 0:
        return replace(drive, speed_mps=0.0, waiting_s=max(0.0, drive.waiting_s - dt))
    ahead_m = trip.route.legs[drive.leg].length_m - drive.offset_m
    # Where this step ends there must still be room to brake.
    wanted_mps = min(trip.cruise_mps[drive.leg], drive.speed_mps + ACCELERATION_MPS2 * dt)
    room_m = max(0.0, ahead_m - wanted_mps * dt / 2)
    speed_mps = min(wanted_mps, max(CREEP_MPS, _fastest_before(trip.exit_mps[drive.leg], room_m)))
    moved_m = speed_mps * dt
    if moved_m < ahead_m:
        return replace(drive, offset_m=drive.offset_m + moved_m, speed_mps=speed_mps)
    return _past_the_end(trip, replace(drive, speed_mps=speed_mps), moved_m - ahead_m)


def _past_the_end(trip: Trip, drive: Drive, over_m: float) -> Drive:
    """Enter the next leg, or stand at the junction, or arrive."""
    wait_s = trip.wait_s[drive.leg]
    drive = replace(drive, leg=drive.leg + 1, offset_m=0.0)
    if has_arrived(trip, drive) or wait_s:
        return replace(drive, speed_mps=0.0, waiting_s=wait_s)
    length_m = trip.route.legs[drive.leg].length_m
    if over_m >= length_m:
        return _past_the_end(trip, drive, over_m - length_m)
    return replace(drive, offset_m=over_m)


# --- where that is --------------------------------------------------------------------------------


def where(trip: Trip, drive: Drive) -> Spot:
    """Where the car is and which way it points."""
    leg = min(drive.leg, len(trip.route.legs) - 1)
    (ax, ay), (bx, by) = trip.route.points[leg], trip.route.points[leg + 1]
    length_m = trip.route.legs[leg].length_m  # zero on a route from a place to itself
    part = 1.0 if has_arrived(trip, drive) or not length_m else drive.offset_m / length_m
    heading_deg = math.degrees(math.atan2(bx - ax, by - ay)) % 360
    return Spot(ax + (bx - ax) * part, ay + (by - ay) * part, drive.speed_mps, heading_deg)
