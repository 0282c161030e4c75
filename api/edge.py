"""The outermost layer: a number for every request, and a typed answer whatever happens inside.

    app = Edge(Router(routes, default=nothing_here), headers=SecurityHeaders(...), root_path="/tracking",
               observe=metrics.observe_request)

Starlette's own error middleware is not used: it answers in plain text and raises again, so that the same
failure is logged twice.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.body import ClientGoneError
from api.problems import Internal, problem_response
from api.security_headers import SecurityHeaders
from db.errors import NotFound, Problem

log = logging.getLogger("tracker.http")

Observe = Callable[[str, str, int, float], None]  # method, route, status, seconds


class Edge:
    """Wraps the whole HTTP application; a websocket at any of its addresses is refused.

    Sets `scope["request_id"]` (a UUID, also the answer's `X-Request-ID` and a problem's `instance`) and
    the sub-path: `root_path` is where the public address begins, whether or not the proxy strips it.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        headers: SecurityHeaders,
        root_path: str = "",
        observe: Observe | None = None,
    ) -> None:
        self._app = app
        self._headers = headers
        self._root_path = root_path.rstrip("/")
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":  # not the sockets' address, else it would not have come here
            await receive()
            await send({"type": "websocket.close"})
            return
        scope = self._below_root(scope)
        request_id = scope["request_id"] = str(uuid4())
        started = time.perf_counter()
        status = 499  # what proxies call a client that left before the answer

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = [
                    (b"x-request-id", request_id.encode()),
                    *self._headers.missing_from(message["headers"]),
                ]
                message = {**message, "headers": [*message["headers"], *own]}
            await send(message)

        try:
            await self._guarded(scope, receive, send_marked, answered=lambda: status != 499)
        finally:
            if self._observe is not None:
                seconds = time.perf_counter() - started
                self._observe(scope["method"], scope.get("route_path", "other"), status, seconds)

    async def _guarded(
        self, scope: Scope, receive: Receive, send: Send, *, answered: Callable[[], bool]
    ) -> None:
        request_id = scope["request_id"]
        try:
            await self._app(scope, receive, send)
        except ClientGoneError:
            return
        except Problem as problem:
            if problem.status >= 500:
                log.warning("%s %s: %s", request_id, scope.get("route_path"), problem.code)
            if not answered():
                await problem_response(problem, request_id)(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - the last line of defence
            log.error("%s %s failed: %s", request_id, scope.get("route_path"), describe(error))
            if not answered():
                await problem_response(Internal(), request_id)(scope, receive, send)

    def _below_root(self, scope: Scope) -> Scope:
        root, path = self._root_path, scope["path"]
        if not root:
            return {**scope}
        inside = path == root or path.startswith(root + "/")
        return {**scope, "root_path": root, "path": path if inside else root + path}


async def nothing_here(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """The router's default: an address that does not exist."""
    raise NotFound


def describe(error: BaseException) -> str:
    """Kind of an unexpected error and where it happened, without its message.

    Messages quote values (a phone number in PostgreSQL's DETAIL, a token in a parse error); the kind and
    the source lines do not.
    """
    lines = []
    current: BaseException | None = error
    while current is not None:
        frames = traceback.StackSummary.extract(traceback.walk_tb(current.__traceback__))
        lines.append(f"{type(current).__module__}.{type(current).__qualname__}")
        lines.extend(line.rstrip() for line in frames.format())
        current = current.__cause__ or current.__context__
    return "\n".join(lines)
