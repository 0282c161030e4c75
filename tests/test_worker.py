"""The worker: errors do not end it, a stop lets it finish, what fails for ever is put aside."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from db.outbox import add_effects, backlog, lease
from db.pool import Database
from tests.company import add_job, with_company
from tests.effects import tools_of
from tracker import worker as module
from tracker.effects.task import Executor, Task, Tools
from tracker.jobs.consequences import Effect
from tracker.outbox import carry_out as trying
from tracker.outbox.carry_out import MAX_ATTEMPTS
from tracker.worker import Worker


def worker_of(database: Database, executor: Executor) -> Worker:
    return Worker(tools_of(database), executors={Effect.ANNOUNCE: executor})


async def queue_one(database: Database) -> UUID:
    job_id = await add_job(database, "open")
    async with database.transaction() as conn:
        await add_effects(conn, job_id, 1, [Effect.ANNOUNCE.value])
    return job_id


async def left(database: Database) -> tuple[int, int]:
    """Announcements that wait, and dead ones."""
    async with database.connection() as conn:
        kinds = [kind for kind in await backlog(conn) if kind.effect == Effect.ANNOUNCE.value]
    return sum(kind.waiting for kind in kinds), sum(kind.dead for kind in kinds)


async def until_nothing_waits(database: Database) -> None:
    async with asyncio.timeout(10):
        while (await left(database))[0]:  # noqa: ASYNC110 - another task's work, in the database
            await asyncio.sleep(0.02)


def test_an_error_nobody_expected_does_not_end_the_worker(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = iter([asyncpg.DeadlockDetectedError("deadlock"), RuntimeError("a bug")])

    async def failing_lease(conn: Any, lanes: Any) -> Any:
        if failure := next(failures, None):
            raise failure
        return await lease(conn, lanes)

    monkeypatch.setattr(module, "lease", failing_lease)
    monkeypatch.setattr(module, "AGAIN_S", 0.01)

    async def story(database: Database) -> None:
        await queue_one(database)
        done: list[UUID] = []

        async def executor(_tools: Tools, task: Task) -> None:
            done.append(task.job_event()[0])

        worker = worker_of(database, executor)
        running = asyncio.create_task(worker.run())
        await until_nothing_waits(database)
        worker.stop()
        await running
        assert len(done) == 1

    with_company(database_url, story)


def test_a_worker_told_to_stop_finishes_what_it_has_begun(database_url: str) -> None:
    async def story(database: Database) -> None:
        await queue_one(database)
        begun = asyncio.Event()

        async def slow(_tools: Tools, _task: Task) -> None:
            begun.set()
            await asyncio.sleep(0.3)

        worker = worker_of(database, slow)
        running = asyncio.create_task(worker.run())
        await begun.wait()
        worker.stop()
        async with asyncio.timeout(5):
            await running
        assert await left(database) == (0, 0)  # done, and marked so: nobody repeats it after a lease

    with_company(database_url, story)


def test_an_effect_that_always_fails_becomes_a_dead_letter(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trying, "retry_pause_s", lambda attempts: None if attempts >= MAX_ATTEMPTS else 0.0)

    async def story(database: Database) -> None:
        await queue_one(database)
        tries = 0

        async def failing(_tools: Tools, _task: Task) -> None:
            nonlocal tries
            tries += 1
            raise RuntimeError("no")

        worker = worker_of(database, failing)
        while await worker.run_due():
            pass
        assert tries == MAX_ATTEMPTS
        assert await left(database) == (0, 1)

    with_company(database_url, story)
