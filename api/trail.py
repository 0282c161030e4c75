"""A job's trail over HTTP: the positions kept of it, page by page."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from api.job_view import may_read
from api.jobs import EVERYBODY
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer, Input, Instant
from db.errors import NotFound
from db.jobs import job_by_id
from db.need_job import NoSuchJob
from tracker.positions.filters import Verdict


class TrailQuery(Input):
    """`after` (epoch milliseconds or ISO 8601) pages on; `all` also gives staff the refused points."""

    after: Instant | None = None
    limit: Annotated[int, Meta(ge=1, le=5000)] = 2000
    all: bool = False


class TrailPoint(Answer):
    """One kept position: degrees, metres, metres per second, degrees from north."""

    lat: float
    lng: float
    recorded_at: Instant
    received_at: Instant
    accuracy: float | None
    speed: float | None
    heading: float | None
    verdict: str


class TrailAnswer(Answer):
    """A job's positions in the order the device recorded them."""

    job_id: str
    points: list[TrailPoint]
    more: bool


@endpoint(
    "GET",
    "/api/jobs/{id}/trail",
    summary="The positions of a job in time order.",
    roles=EVERYBODY,
    links=True,
    shared=True,
    query=TrailQuery,
    answer=TrailAnswer,
    problems=[NotFound],
)
async def read_trail(request: Request[Services, None, TrailQuery]) -> TrailAnswer:
    query = request.query
    services = request.services
    async with services.database.connection() as conn:
        job = await job_by_id(conn, request.id)
        if job is None or not may_read(request.principal, job):
            raise NoSuchJob
        points = await services.snapshots.trail(
            conn,
            job,
            request.principal,
            after=query.after,
            limit=query.limit + 1,
            every_verdict=query.all and request.principal.is_staff,
        )
    return TrailAnswer(
        job_id=str(job.id),
        points=[
            TrailPoint(
                lat=point.lat,
                lng=point.lng,
                recorded_at=Instant.of(point.recorded_at),
                received_at=Instant.of(point.received_at),
                accuracy=point.accuracy_m,
                speed=point.speed_m_s,
                heading=point.heading_deg,
                verdict=Verdict(point.verdict).name.lower(),
            )
            for point in points[: query.limit]
        ],
        more=len(points) > query.limit,
    )
