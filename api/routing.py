"""How an endpoint is declared; `serving.py` says what happens to a request before its handler sees it.

    class StatusBody(Input):
        status: Status
        notes: Paragraph | None = None
        occurred_at: Instant | None = None

    class StatusAnswer(Answer):
        success: bool
        status: Status
        version: Version

    @endpoint("POST", "/api/jobs/{id}/status", summary="Move a job to its next status.",
              roles={Role.PRO, Role.DISPATCHER, Role.ADMIN},
              body=StatusBody, answer=StatusAnswer, problems=[Conflict])
    async def change_status(request: Request[Services, StatusBody, None]) -> StatusAnswer:
        moved = await request.services.jobs.move(request.principal, request.id, request.body, request.now)
        return StatusAnswer(success=True, status=moved.status, version=moved.version)

The decorated name is an `Endpoint`. The composition root lists them (`endpoints_of(module)`), and both the
routes and OpenAPI are built from that list:

    endpoints = [*endpoints_of(jobs), *endpoints_of(feed)]
    routes = routes_for(endpoints, services=services, authenticate=authenticator.authenticate)

`{id}` and names ending in `_id` are UUIDs; `{name:int}` is a positive 64-bit integer, `{name:str}` a text.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import ModuleType
from typing import Any, Generic, TypeVar, cast, overload
from uuid import UUID

import msgspec
from starlette.datastructures import Headers
from starlette.responses import Response

from api.raw_body import RawBody
from api.shapes import Input
from db.errors import Problem, Unauthorized
from rooms.principal import Principal, Role

S = TypeVar("S")  # the application's services
B = TypeVar("B", covariant=True)  # the body's struct, or None
Q = TypeVar("Q", covariant=True)  # the query's struct, or None
A = TypeVar("A")  # the answer's struct, or None for 204

_PARAMETER = re.compile(r"\{([a-z_]+)(?::(int|str))?\}")


@dataclass(frozen=True, slots=True)
class Request(Generic[S, B, Q]):
    """What a handler gets: everything is already authenticated, parsed and in range.

    `now` is this request's moment (UTC), read once; `path` holds the parsed path parameters.
    """

    services: S
    body: B
    query: Q
    now: datetime
    request_id: str
    headers: Headers
    path: Mapping[str, Any] = field(default_factory=dict)
    caller: Principal | None = None

    @property
    def principal(self) -> Principal:
        """Who is calling. A public endpoint has nobody, so it must ask `caller` instead."""
        if self.caller is None:
            raise Unauthorized
        return self.caller

    @property
    def id(self) -> UUID:
        """The path's `{id}`."""
        return cast(UUID, self.path["id"])


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one address, as declared. `roles` None: public.

    `links`: a tracking link may too; `shared`: also one that the customer passed on.
    """

    method: str
    path: str
    handler: Callable[[Request[Any, Any, Any]], Awaitable[Any]]
    summary: str
    body: Any
    query: type[Input] | None
    answer: Any
    roles: frozenset[Role] | None
    links: bool
    problems: tuple[type[Problem], ...]
    status: int
    body_schema: Any
    raw: RawBody | None = None
    csv: bool = False
    shared: bool = False

    @property
    def name(self) -> str:
        """The handler's name, unique in the application: OpenAPI's operationId."""
        return self.handler.__name__

    @property
    def parameters(self) -> dict[str, str]:
        """The path's parameters and their kinds: uuid, int or str."""
        return {
            name: kind or ("uuid" if name == "id" or name.endswith("_id") else "str")
            for name, kind in _PARAMETER.findall(self.path)
        }

    @property
    def plain_path(self) -> str:
        """The path without kinds: `/api/payouts/{number}`."""
        return _PARAMETER.sub(r"{\1}", self.path)


@overload
def endpoint(
    method: str,
    path: str,
    *,
    summary: str,
    roles: Collection[Role] | None,
    body: type[B] | None = ...,
    query: type[Q] | None = ...,
    answer: type[A],
    links: bool = ...,
    problems: Sequence[type[Problem]] = ...,
    status: int | None = ...,
    body_schema: Any = ...,
    raw: RawBody | None = ...,
    csv: bool = ...,
    shared: bool = ...,
) -> Callable[[Callable[[Request[S, B, Q]], Awaitable[A | Response]]], Endpoint]: ...
@overload
def endpoint(
    method: str,
    path: str,
    *,
    summary: str,
    roles: Collection[Role] | None,
    body: type[B] | None = ...,
    query: type[Q] | None = ...,
    answer: None = ...,
    links: bool = ...,
    problems: Sequence[type[Problem]] = ...,
    status: int | None = ...,
    body_schema: Any = ...,
    raw: RawBody | None = ...,
    csv: bool = ...,
    shared: bool = ...,
) -> Callable[[Callable[[Request[S, B, Q]], Awaitable[None]]], Endpoint]: ...
def endpoint(
    method: str,
    path: str,
    *,
    summary: str,
    roles: Collection[Role] | None,
    body: type[B] | None = None,
    query: type[Q] | None = None,
    answer: type[A] | None = None,
    links: bool = False,
    problems: Sequence[type[Problem]] = (),
    status: int | None = None,
    body_schema: Any = None,
    raw: RawBody | None = None,
    csv: bool = False,
    shared: bool = False,
) -> Callable[[Callable[[Request[S, B, Q]], Awaitable[Any]]], Endpoint]:
    """Declare the decorated coroutine function as an endpoint; see the module's example.

    `roles=None` makes it public, deliberately and visibly. `body_schema` is what OpenAPI shows (a type)
    when `body` is looser than that because its parts are judged one by one. `raw` instead of `body` takes
    bytes (`api/raw_body.py`). `status` is 200, or 204 without an answer; with `csv` the handler may return a
    ready Response of text/csv instead. Raises TypeError for a struct that would ignore unknown fields.
    """
    for shape in (body, query):
        if isinstance(shape, type) and issubclass(shape, msgspec.Struct) and not issubclass(shape, Input):
            raise TypeError(f"{shape.__name__} must derive from Input, which refuses unknown fields")

    def declare(handler: Callable[[Request[S, B, Q]], Awaitable[Any]]) -> Endpoint:
        return Endpoint(
            method=method,
            path=path,
            handler=handler,
            summary=summary,
            body=body,
            query=cast("type[Input] | None", query),
            answer=answer,
            roles=None if roles is None else frozenset(roles),
            links=links,
            problems=tuple(problems),
            status=status or (204 if answer is None else 200),
            body_schema=body_schema,
            raw=raw,
            csv=csv,
            shared=shared,
        )

    return declare


def endpoints_of(module: ModuleType) -> list[Endpoint]:
    """The endpoints that a module declares, in the order of the file."""
    return [value for value in vars(module).values() if isinstance(value, Endpoint)]
