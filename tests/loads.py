"""Load for the outage stories: pros that never stop sending, and requests beside them, all remembered."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from db.seeding import SeedPerson
from tests.company import DOOR
from tests.errands import METRES_PER_DEGREE
from tests.running import Process, token
from tracker.socket_client import SocketClient, SocketLost

Ack = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answered:
    """One heartbeat and its ack: when it was sent and answered (monotonic seconds), and its device time."""

    sent: float
    answered: float
    recorded_at: int
    ack: Ack

    @property
    def ok(self) -> bool:
        return bool(self.ack["ok"])

    @property
    def took_s(self) -> float:
        return self.answered - self.sent


@dataclass
class Pro:
    """A phone that sends `per_s` heartbeats a second and reconnects, to each of `webs` in turn.

    It does not repeat what was not acked.
    """

    webs: Sequence[Process]
    person_id: str
    per_s: float = 10.0
    heartbeats: list[Answered] = field(default_factory=list)
    unanswered: int = 0
    events: list[str] = field(default_factory=list)
    connects: int = 0
    stopped: bool = False  # send no more, but still listen
    _metres: float = 3000.0

    async def drive(self) -> None:
        """Send until cancelled."""
        for attempts in itertools.count(sum(self.person_id.encode())):
            try:
                client = await SocketClient.connect(
                    self.webs[attempts % len(self.webs)].url,
                    {"token": token("pro", self.person_id)},
                    on_event=lambda name, _: self.events.append(name),
                    timeout_s=3,
                )
            except SocketLost:
                await asyncio.sleep(0.1)
                continue
            self.connects += 1
            try:
                await self._send_all(client)
            finally:
                client.cut()
                self.unanswered = 0  # what this connection owed it will never say

    async def _send_all(self, client: SocketClient) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while not client.closed.is_set():
            if self.stopped:
                await client.closed.wait()
                return
            self._metres -= 8.0 / self.per_s
            heartbeat = {
                "lat": round(DOOR[0] - self._metres / METRES_PER_DEGREE, 7),
                "lng": DOOR[1],
                "accuracy": 5.0,
                "speed": 8.0,
                "recorded_at": round(time.time() * 1000),
            }
            try:
                await client.emit("heartbeat", heartbeat, self._keeper(heartbeat["recorded_at"]))
            except SocketLost:
                return
            due += 1 / self.per_s
            await asyncio.sleep(max(0.0, due - loop.time()))

    def _keeper(self, recorded_at: int) -> Callable[[Ack], None]:
        sent = time.monotonic()
        self.unanswered += 1

        def keep(ack: Ack) -> None:
            self.unanswered -= 1
            self.heartbeats.append(Answered(sent, time.monotonic(), recorded_at, ack))

        return keep

    @property
    def acked(self) -> list[int]:
        """Device times of what the server said it keeps."""
        return [heartbeat.recorded_at for heartbeat in self.heartbeats if heartbeat.ok]

    @property
    def refused(self) -> list[Answered]:
        """What the server said it could not keep."""
        return [heartbeat for heartbeat in self.heartbeats if not heartbeat.ok]


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request: when it began (monotonic), how long it took, what came back (None: no answer)."""

    began: float
    took_s: float
    answer: httpx.Response | None


@dataclass
class Reader:
    """A dispatcher's page that reads the jobs ten times a second, one request after the other."""

    web: Process
    requests: list[Request] = field(default_factory=list)

    async def read(self) -> None:
        """Ask until cancelled."""
        headers = {"Authorization": f"Bearer {token('dispatcher', 'dee')}"}
        async with httpx.AsyncClient(base_url=self.web.url, headers=headers, timeout=10) as http:
            while True:
                began = time.monotonic()
                try:
                    answer = await http.get("/api/dispatch/jobs")
                except httpx.TransportError:
                    answer = None
                self.requests.append(Request(began, time.monotonic() - began, answer))
                await asyncio.sleep(0.1)


@asynccontextmanager
async def driving(*work: Pro | Reader) -> AsyncIterator[None]:
    """Keep them busy meanwhile; afterwards wait until every phone has heard about all it sent."""
    tasks = [asyncio.create_task(each.drive() if isinstance(each, Pro) else each.read()) for each in work]
    try:
        yield
        pros = [each for each in work if isinstance(each, Pro)]
        for pro in pros:
            pro.stopped = True
        await until(lambda: not any(pro.unanswered for pro in pros), "every heartbeat being answered")
    finally:
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    for outcome in outcomes:
        assert isinstance(outcome, asyncio.CancelledError), f"a load ended by itself: {outcome!r}"


def more_pros(count: int) -> list[SeedPerson]:
    """Pros `pro1`, `pro2`, … beside those of the company."""
    return [
        SeedPerson(f"pro{n}", "pro", f"Pro {n}", None, None, ["tv_mounting"]) for n in range(1, count + 1)
    ]


async def until(condition: Any, what: str, patience_s: float = 10.0) -> float:
    """Seconds until `condition()` is true; fails when it does not happen."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < patience_s, f"{what} did not happen within {patience_s:g} s"
        await asyncio.sleep(0.02)
    return time.monotonic() - started


async def readiness(web: Process) -> list[str]:
    """Why a node wants no traffic; nothing when it does."""
    async with httpx.AsyncClient() as http:
        answer = await http.get(f"{web.url}/readyz", timeout=5)
    assert answer.status_code in (200, 503)
    return list(answer.json().get("reasons", []))


async def is_ready(web: Process, reasons: list[str], within_s: float) -> None:
    """Returns once `/readyz` gives exactly these reasons against traffic."""
    deadline = time.monotonic() + within_s
    while (found := await readiness(web)) != reasons:
        assert time.monotonic() < deadline, f"/readyz still says {found} after {within_s:g} s"
        await asyncio.sleep(0.05)
