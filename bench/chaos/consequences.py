"""Kill -9 of workers and web processes while jobs are completed: what must happen once happens once."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bench.chaos.consequences_crowd import Crowd
from bench.chaos.consequences_faults import Weather
from bench.chaos.consequences_reckoning import Reckoning, reckon
from bench.chaos.consequences_stage import Company, at_work
from bench.chaos.consequences_traffic import working_day
from bench.harness import Report
from db.migrate import migrate
from tests.postgres import PrivatePostgres, make_postgres, open_folder
from tests.servers import start_valkey

KILLS, KILLS_IN_FULL = 20, 100  # half of them while the providers fail as well
PAUSE_S = (0.3, 1.5)
FIRST_AFTER_S = 1.5  # the first jobs are on their way
MOVERS = 24


@dataclass
class Killed:
    """How often each process was killed, and when the last one was, on the monotonic clock."""

    by_name: Counter[str] = field(default_factory=Counter)
    last_at: float = 0.0


async def run(full: bool) -> Report:
    """The part `consequences`."""
    report = Report("consequences", "Kill -9 of a worker or a web process while jobs are completed")
    kills = (KILLS_IN_FULL if full else KILLS) // 2
    for storms in (False, True):
        async with _private_company() as company:
            weather = Weather(company.outside, storms=storms)
            async with working_day(company, MOVERS) as crowd:
                killed = await kill_them(company, weather, kills)
                await crowd.rest()
                found = await reckon(company, crowd, weather, since=killed.last_at)
        _tell(report, crowd, weather, killed, found)
    return report


async def kill_them(company: Company, weather: Weather, kills: int, *, patiently: bool = True) -> Killed:
    """Kill one process after the other, each started again at once.

    `patiently`: the next one is killed when the last one works again, so that much gets done meanwhile.
    """
    killed = Killed()
    weather.change()
    await asyncio.sleep(FIRST_AFTER_S)
    for _ in range(kills):
        killed.by_name[await company.kill_one()] += 1
        killed.last_at = time.monotonic()
        weather.change()
        if patiently:
            await company.until_all_are_up()
        await asyncio.sleep(random.uniform(*PAUSE_S))
    return killed


@asynccontextmanager
async def _private_company() -> AsyncIterator[Company]:
    with open_folder() as folder, ThreadPoolExecutor(1) as hand:
        loop = asyncio.get_running_loop()
        postgres = PrivatePostgres(make_postgres(folder))
        try:
            await loop.run_in_executor(hand, postgres.start)
            await migrate(postgres.url)
            with start_valkey() as valkey:
                async with at_work(folder, postgres.url, valkey.url) as company:
                    yield company
        finally:
            await loop.run_in_executor(hand, postgres.stop)


def _tell(report: Report, crowd: Crowd, weather: Weather, killed: Killed, found: Reckoning) -> None:
    report.say(f"\n### {'While the providers fail as well' if weather.storms else 'Providers that answer'}\n")
    ends = Counter(life.steps[-1] for life in crowd.lives)
    failures = weather.met()
    failed = f"; {failures.total()} of these failed ({_listed(failures)})" if weather.storms else ""
    report.say(
        f"{killed.by_name.total()} kills ({_listed(killed.by_name)}), each followed by a restart, under"
        f" {MOVERS} people who took {len(crowd.lives)} jobs on their way: {ends['completed']} were completed,"
        f" {ends['cancelled']} cancelled. Their requests were repeated {crowd.repeats} times."
        f" {crowd.links_opened} tracking links were opened. {found.effects} effects were carried out,"
        f" {found.begun_again} of them begun more than once. The providers were called"
        f" {found.calls.total()} times ({_listed(found.calls)}){failed}. The last effect was done"
        f" {found.emptied_s:.0f} s after the last kill."
    )
    if found.unknown_mails or found.given_up:
        report.say(
            "\nMail services cannot be asked what they sent. Of mails whose call had no answer,"
            f" {found.unknown_mails} waited for their one resend (the clock was put forward ten minutes for"
            f" them). After two calls without an answer, {found.given_up} were given to a person by an alert,"
            " as is meant to be."
        )
    report.say(
        "\nA copy known for one is a second mail with the Message-ID of the first, or a push that replaces"
        " the first on the screen: what is sent when nobody can know whether the first one was."
    )
    rows = [
        [name, f"{one.demanded}", f"{len(one.lost)}", f"{len(one.doubled)}", f"{one.copies}"]
        for name, one in sorted(found.tallies.items())
    ]
    report.rows(["what", "demanded", "lost", "doubled", "copies known for one"], rows)
    for name, wrong in found.wrong.items():
        report.target(name, [len(wrong)], most=0)
        for line in wrong[:5]:
            print(f"    {line[:3000]}")  # for whoever has to find out


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
