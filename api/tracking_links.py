"""Tracking links over HTTP: make or rotate, revoke."""

from __future__ import annotations

from typing import TypeAlias
from uuid import UUID

from api.job_view import may_read
from api.jobs import EVERYBODY
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer
from db.errors import Forbidden, NotFound
from db.jobs import Job, job_by_id
from db.need_job import NoSuchJob
from rooms.principal import LINK_PREFIX, Role
from tracker.identity.links import JobEnded
from tracker.jobs.lifecycle import LINK_ENDS

Req: TypeAlias = Request[Services, None, None]


class LinkAnswer(Answer):
    """A new link, shown once: only its hash is kept. Earlier links of the job are dead, shared or not."""

    success: bool
    link: str
    url: str


@endpoint(
    "POST",
    "/api/jobs/{id}/tracking-link",
    summary="Make the customer's own link to a job; all earlier ones of the job die.",
    roles=EVERYBODY,
    answer=LinkAnswer,
    problems=[Forbidden, NotFound, JobEnded],
)
async def make_tracking_link(request: Req) -> LinkAnswer:
    services = request.services
    job = await _job_of_party(request)
    if job.status in LINK_ENDS:
        raise JobEnded
    rotated = await services.links.rotate(request.id, created_by=request.principal.id)
    cut(services, request.id, rotated.dead)
    return LinkAnswer(
        success=True, link=rotated.token, url=f"{services.settings.public_url}/track/{rotated.token}"
    )


@endpoint(
    "DELETE",
    "/api/jobs/{id}/tracking-link",
    summary="Revoke all of the job's tracking links; whoever watches through one is cut off.",
    roles=EVERYBODY,
    problems=[Forbidden, NotFound],
)
async def revoke_tracking_link(request: Req) -> None:
    await _job_of_party(request)
    cut(request.services, request.id, await request.services.links.revoke(request.id))


def cut(services: Services, job_id: UUID, dead: list[int]) -> None:
    """End the streams of links that died, on every node."""
    services.rooms.say.links_changed(job_id, [f"{LINK_PREFIX}{link_id}" for link_id in dead])


async def _job_of_party(request: Req) -> Job:
    """The job, for its customer and for dispatch.

    Not for its pro: a link would go on showing the job, and its next pro, to one who has lost it.
    """
    async with request.services.database.connection() as conn:
        job = await job_by_id(conn, request.id)
    if job is None or not may_read(request.principal, job):
        raise NoSuchJob
    if request.principal.role is Role.PRO:
        raise Forbidden("A job's links are its customer's and dispatch's.")
    return job
