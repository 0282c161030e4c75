"""What happens to a request before its handler sees it, and to the handler's answer.

A request is checked in this order, and the first refusal is the answer: method (405), credentials (401),
role (403), rate (429), path (404), query (422), content type (415), body (413, 408, 422). A raw body's size
and time (413, 408) are asked last, when the handler reads it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from api.body import BODY_DEADLINE_S, read_body, require_json
from api.limits import RateLimit
from api.problems import MethodNotAllowed
from api.reading import credentials, parse_body, parse_path, parse_query
from api.routing import Endpoint, Request
from api.shapes import encode_custom
from db.errors import Forbidden
from rooms.principal import Principal, Role

Authenticate = Callable[[dict[str, Any]], Awaitable[Principal]]


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
            body=await self._body(one, headers, receive),
        )
        answer = await one.handler(request)
        if isinstance(answer, Response):
            await answer(scope, receive, send)
            return
        content = b"" if answer is None else msgspec.json.encode(answer, enc_hook=encode_custom)
        await answer_json(content, one.status, headers_only=scope["method"] == "HEAD")(scope, receive, send)

    async def _admit(self, one: Endpoint, roles: frozenset[Role], headers: Headers) -> Principal:
        principal = await self._authenticate(credentials(headers))
        if principal.role not in roles or (principal.is_link and not _opened_by(one, principal)):
            raise Forbidden
        if self._limit is not None:
            self._limit.spend(principal.id)
        return principal

    async def _body(self, one: Endpoint, headers: Headers, receive: Receive) -> Any:
        if one.raw is not None:
            return one.raw.opened(headers, receive)
        if one.body is None:
            return None
        content_type = headers.get("content-type")
        if content_type is not None:
            require_json(headers)
        data = await read_body(headers, receive, deadline_s=BODY_DEADLINE_S)
        if content_type is None and data:
            require_json(headers)
        return parse_body(one.body, data)


def _opened_by(one: Endpoint, link: Principal) -> bool:
    """Whether a tracking link of this kind may use the endpoint."""
    return one.shared if link.shared else one.links


def answer_json(content: bytes, status: int, *, headers_only: bool = False) -> Response:
    """A JSON answer that no cache keeps."""
    headers = {"Cache-Control": "no-store"}
    if headers_only:
        headers["Content-Length"] = str(len(content))
        content = b""
    return Response(content, status_code=status, headers=headers, media_type="application/json")
