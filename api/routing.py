"""How an endpoint is declared, and what happens to a request before its handler sees it.

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

A request is checked in this order, and the first refusal is the answer: method (405), credentials (401),
role (403), rate (429), path (404), query (422), content type (415), body (413, 408, 422).
`{id}` and names ending in `_id` are UUIDs; `{name:int}` is a positive 64-bit integer, `{name:str}` a text.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import ModuleType
from typing import Any, Generic, TypeVar, cast, overload
from uuid import UUID

import msgspec
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from api.body import BODY_DEADLINE_S, read_body, require_json
from api.limits import RateLimit
from api.problems import MethodNotAllowed
from api.reading import credentials, parse_body, parse_path, parse_query
from api.shapes import Input, encode_custom
from db.errors import Forbidden, Problem, Unauthorized
from rooms.principal import Principal, Role

S = TypeVar("S")  # the application's services
B = TypeVar("B", covariant=True)  # the body's struct, or None
Q = TypeVar("Q", covariant=True)  # the query's struct, or None
A = TypeVar("A")  # the answer's struct, or None for 204

Authenticate = Callable[[dict[str, Any]], Awaitable[Principal]]
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
    """One method of one address, as declared. `roles` None: public. `links`: a tracking link may too."""

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
) -> Callable[[Callable[[Request[S, B, Q]], Awaitable[A]]], Endpoint]: ...
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
) -> Callable[[Callable[[Request[S, B, Q]], Awaitable[Any]]], Endpoint]:
    """Declare the decorated coroutine function as an endpoint; see the module's example.

    `roles=None` makes it public, deliberately and visibly. `body_schema` is what OpenAPI shows (a type)
    when `body` is looser than that because its parts are judged one by one. `status` is 200, or 204
    without an answer. Raises TypeError for a struct that would ignore unknown fields.
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
        )

    return declare


def endpoints_of(module: ModuleType) -> list[Endpoint]:
    """The endpoints that a module declares, in the order of the file."""
    return [value for value in vars(module).values() if isinstance(value, Endpoint)]


def routes_for(
    endpoints: Iterable[Endpoint],
    *,
    services: object,
    authenticate: Authenticate,
    limit: RateLimit | None = None,
) -> list[Route]:
    """Starlette routes for the endpoints, one per address. Raises ValueError when two are the same."""
    by_path: dict[str, dict[str, Endpoint]] = {}
    for one in endpoints:
        methods = by_path.setdefault(one.plain_path, {})
        if one.method in methods:
            raise ValueError(f"{one.method} {one.path} is declared twice")
        methods[one.method] = one
    return [
        Route(path, _Address(path, methods, services, authenticate, limit), name=path)
        for path, methods in by_path.items()
    ]


class _Address:
    """The ASGI application of one address: picks the method, checks the request, calls the handler."""

    def __init__(
        self,
        path: str,
        methods: dict[str, Endpoint],
        services: object,
        authenticate: Authenticate,
        limit: RateLimit | None,
    ) -> None:
        self._path = path
        self._methods = methods
        self._services = services
        self._authenticate = authenticate
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["route_path"] = self._path  # for the metrics: an address, never an id
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        one = self._methods.get(method)
        if one is None:
            raise MethodNotAllowed(sorted(self._methods))
        headers = Headers(scope=scope)
        caller = None if one.roles is None else await self._admit(one, one.roles, headers)
        request: Request[Any, Any, Any] = Request(
            services=self._services,
            now=datetime.now(UTC),
            request_id=scope["request_id"],
            headers=headers,
            caller=caller,
            path=parse_path(one.parameters, scope["path_params"]),
            query=None if one.query is None else parse_query(one.query, scope["query_string"]),
            body=None if one.body is None else await self._body(one, headers, receive),
        )
        answer = await one.handler(request)
        content = b"" if answer is None else msgspec.json.encode(answer, enc_hook=encode_custom)
        await answer_json(content, one.status, headers_only=scope["method"] == "HEAD")(scope, receive, send)

    async def _admit(self, one: Endpoint, roles: frozenset[Role], headers: Headers) -> Principal:
        principal = await self._authenticate(credentials(headers))
        if principal.role not in roles or (principal.is_link and not one.links):
            raise Forbidden
        if self._limit is not None:
            self._limit.spend(principal.id)
        return principal

    async def _body(self, one: Endpoint, headers: Headers, receive: Receive) -> Any:
        content_type = headers.get("content-type")
        if content_type is not None:
            require_json(headers)
        data = await read_body(headers, receive, deadline_s=BODY_DEADLINE_S)
        if content_type is None and data:
            require_json(headers)
        return parse_body(one.body, data)


def answer_json(content: bytes, status: int, *, headers_only: bool = False) -> Response:
    """A JSON answer that no cache keeps."""
    headers = {"Cache-Control": "no-store"}
    if headers_only:
        headers["Content-Length"] = str(len(content))
        content = b""
    return Response(content, status_code=status, headers=headers, media_type="application/json")
