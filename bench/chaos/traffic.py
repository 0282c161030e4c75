"""Who uses the application while it is being broken, and what they were told.

Phones (`tests.loads.Pro`) stream heartbeats and remember which were acked. Movers take their job through
its life in a circle, repeating each step until it is answered, as an app does. Watchers follow the movers'
jobs, come back with `since` when they are cut, and look for holes and for things told twice.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from bench.chaos.stage import Stage
from db.seeding import SeedPerson
from tests.listening import Listener, Payload
from tests.loads import Pro
from tests.running import Process, token
from tracker.socket_client import SocketLost

PROS = 30
PER_S = 10.0
MOVERS = 4
STEP_EVERY_S = 0.25
CIRCLE = ("en_route", "accepted")  # sets out, turns back, sets out …
LAST_ANSWERS_S = 15.0


@dataclass
class Mover:
    """Takes one job round and round. `steps` are the versions that were answered."""

    webs: Sequence[Process]
    person_id: str
    job_id: str
    steps: list[int] = field(default_factory=list)
    repeats: int = 0
    wrong: list[str] = field(default_factory=list)
    stopped: bool = False

    async def move(self) -> None:
        """Step until stopped."""
        headers = {"Authorization": f"Bearer {token('pro', self.person_id)}"}
        async with httpx.AsyncClient(headers=headers, timeout=5) as http:
            while not self.stopped:
                await self._take(http, CIRCLE[len(self.steps) % len(CIRCLE)])
                await asyncio.sleep(STEP_EVERY_S)

    async def _take(self, http: httpx.AsyncClient, status: str) -> None:
        while True:
            url = f"{random.choice(self.webs).url}/api/jobs/{self.job_id}/status"
            try:
                answer = await http.post(url, json={"status": status})
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code == 200:
                self.steps.append(answer.json()["version"])
                return
            if answer is not None and answer.status_code != 503:
                self.wrong.append(answer.text)
            self.repeats += 1
            await asyncio.sleep(0.1)

    @property
    def double_steps(self) -> int:
        """Steps that were carried out more than once: versions must follow one upon the other."""
        pairs = zip(self.steps, self.steps[1:], strict=False)
        return sum(later - earlier - 1 for earlier, later in pairs)


@dataclass
class Watcher:
    """A customer's page that follows one job for ever. `version` is the last it knows of."""

    webs: Sequence[Process]
    job_id: str
    version: int = 0
    seq: int = 0
    returns: int = 0
    recovered: int = 0
    holes: int = 0
    twice: int = 0
    steps: int = 0

    async def watch(self) -> None:
        """Follow until cancelled."""
        while True:
            listener = Listener()
            try:
                await listener.connect(random.choice(self.webs).url, token=token("customer", "cleo"))
            except SocketLost:
                await asyncio.sleep(0.1)
                continue
            try:
                await self._follow(listener)
            except SocketLost:
                pass  # cut again before the snapshot came
            finally:
                listener.client.cut()

    async def _follow(self, listener: Listener) -> None:
        since = {"since": {"version": self.version, "seq": self.seq}} if self.version else {}
        ack = await listener.call("watch", {"job_id": self.job_id, **since})
        if not ack["ok"]:
            await asyncio.sleep(0.1)  # the database is away
            return
        self.returns += 1
        self.recovered += ack["recovered"]
        missed = [entry["data"] for entry in ack.get("missed", ()) if entry["event"] == "status_changed"]
        before = self.version if ack["recovered"] else ack["snapshot"]["version"]
        try:
            await listener.client.closed.wait()
        finally:
            self._count(listener, before, [change["version"] for change in missed])

    def _count(self, listener: Listener, before: int, missed: list[int]) -> None:
        live = [change["version"] for change in listener.all("status_changed")]
        self.steps += len(live)
        self.twice += len(live) - len(set(live))
        known = {before, *missed, *(version for version in live if version > before)}
        self.version = max(known)
        self.holes += self.version - before + 1 - len(known)
        dots: list[Payload] = listener.all("location_update")
        self.seq = max([self.seq, *(dot["seq"] for dot in dots)])


@dataclass
class Traffic:
    """All of them."""

    pros: list[Pro]
    movers: list[Mover]
    watchers: list[Watcher]

    @property
    def acked(self) -> int:
        """Heartbeats that the server said it keeps."""
        return sum(len(pro.acked) for pro in self.pros)

    async def lost(self, stage: Stage) -> int:
        """How many of these are not in the database."""
        rows = await stage.fetch(
            "SELECT s.pro_id, (extract(epoch FROM p.recorded_at) * 1000)::bigint"
            " FROM positions p JOIN tracking_sessions s USING (session_no)"
        )
        kept = set(rows)
        return sum((pro.person_id, recorded_at) not in kept for pro in self.pros for recorded_at in pro.acked)


def people() -> list[SeedPerson]:
    """The pros that drive and those that move."""
    names = [f"pro{number}" for number in range(PROS)] + [f"mover{number}" for number in range(MOVERS)]
    return [SeedPerson(name, "pro", name.title(), None, None, ["tv_mounting"]) for name in names]


def jobs() -> dict[str, str]:
    """The status that each pro's job has at the beginning."""
    return {person.id: "en_route" if person.id.startswith("pro") else "accepted" for person in people()}


@asynccontextmanager
async def flowing(stage: Stage, job_ids: dict[str, str]) -> AsyncIterator[Traffic]:
    """Traffic meanwhile; at the end everybody hears the answer to what they sent last."""
    movers = [Mover(stage.webs, pro, job) for pro, job in job_ids.items() if pro.startswith("mover")]
    traffic = Traffic(
        pros=[Pro(stage.webs, pro, PER_S) for pro in job_ids if pro.startswith("pro")],
        movers=movers,
        watchers=[Watcher(stage.webs, mover.job_id) for mover in movers for _ in range(2)],
    )
    moving = [asyncio.create_task(mover.move()) for mover in traffic.movers]
    others = [asyncio.create_task(pro.drive()) for pro in traffic.pros]
    others += [asyncio.create_task(watcher.watch()) for watcher in traffic.watchers]
    try:
        yield traffic
        for pro in traffic.pros:
            pro.stopped = True
        for mover in traffic.movers:
            mover.stopped = True
        await asyncio.wait_for(asyncio.gather(*moving), LAST_ANSWERS_S)
        await seconds_until(lambda: not any(pro.unanswered for pro in traffic.pros), LAST_ANSWERS_S)
        await asyncio.sleep(1)  # the last steps being told
    finally:
        for task in (*moving, *others):
            task.cancel()
        outcomes = await asyncio.gather(*moving, *others, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome


async def seconds_until(condition: Callable[[], bool], patience_s: float) -> float:
    """How long it took until `condition()` was true; `patience_s` or a little more when it never was."""
    began = time.monotonic()
    deadline = began + patience_s
    while not condition() and time.monotonic() < deadline:  # noqa: ASYNC110 - nobody would set an event
        await asyncio.sleep(0.01)
    return time.monotonic() - began
