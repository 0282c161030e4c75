"""The feed over HTTP: open jobs near a pro, nearest first."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer, Input, Instant, Latitude, Longitude
from db.errors import Invalid
from rooms.principal import Role
from tracker.jobs.feed import open_jobs_near


class FeedQuery(Input):
    """Where to look; `radius` in statute miles."""

    lat: Latitude
    lng: Longitude
    radius: Annotated[float, Meta(gt=0, le=300)] = 20.0
    limit: Annotated[int, Meta(ge=1, le=500)] = 50


class FeedEntry(Answer):
    """An offer. Before the claim only the approximate address and place are told."""

    id: str
    skill: str
    service: str
    approximate_address: str
    approximate_lat: float
    approximate_lng: float
    price_cents: int
    window_start: Instant | None
    window_end: Instant | None
    opened_at: Instant | None
    distance_miles: float


class FeedAnswer(Answer):
    """Open jobs, nearest first."""

    jobs: list[FeedEntry]


@endpoint(
    "GET",
    "/api/hauler/feed",
    summary="Open jobs within a radius that you have the skill for, nearest first.",
    roles={Role.PRO},
    query=FeedQuery,
    answer=FeedAnswer,
    problems=[Invalid],
)
async def read_feed(request: Request[Services, None, FeedQuery]) -> FeedAnswer:
    query = request.query
    jobs = await open_jobs_near(
        request.services.database,
        pro_id=request.principal.id,
        lat=query.lat,
        lng=query.lng,
        radius_miles=query.radius,
        limit=query.limit,
    )
    return FeedAnswer(
        jobs=[
            FeedEntry(
                id=job.id,
                skill=job.skill,
                service=job.service,
                approximate_address=job.approximate_address,
                approximate_lat=job.approximate_lat,
                approximate_lng=job.approximate_lng,
                price_cents=job.price_cents,
                window_start=Instant.maybe(job.window_start),
                window_end=Instant.maybe(job.window_end),
                opened_at=Instant.maybe(job.opened_at),
                distance_miles=job.distance_miles,
            )
            for job in jobs
        ]
    )
