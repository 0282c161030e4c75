"""PostgreSQL is killed, or frozen, under load: nothing acked is lost, refusals are quick and say "retry"."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from db.pool import Database
from tests.company import found_company, with_database
from tests.errands import job, move, times_kept
from tests.loads import Pro, Reader, driving, is_ready, more_pros, readiness, until
from tests.patience import BUSY_S
from tests.postgres import PrivatePostgres
from tests.running import Process, serving, token

PROS = 3
REFUSED_WITHIN_S = 2 + BUSY_S
BACK_WITHIN_S = 1 + 2 * BUSY_S  # the crash recovery too
AWAY_S = 2.0


@dataclass(frozen=True, slots=True)
class Stage:
    """One process on a PostgreSQL that the test may mistreat, and a job for each pro."""

    web: Process
    postgres: PrivatePostgres
    jobs: dict[str, str]
    hand: Executor  # a server ends with the thread that started it, so that one outlives the story


@pytest.fixture
def stage(folder: Path, postgres_server: PrivatePostgres) -> Iterator[Stage]:
    """All of it, running."""

    async def found(database: Database) -> None:
        await found_company(database, more_pros(PROS))

    with_database(postgres_server.url, found)
    with serving(folder, postgres_server.url) as web, ThreadPoolExecutor(1) as hand:
        pros = [f"pro{number}" for number in range(1, PROS + 1)]
        yield Stage(web, postgres_server, {pro: job(web, "en_route", pro=pro) for pro in pros}, hand)
        postgres_server.thaw()


def test_postgres_killed_under_load_costs_no_acked_heartbeat(stage: Stage) -> None:
    away(stage, begin=stage.postgres.kill, end=stage.postgres.start)


def test_postgres_frozen_under_load_costs_no_acked_heartbeat(stage: Stage) -> None:
    away(stage, begin=stage.postgres.freeze, end=stage.postgres.thaw)


def test_a_status_change_refused_without_a_database_succeeds_when_it_is_repeated(stage: Stage) -> None:
    job_id = stage.jobs["pro1"]
    with stage.web.http(token("pro", "pro1")) as http:
        assert http.get(f"/api/jobs/{job_id}").status_code == 200
        for begin, end in (
            (stage.postgres.freeze, stage.postgres.thaw),
            (stage.postgres.kill, stage.postgres.start),
        ):
            begin()
            began = time.monotonic()
            refused = http.post(f"/api/jobs/{job_id}/status", json={"status": "arrived"})
            assert time.monotonic() - began < REFUSED_WITHIN_S
            is_a_retryable_problem(refused)
            end()
    moved = move(stage.web, job_id, "arrived", ("pro", "pro1"))
    assert (moved["status"], moved["version"]) == ("arrived", 5)


def away(stage: Stage, begin: Callable[[], None], end: Callable[[], None]) -> None:
    """The whole story of an absence: before, meanwhile, afterwards."""
    pros = [Pro([stage.web], pro) for pro in stage.jobs]
    reader = Reader(stage.web)

    async def in_hand(work: Callable[[], None]) -> None:
        await asyncio.get_running_loop().run_in_executor(stage.hand, work)

    async def story() -> None:
        async with driving(*pros, reader):
            await until(lambda: all(len(pro.acked) > 5 for pro in pros), "heartbeats being acked")
            await in_hand(begin)
            gone = time.monotonic()
            await until(
                lambda: all(pro.refused for pro in pros), "heartbeats being refused", REFUSED_WITHIN_S
            )
            await is_ready(stage.web, ["no_database"], REFUSED_WITHIN_S)
            await asyncio.sleep(AWAY_S)
            assert not any(beat.ok for pro in pros for beat in pro.heartbeats if beat.sent > gone)
            await in_hand(end)
            back = time.monotonic()
            await until(
                lambda: all(pro.heartbeats[-1].ok and pro.heartbeats[-1].sent > back for pro in pros),
                "heartbeats being acked again",
                BACK_WITHIN_S,
            )
            print(f"heartbeats were acked again {time.monotonic() - back:.2f} s after PostgreSQL was back")
            await until(
                lambda: reader.requests[-1].answer is not None and reader.requests[-1].answer.is_success,
                "requests being served again",
                BACK_WITHIN_S,
            )
            assert await readiness(stage.web) == []

        refusals = [beat for pro in pros for beat in pro.refused]
        assert {beat.ack["error"]["code"] for beat in refusals} == {"unavailable"}
        assert {beat.ack["error"]["retry"] for beat in refusals} == {True}
        print(f"the slowest refusal took {max(beat.took_s for beat in refusals):.2f} s")
        assert max(beat.took_s for beat in refusals) < REFUSED_WITHIN_S
        assert [pro.connects for pro in pros] == [1] * PROS  # the sockets outlive the database

        assert None not in [request.answer for request in reader.requests]
        failed = [request for request in reader.requests if not request.answer.is_success]  # type: ignore[union-attr]
        assert failed
        for request in failed:
            assert request.answer is not None
            is_a_retryable_problem(request.answer)
        assert max(request.took_s for request in reader.requests) < REFUSED_WITHIN_S

    asyncio.run(story())
    for pro in pros:
        assert set(pro.acked) <= set(times_kept(stage.postgres.url, stage.jobs[pro.person_id]))


def is_a_retryable_problem(answer: httpx.Response) -> None:
    """503, as RFC 9457 says it, and when to come back."""
    assert answer.status_code == 503, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) >= 1
    assert (answer.json()["code"], answer.json()["retry"]) == ("unavailable", True)
