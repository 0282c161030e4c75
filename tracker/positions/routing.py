"""Asking a routing service how long the way takes: OSRM or Valhalla over HTTP.

It never delays a heartbeat: `route_of` gives what is known and asks in the background; the answer serves the
heartbeats that come after it. A service that is slow, wrong or away only means that the ETA is an estimate.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import OrderedDict
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

import httpx

from tracker.positions.eta import Route, RouteError, read_osrm, read_valhalla
from tracker.positions.geo import geodesic_m

log = logging.getLogger(__name__)
logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs every URL, and these say where people are

TIMEOUT_S = 1.0
ASK_AGAIN_MS = 15_000  # per job: the rest of a route shrinks well enough by itself meanwhile
USABLE_MS = 120_000  # an older answer does not know where the pro has driven since
PAUSE_AFTER_FAILURE_MS = 10_000  # for all jobs: a service that is down is not asked by each of them
MOST_AT_ONCE = 8
MOST_JOBS = 10_000
MOST_BYTES = 256 * 1024


class RoutingKind(StrEnum):
    """Whose HTTP interface the service speaks."""

    OSRM = "osrm"  # project-osrm.org: GET /route/v1/driving/{lng},{lat};{lng},{lat}
    VALHALLA = "valhalla"  # valhalla.github.io: POST /route


class _Known(NamedTuple):
    asked_ms: int
    route: Route | None


class Routing:
    """A client of one routing service. `url` is its base, such as `http://osrm:5000`."""

    def __init__(self, url: str, kind: RoutingKind) -> None:
        self._url = url.rstrip("/")
        self._kind = kind
        self._client = httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False)
        self._known: OrderedDict[UUID, _Known] = OrderedDict()
        self._asking: set[asyncio.Task[None]] = set()
        self._paused_until_ms = 0

    def route_of(
        self, job_id: UUID, start: tuple[float, float], door: tuple[float, float], now_ms: int
    ) -> Route | None:
        """The newest usable route of a job, from where the pro was then; asks for a newer one when due.

        `start` and `door` are (lat, lng) in degrees.
        """
        known = self._known.get(job_id)
        if (
            (known is None or now_ms - known.asked_ms >= ASK_AGAIN_MS)
            and now_ms >= self._paused_until_ms
            and len(self._asking) < MOST_AT_ONCE
        ):
            self._remember(job_id, _Known(now_ms, known.route if known else None))
            task = asyncio.get_running_loop().create_task(self._ask(job_id, start, door, now_ms))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)
        route = known.route if known else None
        return route if route and now_ms - route.asked_ms <= USABLE_MS else None

    def forget(self, job_id: UUID) -> None:
        """The job is not on its way any more."""
        self._known.pop(job_id, None)

    async def aclose(self) -> None:
        """Stop asking."""
        for task in self._asking:
            task.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)
        await self._client.aclose()

    async def _ask(
        self, job_id: UUID, start: tuple[float, float], door: tuple[float, float], now_ms: int
    ) -> None:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                seconds, distance_m = await self._request(start, door)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, RouteError) as error:
            log.info("the routing service gave no route: %s", type(error).__name__)
            if not isinstance(error, RouteError):
                self._paused_until_ms = now_ms + PAUSE_AFTER_FAILURE_MS
            return
        if job_id in self._known:
            self._remember(
                job_id, _Known(now_ms, Route(seconds, distance_m, geodesic_m(*start, *door), now_ms))
            )

    async def _request(self, start: tuple[float, float], door: tuple[float, float]) -> tuple[float, float]:
        """(seconds, metres) of the way. Raises httpx.HTTPError, RouteError."""
        match self._kind:
            case RoutingKind.OSRM:
                way = ";".join(f"{lng:.6f},{lat:.6f}" for lat, lng in (start, door))
                return read_osrm(await self._get("GET", f"/route/v1/driving/{way}?overview=false"))
            case RoutingKind.VALHALLA:
                ask = {
                    "locations": [{"lat": lat, "lon": lng} for lat, lng in (start, door)],
                    "costing": "auto",
                    "units": "kilometers",
                    "directions_type": "none",
                }
                return read_valhalla(await self._get("POST", "/route", json.dumps(ask).encode()))

    async def _get(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """The body of the answer, whatever its status: a refusal is not readable as a route."""
        headers = {"Content-Type": "application/json"} if body else {}
        async with self._client.stream(method, self._url + path, content=body, headers=headers) as answer:
            received = b""
            async for chunk in answer.aiter_bytes():
                received += chunk
                if len(received) > MOST_BYTES:
                    raise RouteError("the answer is too long")
        if answer.status_code >= 500:
            raise httpx.HTTPStatusError("server error", request=answer.request, response=answer)
        return received

    def _remember(self, job_id: UUID, known: _Known) -> None:
        self._known[job_id] = known
        self._known.move_to_end(job_id)
        while len(self._known) > MOST_JOBS:
            self._known.popitem(last=False)


def routing_from(url: str | None, kind: str) -> Routing | None:
    """The configured routing service, if there is one."""
    return Routing(url, RoutingKind(kind)) if url else None
