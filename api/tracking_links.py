"""Tracking links over HTTP: make or rotate, revoke."""

from __future__ import annotations

from typing import TypeAlias
from uuid import UUID

from api.job_view import may_read
from api.jobs import EVERYBODY
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer
from db.errors import NotFound
from db.jobs import job_by_id
from rooms.principal import Principal
from rooms.rights import LINK_PREFIX

Req: TypeAlias = Request[Services, None, None]


class LinkAnswer(Answer):
    """A new link. It is shown once: only its hash is kept. Earlier links of the job are dead."""

    success: bool
    link: str
    url: str


@endpoint(
    "POST",
    "/api/jobs/{id}/tracking-link",
    summary="Make the job's tracking link; an earlier one dies.",
    roles=EVERYBODY,
    answer=LinkAnswer,
    problems=[NotFound],
)
async def make_tracking_link(request: Req) -> LinkAnswer:
    services = request.services
    await _must_be_party(request, request.principal)
    rotated = await services.links.rotate(request.id, created_by=request.principal.id)
    _cut(services, request.id, rotated.dead)
    return LinkAnswer(
        success=True, link=rotated.token, url=f"{services.settings.public_url}/track/{rotated.token}"
    )


@endpoint(
    "DELETE",
    "/api/jobs/{id}/tracking-link",
    summary="Revoke the job's tracking links; whoever watches through one is cut off.",
    roles=EVERYBODY,
    problems=[NotFound],
)
async def revoke_tracking_link(request: Req) -> None:
    await _must_be_party(request, request.principal)
    _cut(request.services, request.id, await request.services.links.revoke(request.id))


def _cut(services: Services, job_id: UUID, dead: list[int]) -> None:
    services.rooms.say.links_changed(job_id, [f"{LINK_PREFIX}{link_id}" for link_id in dead])


async def _must_be_party(request: Req, principal: Principal) -> None:
    async with request.services.database.connection() as conn:
        job = await job_by_id(conn, request.id)
    if job is None or not may_read(principal, job):
        raise NotFound("There is no such job.")
