"""The feed: open jobs near a pro that the pro has the skill for, nearest first.

Distances are exact: geodesics on the WGS84 ellipsoid (Karney 2013, as in PROJ), not a formula on a
sphere. The database hands over candidates in map order (db/feed.py); this module measures them and
asks for more until nothing nearer can be missing (feed_geometry.py has the proof).

Before the claim a pro learns the approximate address and the place rounded to 0.01° (1.1 km at most
from north to south), never the customer.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pyproj import Geod

from db import feed
from db.errors import Invalid
from db.pool import Connection, Database
from db.times import iso
from tracker.jobs.feed_geometry import MILE_M, is_covered, search_around

MAX_RADIUS_MILES = 300.0
MAX_LIMIT = 500
SPARE_ROWS = 4  # chance puts some more jobs between the nearest and the rest

_WGS84 = Geod(ellps="WGS84")


@dataclass(frozen=True, slots=True)
class FeedJob:
    """An offer, as a pro may see it before the claim.

    `approximate_lat` and `approximate_lng` are degrees rounded to 0.01, `distance_miles` is the exact
    distance rounded to 0.01 mile (16 m), `skill` is the code that the job asks for.
    """

    id: str
    skill: str
    service: str
    approximate_address: str
    approximate_lat: float
    approximate_lng: float
    price_cents: int
    window_start: datetime | None
    window_end: datetime | None
    opened_at: datetime | None
    distance_miles: float

    def as_payload(self) -> dict[str, Any]:
        """As JSON values: times in ISO 8601, UTC, milliseconds, `Z`."""
        return {
            name: iso(value) if isinstance(value, datetime) else value for name, value in asdict(self).items()
        }


async def open_jobs_near(
    database: Database, *, pro_id: str, lat: float, lng: float, radius_miles: float, limit: int = 50
) -> list[FeedJob]:
    """The `limit` nearest open jobs with a skill of the pro's within `radius_miles`, nearest first.

    Jobs at the same distance come in order of their id. Raises Invalid, Unavailable.
    """
    check_area(lat, lng, radius_miles)
    if not 1 <= limit <= MAX_LIMIT:
        raise Invalid(f"limit must be between 1 and {MAX_LIMIT}", field="limit")
    async with database.connection() as conn:
        skills = await feed.skills_of(conn, pro_id)
        if not skills:
            return []
        nearest = await nearest_jobs(conn, list(skills), lat, lng, radius_miles * MILE_M, limit)
    return [_offer(job, skills[job.skill_no], distance_m) for distance_m, job in nearest]


def matches_feed(
    *,
    job_lat: float,
    job_lng: float,
    job_skill: str,
    lat: float,
    lng: float,
    radius_miles: float,
    skills: Collection[str],
) -> float | None:
    """The job's exact distance in miles if it belongs in a feed around (lat, lng), else None.

    For live `job_posted`: the same answer as `open_jobs_near` without the database.
    """
    if job_skill not in skills:
        return None
    _, _, distance_m = _WGS84.inv(lng, lat, job_lng, job_lat)
    return float(distance_m) / MILE_M if distance_m <= radius_miles * MILE_M else None


def offer_seen_from(
    offer: Mapping[str, Any], *, lat: float, lng: float, radius_miles: float, skills: Collection[str]
) -> dict[str, Any] | None:
    """A live offer (tracker.jobs.offers.offer_of) as the feed around (lat, lng) shows it, or None.

    The same members as `FeedJob.as_payload`.
    """
    distance_miles = matches_feed(
        job_lat=offer["lat"],
        job_lng=offer["lng"],
        job_skill=offer["skill"],
        lat=lat,
        lng=lng,
        radius_miles=radius_miles,
        skills=skills,
    )
    if distance_miles is None:
        return None
    public = {name: value for name, value in offer.items() if name not in ("lat", "lng")}
    return public | {
        "approximate_lat": _approximate(offer["lat"]),
        "approximate_lng": _approximate(offer["lng"]),
        "distance_miles": round(distance_miles, 2),
    }


def check_area(lat: float, lng: float, radius_miles: float) -> None:
    """Raises Invalid unless this is a place on Earth and a radius of 0 < r ≤ 300 miles (NaN is neither)."""
    if not -90 <= lat <= 90:
        raise Invalid("lat must be between -90 and 90 degrees", field="lat")
    if not -180 <= lng <= 180:
        raise Invalid("lng must be between -180 and 180 degrees", field="lng")
    if not 0 < radius_miles <= MAX_RADIUS_MILES:
        raise Invalid(f"radius must be above 0 and at most {MAX_RADIUS_MILES:g} miles", field="radius")


async def nearest_jobs(
    conn: Connection, skill_nos: list[int], lat: float, lng: float, radius_m: float, limit: int
) -> list[tuple[float, feed.OpenJob]]:
    """The `limit` nearest open jobs of these skills within the radius, as (distance_m, job).

    Reads a few rows more than asked for; only rarely has to ask again. Arguments are taken as checked.
    """
    search = search_around(lat, lng, radius_m)
    rows = None if math.isinf(search.swelling) else math.ceil(limit * search.swelling) + SPARE_ROWS
    while True:
        jobs = await feed.nearest_open(conn, skill_nos, search.windows, rows)
        nearest = _measured(jobs, lat, lng, radius_m)[:limit]
        if rows is None or len(jobs) < rows:
            return nearest
        wanted_m = nearest[-1][0] if len(nearest) == limit else radius_m
        if is_covered(lat, wanted_m, jobs[-1].map_m):
            return nearest
        rows *= 4


def _measured(
    jobs: list[feed.OpenJob], lat: float, lng: float, radius_m: float
) -> list[tuple[float, feed.OpenJob]]:
    """The jobs within the radius with their geodesic distances in metres, nearest first, then by id."""
    n = len(jobs)
    _, _, distances_m = _WGS84.inv([lng] * n, [lat] * n, [job.lng for job in jobs], [job.lat for job in jobs])
    within = [(d, job.id, job) for d, job in zip(distances_m, jobs, strict=True) if d <= radius_m]
    return [(distance_m, job) for distance_m, _, job in sorted(within)]


def _offer(job: feed.OpenJob, skill: str, distance_m: float) -> FeedJob:
    """What of a job may be told, rounded."""
    return FeedJob(
        id=str(job.id),
        skill=skill,
        service=job.service,
        approximate_address=job.approximate_address,
        approximate_lat=_approximate(job.lat),
        approximate_lng=_approximate(job.lng),
        price_cents=job.price_cents,
        window_start=job.window_start,
        window_end=job.window_end,
        opened_at=job.opened_at,
        distance_miles=round(distance_m / MILE_M, 2),
    )


def _approximate(degrees: float) -> float:
    return round(degrees, 2) + 0.0  # never -0.0
