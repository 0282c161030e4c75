"""Random roles, jobs and steps: nobody is ever handed a position without the right to it."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from bench.chaos.rights_model import World, may_see
from bench.chaos.stage import Stage, running
from bench.chaos.traffic import seconds_until
from bench.harness import Report
from db.pool import Database
from rooms.membership import JobFacts
from tests.company import add_job
from tests.errands import connect, fix
from tests.listening import Listener, listening
from tests.running import token

STEPS, STEPS_IN_FULL = 100_000, 1_000_000
LIVE_STEPS, LIVE_STEPS_IN_FULL = 30, 300
WORLDS = 10
SETTLED_S = 1.0  # what the project promises
HEARD_PATIENCE_S = 3.0
STATUSES = ("open", "scheduled", "en_route", "arrived", "in_progress", "completed", "cancelled", "accepted")
WEIGHTS = (1, 1, 4, 4, 3, 1, 1, 2)
ENDED = ("completed", "cancelled")
PEOPLE = (
    ("pro", "pat"),
    ("pro", "quinn"),
    ("customer", "cleo"),
    ("customer", "zoe"),
    ("dispatcher", "dee"),
    ("admin", "root"),
)


@dataclass
class Seat:
    """A socket on the real server, and who sits at it."""

    role: str
    person: str
    listener: Listener
    link_job: UUID | None = None


async def run(full: bool) -> Report:
    """The part `rights`."""
    report = Report("rights", "Positions seen without the right")
    steps = STEPS_IN_FULL if full else STEPS
    counts: Counter[str] = Counter()
    for _ in range(WORLDS):
        world = World()
        await world.walk(steps // WORLDS)
        counts += world.counts
    report.say(
        f"{steps} random steps over the rooms of two nodes whose news of each other are late or lost, with an"
        f" oracle beside them: {counts['rightly']} positions were handed to sockets with the right to them."
    )
    report.say()
    report.target("positions handed to sockets without the right", [counts["wrongly"]], most=0)
    report.target("positions handed to sockets that do not follow", [counts["to strangers"]], most=0)
    report.target("positions withheld from sockets with the right", [counts["withheld"]], most=0)
    live_steps = LIVE_STEPS_IN_FULL if full else LIVE_STEPS
    async with running([], {}) as (stage, _):
        live = await _live(stage, live_steps)
    report.say()
    report.say(
        f"{live_steps} random steps on two real nodes with {2 * len(PEOPLE)} sockets and two links: one"
        f" second after each, everybody tries to follow, and the pro sends a heartbeat. {live['rightly']}"
        f" positions were seen rightly, {live['refused']} attempts to follow refused."
    )
    report.say()
    report.target("positions seen without the right", [live["wrongly"]], most=0)
    report.target("positions in a snapshot without the right", [live["in a snapshot"]], most=0)
    report.target("attempts to follow decided wrongly", [live["misjudged"]], most=0)
    report.target("positions not seen in spite of the right", [live["withheld"]], most=0)
    return report


async def _live(stage: Stage, steps: int) -> Counter[str]:
    counts: Counter[str] = Counter()
    seats = [
        Seat(role, person, await connect(web, role, person)) for role, person in PEOPLE for web in stage.webs
    ]
    links: list[Seat] = []
    job = await _new_job(stage)
    for number in range(steps):
        if job.status in ENDED:
            job = await _new_job(stage)
        if not links or links[0].link_job != job.job_id or number % 10 == 0:
            for seat in links:
                await seat.listener.client.close()
            links = await _link_seats(stage, job.job_id)
        await _random_step(stage, job.job_id)
        await asyncio.sleep(SETTLED_S)
        job = await _facts(stage, job.job_id)
        await _look(job, [*seats, *links], counts)
    for seat in (*seats, *links):
        await seat.listener.client.close()
    return counts


async def _look(job: JobFacts, seats: list[Seat], counts: Counter[str]) -> None:
    """Everybody tries to follow the job, its pro sends a position, and we see who saw it."""
    allowed = {id(seat): may_see(seat.role, seat.person, seat.link_job, job) for seat in seats}
    followers = []
    for seat in seats:
        seat.listener.heard.clear()
        ack = await seat.listener.call("watch", {"job_id": str(job.job_id)})
        counts["misjudged"] += ack["ok"] != _may_follow(seat, job)
        counts["refused"] += not ack["ok"]
        if ack["ok"]:
            followers.append(seat)
            position = ack["snapshot"]["position"] or ack["snapshot"]["trail"] or ack["snapshot"]["contact"]
            counts["in a snapshot"] += bool(position) and not allowed[id(seat)]
    sender = random.choice([seat for seat in seats if seat.person == (job.pro_id or "pat")])
    heartbeat = {**fix(random.uniform(500, 505)), "job_id": str(job.job_id)}
    ack = await sender.listener.call("heartbeat", heartbeat)
    if ack["ok"]:
        wanted = [seat for seat in followers if allowed[id(seat)]]
        await seconds_until(lambda: all(_saw(seat, heartbeat) for seat in wanted), HEARD_PATIENCE_S)
        counts["withheld"] += sum(not _saw(seat, heartbeat) for seat in wanted)
    await asyncio.sleep(0.1)
    for seat in seats:
        saw = bool(seat.listener.all("location_update"))
        counts["rightly" if allowed[id(seat)] else "wrongly"] += saw


def _saw(seat: Seat, heartbeat: dict[str, object]) -> bool:
    return any(dot["seq"] == heartbeat["recorded_at"] for dot in seat.listener.all("location_update"))


def _may_follow(seat: Seat, job: JobFacts) -> bool:
    """The job's page is also for who may not see the pro just now. Design §6."""
    if seat.link_job is not None:
        return seat.link_job == job.job_id
    parties = {"customer": job.customer_id, "pro": job.pro_id}
    return seat.role in ("dispatcher", "admin") or seat.person == parties[seat.role]


async def _random_step(stage: Stage, job_id: UUID) -> None:
    """A step, a reassignment or a refusal, through a random node, by a dispatcher."""
    web = random.choice(stage.webs)
    pro = random.choice(("pat", "quinn"))
    if random.random() < 0.25:
        path, body = f"/api/dispatch/jobs/{job_id}/assign", {"pro_id": pro}
    else:
        path = f"/api/jobs/{job_id}/status"
        body = {"status": random.choices(STATUSES, WEIGHTS)[0], "override_reason": "chaos"}

    def post() -> None:
        with web.http(token("dispatcher", "dee")) as http:
            answer = http.post(path, json=body)
            assert answer.status_code in (200, 409, 422), answer.text

    await stage.do(post)


async def _link_seats(stage: Stage, job_id: UUID) -> list[Seat]:
    def make() -> str:
        with stage.a.http(token("dispatcher", "dee")) as http:
            return str(http.post(f"/api/jobs/{job_id}/tracking-link").raise_for_status().json()["link"])

    link = await stage.do(make)
    return [Seat("customer", "", await listening(web.url, link=link), job_id) for web in stage.webs]


async def _new_job(stage: Stage) -> JobFacts:
    database = await Database.connect(stage.postgres.url, size=1)
    try:
        job_id = await add_job(database, random.choice(("open", "accepted", "en_route")))
    finally:
        await database.close()
    return await _facts(stage, job_id)


async def _facts(stage: Stage, job_id: UUID) -> JobFacts:
    rows = await stage.fetch(
        "SELECT id, version, status, customer_id, pro_id FROM jobs WHERE id = $1", job_id
    )
    return JobFacts(*rows[0])
