"""A stand-in for the server, for tests of its clients: the same wire, and it can be told to misbehave.

It is python-socketio, so that our own small client is tested against somebody else's server.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import socketio
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

TOKEN = "the-pro"


class StandIn:
    """Keeps what it was sent. `heartbeats` are in order of arrival, resent ones included."""

    def __init__(self) -> None:
        self.url = ""
        self.heartbeats: list[dict[str, Any]] = []
        self.batches: list[list[dict[str, Any]]] = []
        self.kept: dict[tuple[str, int], dict[str, Any]] = {}
        self.taps: list[tuple[str, str]] = []
        self.orders: dict[str, dict[str, Any]] = {}  # kept, by reference
        self.created: list[dict[str, Any]] = []  # those that were paid
        self.pictures: list[tuple[str, str]] = []
        self.jobs: dict[str, dict[str, Any]] = {}
        self.connections = 0
        self.busy = 0  # so many heartbeats are answered with a retryable error
        self.unavailable = 0  # so many batches are answered with 503
        self.swallow = 0  # so many heartbeats are kept, then the connection is cut before the ack
        self.refuse_jobs: set[str] = set()
        self.policy = {"interval_s": 1, "min_displacement_m": 0}
        self._sio = socketio.AsyncServer(async_mode="asgi", async_handlers=False, cors_allowed_origins=[])
        self._sio.on("connect", self._connect)
        self._sio.on("heartbeat", self._heartbeat)
        routes = [
            Route("/api/hauler/location", self._location, methods=["POST"]),
            Route("/api/hauler/feed", self._feed),
            Route("/api/dispatch/orders", self._order, methods=["POST"]),
            Route("/api/dispatch/jobs", self._listed),
            Route("/api/dispatch/sandbox/checkouts", self._checkout, methods=["POST"]),
            Route("/api/dispatch/sandbox/checkouts/{reference}/pay", self._pay, methods=["POST"]),
            Route("/api/jobs/{job_id}/evidence", self._picture, methods=["POST"]),
            Route("/api/jobs/{job_id}/evidence/signature", self._signed, methods=["POST"]),
            Route("/api/jobs/{job_id}", self._job),
            Route("/api/jobs/{job_id}/accept", self._accept, methods=["POST"]),
            Route("/api/jobs/{job_id}/status", self._status, methods=["POST"]),
        ]
        self.app = socketio.ASGIApp(self._sio, Starlette(routes=routes))

    async def tell(self, event: str, data: dict[str, Any]) -> None:
        """Send an event to everybody who is connected."""
        await self._sio.emit(event, data)

    async def _connect(self, _sid: str, _environ: dict[str, Any], auth: dict[str, Any] | None) -> None:
        if not auth or auth.get("token") != TOKEN:
            raise socketio.exceptions.ConnectionRefusedError("no", {"code": "bad_token", "retry": False})
        self.connections += 1

    async def _heartbeat(self, sid: str, data: dict[str, Any]) -> dict[str, Any] | None:
        self.heartbeats.append(data)
        if self.busy:
            self.busy -= 1
            return {"ok": False, "error": {"code": "busy", "message": "slow down", "retry": True}}
        answer = {"ok": True, **self._keep([data])}
        if self.swallow:
            self.swallow -= 1
            await self._sio.disconnect(sid)
            return None
        return answer

    def _keep(self, items: list[dict[str, Any]]) -> dict[str, Any]:
        accepted, duplicates, rejected = 0, 0, []
        for index, item in enumerate(items):
            key = (item["session"], item["seq"])
            if item.get("job_id") in self.refuse_jobs:
                rejected.append({"index": index, "reason": "not_your_job"})
            elif key in self.kept:
                duplicates += 1
            else:
                self.kept[key] = item
                accepted += 1
        return {"accepted": accepted, "duplicates": duplicates, "rejected": rejected, "policy": self.policy}

    async def _location(self, request: Request) -> JSONResponse:
        if self.unavailable:
            self.unavailable -= 1
            return JSONResponse({"code": "unavailable", "detail": "away"}, 503)
        positions = json.loads(await request.body())["positions"]
        self.batches.append(positions)
        return JSONResponse({"success": True, **self._keep(positions)})

    async def _feed(self, _request: Request) -> JSONResponse:
        offers = [
            {"id": key, "distance_miles": 2.0} for key, job in self.jobs.items() if job["status"] == "open"
        ]
        return JSONResponse({"jobs": offers})

    async def _order(self, request: Request) -> JSONResponse:
        order = json.loads(await request.body())
        self.orders[order["reference"]] = order
        return JSONResponse({"success": True, "reference": order["reference"]})

    async def _listed(self, _request: Request) -> JSONResponse:
        return JSONResponse({"jobs": []})

    async def _checkout(self, request: Request) -> JSONResponse:
        asked = json.loads(await request.body())
        return JSONResponse({"success": True, "id": asked["metadata"]["order_reference"]})

    async def _pay(self, request: Request) -> JSONResponse:
        order = self.orders[request.path_params["reference"]]
        self.created.append(order)
        job_id = f"made-{len(self.created)}"
        place = {"lat": order["lat"], "lng": order["lng"]}
        self.jobs[job_id] = {"id": job_id, "status": "open", **place, "pro": None}
        return JSONResponse({"success": True})

    async def _picture(self, request: Request) -> JSONResponse:
        assert (await request.body()).startswith(b"\xff\xd8\xff")  # a JPEG
        self.pictures.append((request.path_params["job_id"], request.query_params["kind"]))
        return JSONResponse({"success": True})

    async def _signed(self, request: Request) -> JSONResponse:
        assert json.loads(await request.body())["strokes"]
        self.pictures.append((request.path_params["job_id"], "signature"))
        return JSONResponse({"success": True})

    async def _job(self, request: Request) -> JSONResponse:
        return JSONResponse(self.jobs[request.path_params["job_id"]])

    async def _accept(self, request: Request) -> JSONResponse:
        job = self.jobs[request.path_params["job_id"]]
        if job["status"] != "open":
            return JSONResponse({"code": "job_taken", "detail": "Too slow! Job already taken."}, 409)
        job.update(status="accepted", pro={"id": "pro-1"})
        return JSONResponse({"success": True})

    async def _status(self, request: Request) -> JSONResponse:
        job_id, told = request.path_params["job_id"], json.loads(await request.body())
        self.taps.append((job_id, told["status"]))
        self.jobs[job_id]["status"] = told["status"]
        return JSONResponse({"success": True, "status": told["status"], "version": len(self.taps)})


@asynccontextmanager
async def stand_in() -> AsyncIterator[StandIn]:
    """A running stand-in on a free port."""
    served = StandIn()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        served.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(served.app, log_level="error", ws="websockets-sansio", lifespan="off")
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            while not server.started:  # noqa: ASYNC110  (uvicorn has no event for it)
                await asyncio.sleep(0.01)
            yield served
        finally:
            server.should_exit = True
            server.force_exit = True
            await running


def run_with_stand_in(work: Callable[[StandIn], Awaitable[None]], timeout_s: float = 30) -> None:
    """Run an async test against a fresh stand-in."""

    async def whole() -> None:
        async with asyncio.timeout(timeout_s), stand_in() as served:
            await work(served)

    asyncio.run(whole())


async def eventually(condition: Callable[[], bool], timeout_s: float = 10) -> None:
    """Wait until something is so. Raises TimeoutError."""
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110  (any condition)
            await asyncio.sleep(0.01)
