"""For whoever runs this: is the process alive, should it get traffic, what does it count, what can it do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Scope

from api.problems import NotReady
from api.public_route import get_route
from api.serving import answer_json
from tracker.metrics import CONTENT_TYPE

DEAF = "deaf"  # rooms.bus.BusState.DEAF


class Readiness:
    """Whether this process should get traffic. One that is told to stop no longer accepts any."""

    def __init__(
        self, *, database_answers: Callable[[], Awaitable[bool]], bus_state: Callable[[], str]
    ) -> None:
        self._database_answers = database_answers
        self._bus_state = bus_state

    async def reasons(self) -> list[str]:
        """Why not; nothing when it should: `no_database`, `bus_deaf`."""
        found = []
        if not await self._database_answers():
            found.append("no_database")
        if self._bus_state() == DEAF:
            found.append("bus_deaf")
        return found


def ops_routes(
    *, readiness: Readiness, scrape: Callable[[], bytes], openapi: dict[str, object]
) -> list[Route]:
    """`/healthz`, `/readyz`, `/metrics` (what `scrape` gives) and `/openapi.json`."""
    document = msgspec.json.encode(openapi)

    async def healthz(_: Scope) -> Response:
        return answer_json(b'{"status":"ok"}', 200)

    async def readyz(_: Scope) -> Response:
        if reasons := await readiness.reasons():
            raise NotReady(reasons=reasons)
        return answer_json(b'{"status":"ready"}', 200)

    async def metrics(_: Scope) -> Response:
        return Response(scrape(), headers={"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"})

    async def openapi_json(_: Scope) -> Response:
        return answer_json(document, 200)

    return [
        get_route("/healthz", healthz),
        get_route("/readyz", readyz),
        get_route("/metrics", metrics),
        get_route("/openapi.json", openapi_json),
    ]
