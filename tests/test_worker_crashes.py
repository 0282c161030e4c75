"""A worker that dies in the middle of an effect: it is done by another, and never lost, and not for ever."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from db.outbox import Ending, Lane, OutboxRow, add_task, lease, mark_done, mark_ended
from db.pool import Database
from tests.company import with_database
from tests.effects import emptied, shared_company, tools_of
from tracker import worker as module
from tracker.effects.task import Executor, Task, Tools
from tracker.jobs.consequences import Effect
from tracker.local_postgres import PostgresServer
from tracker.outbox import pace
from tracker.outbox.carry_out import MAX_ATTEMPTS
from tracker.outbox.pace import Pace
from tracker.worker import Worker

ROOT = Path(__file__).parent.parent
LEASE_S = 1.0
SMS = Effect.SEND_SMS.value


@pytest.fixture(scope="module")
def company_url(postgres: PostgresServer, template_database: str) -> Iterator[str]:
    yield from shared_company(postgres, template_database)


@pytest.fixture
def database_url(company_url: str) -> str:
    return emptied(company_url)


async def queue(database: Database) -> None:
    async with database.transaction() as conn:
        await add_task(conn, SMS, "1")


async def leased(database: Database, lease_s: float = 60.0) -> list[OutboxRow]:
    """What a worker does before it dies."""
    async with database.connection() as conn:
        return await lease(conn, [Lane(SMS, 20, lease_s)])


async def row(database: Database, what: str) -> tuple[object, ...]:
    async with database.connection() as conn:
        return tuple(await conn.fetchrow(f"SELECT {what} FROM outbox") or ())


def test_an_effect_whose_worker_was_killed_runs_again_and_the_try_counts(database_url: str) -> None:
    with_database(database_url, queue)
    command = [sys.executable, "-m", "tests.dying_worker", database_url, str(LEASE_S)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.kill()
    killed_at = time.monotonic()

    async def story(database: Database) -> None:
        tries: list[int] = []

        async def executor(_tools: Tools, task: Task) -> None:
            tries.append(task.attempts)

        worker = Worker(tools_of(database), executors={Effect.SEND_SMS: executor})
        running = asyncio.create_task(worker.run())
        async with asyncio.timeout(20):
            while not (await row(database, "done_at IS NOT NULL"))[0]:  # noqa: ASYNC110 - in the database
                await asyncio.sleep(0.02)
        worker.stop()
        await running
        assert tries == [2]
        assert time.monotonic() - killed_at < 15

    with_database(database_url, story)


def test_an_effect_that_kills_every_worker_becomes_a_dead_letter(database_url: str) -> None:
    async def story(database: Database) -> None:
        await queue(database)
        for attempt in range(1, MAX_ATTEMPTS + 1):
            assert [one.attempts for one in await leased(database, lease_s=-1)] == [attempt]

        async def never(_tools: Tools, _task: Task) -> None:
            raise AssertionError("it was begun")

        worker = Worker(tools_of(database), executors={Effect.SEND_SMS: never})
        assert await worker.run_due() == 1
        assert await row(database, "dead_at IS NOT NULL, last_error") == (
            True,
            f"its worker died {MAX_ATTEMPTS} times over it",
        )
        assert await worker.run_due() == 0

    with_database(database_url, story)


def test_a_leased_effect_is_nobody_elses_until_its_lease_runs_out(database_url: str) -> None:
    async def story(database: Database) -> None:
        await queue(database)
        assert len(await leased(database)) == 1
        assert await leased(database) == []
        async with database.connection() as conn:
            await conn.execute("UPDATE outbox SET leased_until = now() - interval '1 ms'")
        assert [one.attempts for one in await leased(database)] == [2]

    with_database(database_url, story)


def test_a_worker_that_wakes_after_its_lease_changes_nothing_but_what_is_done_is_done(
    database_url: str,
) -> None:
    async def story(database: Database) -> None:
        await queue(database)
        (frozen,) = await leased(database, lease_s=-1)
        (other,) = await leased(database)
        async with database.transaction() as conn:
            assert await mark_ended(conn, [Ending(frozen, "gave up", None)]) == []
        assert await row(database, "attempts, dead_at, last_error, leased_until > now()") == (
            2,
            None,
            None,
            True,
        )
        async with database.transaction() as conn:
            assert len(await mark_ended(conn, [Ending(other, "gave up", None)])) == 1
            await mark_done(conn, [frozen.id])  # it had taken place all the same
        assert await row(database, "done_at IS NOT NULL, dead_at, last_error") == (True, None, None)

    with_database(database_url, story)


def test_what_takes_longer_than_a_lease_is_nobody_elses_while_its_worker_lives(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LEASE_S", 0.3)
    monkeypatch.setattr(module, "RENEW_EVERY_S", 0.05)

    async def story(database: Database) -> None:
        tries: list[int] = []

        async def long(_tools: Tools, task: Task) -> None:
            tries.append(task.attempts)
            await asyncio.sleep(1.2)

        await queue(database)
        await carried_out(database, long, workers=2)
        assert tries == [1]

    with_database(database_url, story)


def test_an_effect_whose_executor_does_not_hear_its_timeout_is_begun_by_another(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LEASE_S", 0.3)
    monkeypatch.setattr(module, "RENEW_EVERY_S", 0.05)
    monkeypatch.setattr(pace, "DEAF_FOR_S", 0.1)
    monkeypatch.setattr(module, "pace_of", lambda _effect: Pace(timeout_s=0.1))

    async def story(database: Database) -> None:
        tries: list[int] = []
        release = asyncio.Event()

        async def deaf(_tools: Tools, task: Task) -> None:
            tries.append(task.attempts)
            while task.attempts == 1 and not release.is_set():
                with contextlib.suppress(asyncio.CancelledError):
                    await release.wait()

        await queue(database)
        await carried_out(database, deaf, workers=2, before_stop=release.set)
        assert tries == [1, 2]

    with_database(database_url, story)


async def carried_out(
    database: Database,
    executor: Executor,
    *,
    workers: int,
    before_stop: Callable[[], None] = lambda: None,
) -> None:
    """Let some workers run until the effect is done."""
    staff = [Worker(tools_of(database), executors={Effect.SEND_SMS: executor}) for _ in range(workers)]
    running = [asyncio.create_task(worker.run()) for worker in staff]
    async with asyncio.timeout(20):
        while not (await row(database, "done_at IS NOT NULL"))[0]:  # noqa: ASYNC110 - in the database
            await asyncio.sleep(0.02)
    before_stop()
    for worker in staff:
        worker.stop()
    await asyncio.gather(*running)
