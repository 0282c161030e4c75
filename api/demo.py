"""What a demo has for a visitor whose own device is nowhere near the invented city: a drive that is made up.

Only where `DEMO_CITY` is set; anywhere else there is nothing here.
"""

from __future__ import annotations

import asyncio
from functools import cache

from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer, Input, Latitude, Longitude
from db.errors import Invalid, NotFound
from db.positions import last_position
from rooms.principal import Role
from tracker.city.made_up_drive import EVERY_S, made_up_drive, standing_at
from tracker.city.phone import Fix
from tracker.city.seed import City, build_city


class DriveQuery(Input):
    """From `lat`, `lng`, or else from where I was last seen; to `to_lat`, `to_lng`, or else nowhere."""

    lat: Latitude | None = None
    lng: Longitude | None = None
    to_lat: Latitude | None = None
    to_lng: Longitude | None = None


class MadeUpFix(Answer):
    """What a phone would read there: metres, metres per second, degrees; no heading while standing."""

    lat: float
    lng: float
    accuracy: float
    speed: float
    heading: float | None


class DriveAnswer(Answer):
    """One fix each `every_s` seconds, the first at the start; the phone then stays at the last."""

    every_s: float
    fixes: list[MadeUpFix]


@endpoint(
    "GET",
    "/api/demo/drive",
    summary="In a demo: a made-up drive through its city, for a device that is somewhere else.",
    roles={Role.PRO},
    query=DriveQuery,
    answer=DriveAnswer,
    problems=[NotFound, Invalid],
)
async def read_made_up_drive(request: Request[Services, None, DriveQuery]) -> DriveAnswer:
    query, seed = request.query, request.services.settings.demo_city
    if seed is None:
        raise NotFound("This server is no demo.")
    city = await asyncio.to_thread(_city, seed)
    start = _pair(query.lat, query.lng, "lat") or await _last_place(request, city)
    goal = _pair(query.to_lat, query.to_lng, "to_lat")
    fixes = [standing_at(city.network, start)]
    if goal is not None:
        fixes = await asyncio.to_thread(made_up_drive, city.network, start, goal)
    return DriveAnswer(every_s=EVERY_S, fixes=[_view(fix) for fix in fixes])


@cache
def _city(seed: int) -> City:
    """Built once per process; a demo has one."""
    return build_city(seed)


def _pair(lat: float | None, lng: float | None, field: str) -> tuple[float, float] | None:
    """A place, or none. Raises Invalid for half of one."""
    if lat is None and lng is None:
        return None
    if lat is None or lng is None:
        raise Invalid("A place has a latitude and a longitude.", field=field)
    return lat, lng


async def _last_place(request: Request[Services, None, DriveQuery], city: City) -> tuple[float, float]:
    """Where the caller was last seen; before that at home, and a stranger in the middle of the city."""
    async with request.services.database.connection() as conn:
        last = await last_position(conn, request.principal.id)
    if last is not None:
        return last.lat, last.lng
    person = city.person.get(request.principal.id)
    plane = city.network.plane
    return (person.home.lat, person.home.lng) if person else (plane.lat, plane.lng)


def _view(fix: Fix) -> MadeUpFix:
    return MadeUpFix(
        lat=fix.lat, lng=fix.lng, accuracy=fix.accuracy_m, speed=fix.speed_mps, heading=fix.heading_deg
    )
