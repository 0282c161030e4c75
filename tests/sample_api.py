"""A small application of a few declared endpoints, for tests of what happens before a handler runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

import httpx
from msgspec import Meta
from starlette.routing import BaseRoute, Router
from starlette.types import ASGIApp

from api.edge import Edge, nothing_here
from api.limits import RateLimit
from api.routing import Endpoint, Request, endpoint
from api.security_headers import SecurityHeaders
from api.serving import routes_for
from api.shapes import Answer, Cents, Input, Instant, Latitude, Longitude, Paragraph, PersonId
from db.errors import Conflict, Unauthorized, Unavailable
from rooms.principal import Principal, Role

JOB = "018f3a52-7c1e-7b44-9d1d-3c2a5d1e9f00"
PRO = {"Authorization": "Bearer pro"}


class TipBody(Input):
    """Every kind of field that real endpoints have."""

    lat: Latitude
    lng: Longitude
    stars: Annotated[int, Meta(ge=1, le=5)]
    tip_cents: Cents = 0
    comment: Paragraph | None = None
    pro_id: PersonId | None = None
    occurred_at: Instant | None = None
    tags: Annotated[list[Annotated[str, Meta(max_length=20)]], Meta(max_length=5)] = []  # noqa: RUF012 - msgspec copies it
    paid: bool = False


class TipAnswer(Answer):
    """What arrived."""

    id: UUID
    who: str
    stars: int
    occurred_at: Instant | None


class NearQuery(Input):
    """Numbers, a flag, a time and a text."""

    lat: Latitude
    lng: Longitude
    radius_miles: float = 20.0
    limit: Annotated[int, Meta(ge=1, le=100)] = 10
    after: Instant | None = None
    search: Annotated[str, Meta(max_length=50)] | None = None
    every: bool = False


class NearAnswer(Answer):
    """What was asked."""

    lat: float
    radius_miles: float
    limit: int


class OptionalBody(Input):
    """A body that may be left out."""

    notes: Paragraph | None = None


class NoteAnswer(Answer):
    """The note, or None."""

    notes: str | None


class TooLate(Conflict):
    """Somebody else was faster."""

    code = "too_late"


@endpoint(
    "POST",
    "/api/jobs/{id}/tip",
    summary="Tip a pro.",
    roles={Role.PRO, Role.CUSTOMER},
    body=TipBody,
    answer=TipAnswer,
    problems=[TooLate],
)
async def tip(request: Request[Services, TipBody, None]) -> TipAnswer:
    request.services.calls += 1
    if request.body.comment == "too late":
        raise TooLate(winner="ann", status="a fact may not replace the status")
    return TipAnswer(
        id=request.id,
        who=request.principal.id,
        stars=request.body.stars,
        occurred_at=request.body.occurred_at,
    )


@endpoint(
    "GET",
    "/api/near",
    summary="What is near.",
    roles={Role.PRO},
    query=NearQuery,
    answer=NearAnswer,
)
async def near(request: Request[Services, None, NearQuery]) -> NearAnswer:
    query = request.query
    return NearAnswer(lat=query.lat, radius_miles=query.radius_miles, limit=query.limit)


@endpoint(
    "POST",
    "/api/notes/{number:int}",
    summary="Note something.",
    roles={Role.PRO},
    body=OptionalBody,
    answer=NoteAnswer,
)
async def note(request: Request[Services, OptionalBody, None]) -> NoteAnswer:
    return NoteAnswer(notes=request.body.notes)


@endpoint("DELETE", "/api/notes/{number:int}", summary="Forget a note.", roles={Role.PRO})
async def forget(request: Request[Services, None, None]) -> None:
    request.services.calls += 1


@endpoint(
    "GET", "/api/jobs/{id}", summary="Read a job.", roles={Role.CUSTOMER}, links=True, answer=NoteAnswer
)
async def read(request: Request[Services, None, None]) -> NoteAnswer:
    return NoteAnswer(notes=str(request.id))


@endpoint(
    "POST", "/api/loose", summary="Any object.", roles={Role.PRO}, body=dict[str, Any], answer=NoteAnswer
)
async def loose(request: Request[Services, dict[str, Any], None]) -> NoteAnswer:
    return NoteAnswer(notes=",".join(sorted(request.body)))


@endpoint("GET", "/api/broken", summary="A bug.", roles=None, answer=NoteAnswer)
async def broken(request: Request[Services, None, None]) -> NoteAnswer:
    raise RuntimeError("password=hunter2")


@endpoint("GET", "/api/away", summary="No database.", roles=None, answer=NoteAnswer)
async def away(request: Request[Services, None, None]) -> NoteAnswer:
    raise Unavailable


class Services:
    """What the handlers use: a count of the calls that got through."""

    def __init__(self) -> None:
        self.calls = 0


ENDPOINTS: list[Endpoint] = [tip, near, note, forget, read, loose, broken, away]


async def authenticate(auth: dict[str, Any]) -> Principal:
    """`Bearer <role>` is somebody of that role; `Link good` is a tracking link."""
    if auth == {"link": "good"}:
        return Principal("link:1", Role.CUSTOMER, job_id=JOB)
    if auth.get("token") not in {role.value for role in Role}:
        raise Unauthorized
    return Principal(f"{auth['token']}-1", Role(auth["token"]))


def sample_app(
    *,
    services: Services | None = None,
    limit: RateLimit | None = None,
    root_path: str = "",
    public_url: str | None = None,
    more: list[BaseRoute] | None = None,
    **options: Any,
) -> ASGIApp:
    """The application, as the composition root would put it together."""
    routes = routes_for(ENDPOINTS, services=services or Services(), authenticate=authenticate, limit=limit)
    return Edge(
        Router([*routes, *(more or [])], default=nothing_here, redirect_slashes=False),
        headers=SecurityHeaders(public_url=public_url),
        root_path=root_path,
        **options,
    )


def calling(
    app: ASGIApp, conversation: Callable[[httpx.AsyncClient], Awaitable[None]], **headers: str
) -> None:
    """Run a conversation with an application in this process; an exception that escapes it is raised."""

    async def run() -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=True)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://tracker.test", headers={**PRO, **headers}
        ) as client:
            await conversation(client)

    asyncio.run(run())
