"""An address outside the API that anybody may GET: a page, a file, a health check."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from api.problems import MethodNotAllowed

Answer = Callable[[Scope], Awaitable[Response]]


def get_route(path: str, answer: Answer, *, metric: str | None = None) -> Route:
    """GET and HEAD at `path`; `metric` names it in the metrics where the path itself holds a pattern."""
    return Route(path, _Get(metric or path, answer), name=path)


class _Get:
    """The ASGI application around `answer`."""

    def __init__(self, metric: str, answer: Answer) -> None:
        self._metric = metric
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["route_path"] = self._metric
        if scope["method"] not in ("GET", "HEAD"):
            raise MethodNotAllowed(["GET"])
        response = await self._answer(scope)
        await response(scope, receive, send)
