"""The worker: lanes that do not wait for each other, errors that do not end it, stops that lose nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import asyncpg
import pytest

from db.errors import Unavailable
from db.outbox import add_task, lease
from db.pool import Database
from tests.company import with_database
from tests.effects import emptied, shared_company, tools_of
from tracker import worker as module
from tracker.effects.task import Executor, Postpone, Task, Tools
from tracker.jobs.consequences import Effect
from tracker.local_postgres import PostgresServer
from tracker.outbox import carry_out as trying
from tracker.outbox import endings
from tracker.outbox.carry_out import MAX_ATTEMPTS
from tracker.outbox.pace import USUAL
from tracker.worker import Worker

SMS, MAIL = Effect.SEND_SMS, Effect.SEND_EMAIL


@pytest.fixture(scope="module")
def company_url(postgres: PostgresServer, template_database: str) -> Iterator[str]:
    yield from shared_company(postgres, template_database)


@pytest.fixture
def database_url(company_url: str) -> str:
    return emptied(company_url)


async def queue(database: Database, effect: Effect, number: int = 1) -> None:
    async with database.transaction() as conn:
        for subject in range(number):
            await add_task(conn, effect.value, str(subject))


async def rows_of(database: Database, what: str) -> list[Any]:
    """What was queued by `queue`, and not by the alert of a dead letter."""
    question = f"SELECT {what} FROM outbox WHERE effect NOT IN ('ring_bell', 'send_push') ORDER BY id"
    async with database.connection() as conn:
        return [tuple(row) for row in await conn.fetch(question)]


async def until_ended(database: Database, effect: Effect) -> None:
    """Until nothing of a kind waits."""
    waiting = "SELECT count(*) FROM outbox WHERE effect = $1 AND done_at IS NULL AND dead_at IS NULL"
    async with asyncio.timeout(15):
        while True:
            async with database.connection() as conn:
                if not await conn.fetchval(waiting, effect.value):
                    return
            await asyncio.sleep(0.02)


class Running:
    """A worker at work, stopped at the end of the block."""

    def __init__(self, database: Database, executors: Mapping[Effect, Executor]) -> None:
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self.worker = Worker(
            tools_of(database),
            executors=executors,
            observe=lambda effect, outcome: self.outcomes.update([(effect, outcome)]),
        )

    async def __aenter__(self) -> Running:
        self.task = asyncio.create_task(self.worker.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.worker.stop()
        async with asyncio.timeout(20):
            await self.task


async def instant(_tools: Tools, _task: Task) -> None:
    pass


def test_two_workers_at_once_carry_out_each_effect_once(database_url: str) -> None:
    async def story(database: Database) -> None:
        await queue(database, SMS, 150)
        await queue(database, MAIL, 150)
        done: Counter[tuple[Effect, str | None]] = Counter()

        async def count(_tools: Tools, task: Task) -> None:
            await asyncio.sleep(0.001)
            done[task.effect, task.subject] += 1

        executors = {SMS: count, MAIL: count}
        async with Running(database, executors), Running(database, executors):
            await until_ended(database, SMS)
            await until_ended(database, MAIL)
        assert len(done) == 300
        assert set(done.values()) == {1}
        assert {attempts for (attempts,) in await rows_of(database, "attempts")} == {1}

    with_database(database_url, story)


def test_a_slow_kind_delays_no_other_and_has_no_more_than_its_share_in_hand(database_url: str) -> None:
    async def story(database: Database) -> None:
        await queue(database, SMS, 100)
        release, full = asyncio.Event(), asyncio.Event()
        in_hand = most = 0

        async def stuck(_tools: Tools, _task: Task) -> None:
            nonlocal in_hand, most
            in_hand += 1
            most = max(most, in_hand)
            if most >= USUAL.at_once:
                full.set()
            await release.wait()
            in_hand -= 1

        async with Running(database, {SMS: stuck, MAIL: instant}):
            async with asyncio.timeout(5):
                await full.wait()
            await queue(database, MAIL, 100)
            await until_ended(database, MAIL)
            assert most == USUAL.at_once
            release.set()
            await until_ended(database, SMS)
        assert most == USUAL.at_once

    with_database(database_url, story)


def test_one_slow_effect_does_not_hold_up_the_others_of_its_kind(database_url: str) -> None:
    async def story(database: Database) -> None:
        await queue(database, SMS, 100)
        release, others_done = asyncio.Event(), asyncio.Event()
        done: list[str | None] = []

        async def first_is_slow(_tools: Tools, task: Task) -> None:
            if task.subject == "0":
                await release.wait()
            done.append(task.subject)
            if len(done) == 99:
                others_done.set()

        async with Running(database, {SMS: first_is_slow}):
            async with asyncio.timeout(10):
                await others_done.wait()
            assert "0" not in done
            release.set()
        assert done[-1] == "0"

    with_database(database_url, story)


def test_an_effect_that_this_release_does_not_know_is_left_to_one_that_does(database_url: str) -> None:
    async def story(database: Database) -> None:
        await queue(database, SMS)
        async with database.transaction() as conn:
            await add_task(conn, "from_the_next_release", "1")
        assert await Worker(tools_of(database), executors={SMS: instant}).run_due() == 1
        assert await rows_of(database, "effect, attempts, leased_until, done_at IS NOT NULL") == [
            ("send_sms", 1, None, True),
            ("from_the_next_release", 0, None, False),
        ]

    with_database(database_url, story)


def test_an_error_nobody_expected_does_not_end_the_worker(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = iter([asyncpg.DeadlockDetectedError("deadlock"), Unavailable(), RuntimeError("a bug")])

    async def failing_lease(conn: Any, lanes: Any) -> Any:
        if failure := next(failures, None):
            raise failure
        return await lease(conn, lanes)

    monkeypatch.setattr(module, "lease", failing_lease)
    monkeypatch.setattr(module, "AGAIN_S", 0.01)

    async def story(database: Database) -> None:
        await queue(database, SMS)
        async with Running(database, {SMS: instant}) as running:
            await until_ended(database, SMS)
        assert running.outcomes == {("send_sms", "done"): 1}

    with_database(database_url, story)


def test_how_effects_ended_is_written_when_the_database_is_back(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endings, "AGAIN_S", 0.01)

    async def story(database: Database) -> None:
        await queue(database, SMS, 30)
        failures = iter([Unavailable(), RuntimeError("a bug"), Unavailable()])
        begun: list[str | None] = []
        in_transaction = database.in_transaction

        async def failing(work: Any) -> Any:
            if failure := next(failures, None):
                raise failure
            return await in_transaction(work)

        async def executor(_tools: Tools, task: Task) -> None:
            begun.append(task.subject)

        monkeypatch.setattr(database, "in_transaction", failing)
        async with Running(database, {SMS: executor}):
            await until_ended(database, SMS)
        assert sorted(begun) == sorted({str(n) for n in range(30)})

    with_database(database_url, story)


def test_a_worker_told_to_stop_finishes_what_it_has_begun(database_url: str) -> None:
    async def story(database: Database) -> None:
        await queue(database, SMS)
        begun = asyncio.Event()

        async def slow(_tools: Tools, _task: Task) -> None:
            begun.set()
            await asyncio.sleep(0.3)

        async with Running(database, {SMS: slow}) as running:
            await begun.wait()
        assert running.outcomes == {("send_sms", "done"): 1}
        assert await rows_of(database, "leased_until, done_at IS NOT NULL") == [(None, True)]

    with_database(database_url, story)


@pytest.mark.parametrize("how", ["stopped", "cancelled"])
def test_what_a_worker_has_no_time_to_finish_is_due_at_once_and_uses_up_no_try(
    database_url: str, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(module, "STOP_WITHIN_S", 0.05)

    async def story(database: Database) -> None:
        await queue(database, SMS)
        begun = asyncio.Event()

        async def endless(_tools: Tools, _task: Task) -> None:
            begun.set()
            await asyncio.sleep(60)

        worker = Worker(tools_of(database), executors={SMS: endless})
        running = asyncio.create_task(worker.run())
        await begun.wait()
        worker.stop() if how == "stopped" else running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert await rows_of(database, "attempts, leased_until, last_error, done_at, dead_at") == [
            (0, None, "its worker was stopped", None, None)
        ]
        assert await Worker(tools_of(database), executors={SMS: instant}).run_due() == 1

    with_database(database_url, story)


def test_an_effect_that_always_fails_becomes_a_dead_letter(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trying, "retry_pause_s", lambda attempts: None if attempts >= MAX_ATTEMPTS else 0.0)

    async def story(database: Database) -> None:
        await queue(database, SMS)
        tries = 0

        async def failing(_tools: Tools, _task: Task) -> None:
            nonlocal tries
            tries += 1
            raise RuntimeError("no")

        worker = Worker(tools_of(database), executors={SMS: failing})
        while await worker.run_due():
            pass
        assert tries == MAX_ATTEMPTS
        assert await rows_of(database, "attempts, dead_at IS NOT NULL, last_error") == [
            (MAX_ATTEMPTS, True, "RuntimeError: no")
        ]

    with_database(database_url, story)


def test_an_effect_that_waits_for_something_never_dies_of_it(database_url: str) -> None:
    async def story(database: Database) -> None:
        await queue(database, SMS)
        tries: list[int] = []

        async def waits(_tools: Tools, task: Task) -> None:
            tries.append(task.attempts)
            if len(tries) <= 2 * MAX_ATTEMPTS:
                raise Postpone("not yet", 0)

        worker = Worker(tools_of(database), executors={SMS: waits})
        while await worker.run_due():
            pass
        assert tries == [1] * (2 * MAX_ATTEMPTS + 1)
        assert await rows_of(database, "done_at IS NOT NULL, last_error") == [(True, None)]

    with_database(database_url, story)


def test_an_executor_that_does_not_hear_keeps_no_worker_from_stopping(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STOP_WITHIN_S", 0.05)
    monkeypatch.setattr(module, "CANCEL_WITHIN_S", 0.05)

    async def story(database: Database) -> None:
        await queue(database, SMS)
        begun, release = asyncio.Event(), asyncio.Event()

        async def deaf(_tools: Tools, _task: Task) -> None:
            begun.set()
            while not release.is_set():
                with contextlib.suppress(asyncio.CancelledError):
                    await release.wait()

        async with Running(database, {SMS: deaf}) as running:
            await begun.wait()
            running.worker.stop()
            async with asyncio.timeout(3):
                await running.task
        release.set()

    with_database(database_url, story)
