"""Workers and web processes are killed while jobs are completed: every consequence takes place, once.

A short slice of `python -m bench.chaos consequences`, with the same people, the same kills and the same
reckoning. Here the clock is put forward instead of waiting until the leases of the killed run out.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Hashable
from pathlib import Path

from bench.chaos.consequences import kill_them
from bench.chaos.consequences_faults import Weather
from bench.chaos.consequences_reckoning import Reckoning, reckon
from bench.chaos.consequences_stage import at_work, put_clock_forward
from bench.chaos.consequences_tally import compare
from bench.chaos.consequences_traffic import working_day

KILLS, MOVERS = 5, 8


def test_five_kills_lose_no_effect_and_double_none(folder: Path, database_url: str, valkey_url: str) -> None:
    async def story() -> Reckoning:
        async with at_work(folder, database_url, valkey_url) as company:
            weather = Weather(company.outside, storms=False)
            async with working_day(company, MOVERS) as crowd:
                killed = await kill_them(company, weather, KILLS, patiently=False)
                assert killed.by_name.total() == KILLS
                await crowd.rest()
                weather.clear()
                await put_clock_forward(company)
                return await reckon(company, crowd, weather, since=time.monotonic())

    found = asyncio.run(story())
    assert {name: wrong for name, wrong in found.wrong.items() if wrong} == {}
    for name in ("steps that were answered", "holds of a job", "texts: job_won", "bell: who_comes"):
        assert found.tallies[name].demanded > 0, name


def test_the_count_tells_what_was_lost_from_what_was_doubled_and_from_a_copy() -> None:
    demanded: dict[Hashable, tuple[str, int]] = {
        "receipt": ("mails", 1),
        "review": ("mails", 1),
        "won": ("texts", 2),
    }
    found = [("receipt", 7), ("receipt", 7), ("won", 1), ("won", 2), ("won", 3), ("hello", 9)]
    tallies = compare(demanded, found, other="others")
    told = {name: (one.demanded, one.lost, one.doubled, one.copies) for name, one in tallies.items()}
    assert told == {
        "mails": (2, ["review: 0 of 1"], [], 1),
        "texts": (2, [], ["won: 3 instead of 2"], 0),
        "others": (0, [], ["hello: 1 instead of 0"], 0),
    }
