"""Fifty pros want each of many jobs at the same moment, on both nodes, while the nodes are being killed."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import httpx

from bench.chaos.stage import Stage, running
from bench.harness import Report, percentile
from db.pool import Database
from db.seeding import SeedPerson
from tests.company import add_job
from tests.running import token

JOBS, JOBS_IN_FULL = 100, 2000
CLAIMERS = 50
KILL_EVERY_JOBS = 20
WARM_UP_JOBS = 3
SURE_JOBS = 20  # for the speed: nobody is killed during these


Clients: TypeAlias = dict[str, list[httpx.AsyncClient]]
"""Each pro's connections to the nodes, kept open between races."""


@dataclass
class Race:
    """What the claimers of all jobs were told: job → pros who were told that it is theirs."""

    winners: dict[str, list[str]] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    took_ms: list[float] = field(default_factory=list)


async def run(full: bool) -> Report:
    """The part `claims`."""
    report = Report("claims", "Claims, with kills")
    jobs = JOBS_IN_FULL if full else JOBS
    people = [SeedPerson(f"pro{n}", "pro", f"Pro {n}", None, None, ["tv_mounting"]) for n in range(CLAIMERS)]
    async with running(people, {}) as (stage, _), AsyncExitStack() as stack:
        clients = {
            person.id: [await stack.enter_async_context(_client(web.url, person.id)) for web in stage.webs]
            for person in people
        }
        race, calm = Race(), Race()
        for job_id in await _open(stage, WARM_UP_JOBS):
            await _claim_by_all(clients, job_id, Race())
        for job_id in await _open(stage, SURE_JOBS):
            await _claim_by_all(clients, job_id, calm)
        killer: asyncio.Future[None] | None = None
        for number, job_id in enumerate(await _open(stage, jobs)):
            if number % KILL_EVERY_JOBS == 0:
                if killer:
                    await killer
                killer = asyncio.ensure_future(_kill_one(stage, random.uniform(0, 0.1)))
            await _claim_by_all(clients, job_id, race)
        if killer:
            await killer
        owners: dict[Any, Any] = dict(
            await stage.fetch("SELECT id::text, pro_id FROM jobs WHERE status = 'accepted'")
        )
        events: dict[Any, Any] = dict(
            await stage.fetch(
                "SELECT job_id::text, count(*) FROM job_events WHERE to_status = 'accepted' GROUP BY 1"
            )
        )
    all_winners = {**race.winners, **calm.winners}
    wrong = sum(told != [owners.get(job_id)] for job_id, told in all_winners.items())
    told = ", ".join(f"{count} × {name}" for name, count in sorted(race.answers.items()))
    report.say(
        f"{jobs} jobs, {CLAIMERS} claimers each, over HTTP on two nodes, one of which is killed and started"
        f" again every {KILL_EVERY_JOBS} jobs; a claimer who gets no answer asks again, on either node."
        f" Answers: {told}. Before that, {SURE_JOBS} jobs in peace:"
        f" p50 {percentile(calm.took_ms, 50):.0f} ms, p99 {percentile(calm.took_ms, 99):.0f} ms"
        " from the first request of a race to each answer, the"
        " claimers' own processor time included (they are one Python process on the same machine)."
    )
    report.say()
    report.target("jobs without exactly one winner, who has it", [wrong], most=0)
    report.target("jobs raced for", [len(all_winners)], least=jobs + SURE_JOBS)
    report.target("jobs accepted more than once", [sum(count != 1 for count in events.values())], most=0)
    strange = sum(n for name, n in race.answers.items() if name not in ("200", "409", "503", "no answer"))
    report.target("other answers than 200, 409, 503", [strange], most=0)
    return report


def _client(url: str, pro: str) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {token('pro', pro)}"}
    return httpx.AsyncClient(base_url=url, headers=headers, timeout=10)


async def _open(stage: Stage, count: int) -> list[str]:
    database = await Database.connect(stage.postgres.url, size=4)
    try:
        return [str(await add_job(database, "open")) for _ in range(count)]
    finally:
        await database.close()


async def _claim_by_all(clients: Clients, job_id: str, race: Race) -> None:
    """One race; returns when everybody knows."""
    race.winners[job_id] = []
    started = time.monotonic()

    async def claim(pro: str) -> None:
        while True:
            try:
                answer = await random.choice(clients[pro]).post(f"/api/jobs/{job_id}/accept")
                name = str(answer.status_code)
            except httpx.TransportError:
                name = "no answer"
            race.answers[name] += 1
            if name == "200":
                race.winners[job_id].append(pro)
            if name not in ("503", "no answer"):
                race.took_ms.append((time.monotonic() - started) * 1e3)
                return
            await asyncio.sleep(random.uniform(0.05, 0.2))

    await asyncio.gather(*(claim(pro) for pro in clients))


async def _kill_one(stage: Stage, after_s: float) -> None:
    await asyncio.sleep(after_s)
    victim = random.choice(stage.webs)
    await stage.do(victim.kill)
    await stage.do(victim.start)
