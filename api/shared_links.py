"""Links that a customer passes on, over HTTP: make one, list them, stop one."""

from __future__ import annotations

from typing import TypeAlias

from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer, Instant
from api.tracking_links import cut
from db.errors import NotFound
from db.shared_links import SharedLink
from rooms.principal import Role
from tracker.identity.links import JobEnded
from tracker.identity.shared_links import MOST_SHARED, TooManyShared, list_shared, share, stop_sharing

Req: TypeAlias = Request[Services, None, None]


class SharedEntry(Answer):
    """A shared link that is alive. `seen_at`: when it was last opened, to the minute; None: not yet."""

    id: int
    created_at: Instant
    seen_at: Instant | None


class NewSharedAnswer(Answer):
    """A new shared link. `link` and `url` are shown once: only the link's hash is kept."""

    success: bool
    link: str
    url: str
    shared: SharedEntry


class SharedLinksAnswer(Answer):
    """The job's shared links that are alive, oldest first; there may be `at_most` of them."""

    links: list[SharedEntry]
    at_most: int


@endpoint(
    "POST",
    "/api/jobs/{id}/shared-links",
    summary="Make a link to pass on: it shows the live visit and nothing else.",
    roles={Role.CUSTOMER},
    links=True,
    answer=NewSharedAnswer,
    problems=[JobEnded, TooManyShared, NotFound],
)
async def share_visit(request: Req) -> NewSharedAnswer:
    services = request.services
    new = await share(services.database, request.principal, request.id, request.now)
    return NewSharedAnswer(
        success=True,
        link=new.token,
        url=f"{services.settings.public_url}/track/{new.token}",
        shared=_entry(new.link),
    )


@endpoint(
    "GET",
    "/api/jobs/{id}/shared-links",
    summary="The links that the customer passed on.",
    roles={Role.CUSTOMER},
    links=True,
    answer=SharedLinksAnswer,
    problems=[NotFound],
)
async def read_shared_links(request: Req) -> SharedLinksAnswer:
    found = await list_shared(request.services.database, request.principal, request.id, request.now)
    return SharedLinksAnswer(links=[_entry(one) for one in found], at_most=MOST_SHARED)


@endpoint(
    "DELETE",
    "/api/jobs/{id}/shared-links/{link:int}",
    summary="Stop sharing by this link; whoever watches through it is cut off.",
    roles={Role.CUSTOMER},
    links=True,
    problems=[NotFound],
)
async def stop_shared_link(request: Req) -> None:
    services, link_id = request.services, int(request.path["link"])
    await stop_sharing(services.database, request.principal, request.id, link_id, request.now)
    cut(services, request.id, [link_id])


def _entry(link: SharedLink) -> SharedEntry:
    return SharedEntry(
        id=link.id, created_at=Instant.of(link.created_at), seen_at=Instant.maybe(link.seen_at)
    )
