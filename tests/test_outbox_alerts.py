"""Dispatch hears of what was put aside: of each, but not of a heap, and never of an alert's own bell."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from db.outbox import add_effects, add_task, backlog
from db.pool import Database
from tests.company import add_job, with_database
from tests.effects import emptied, shared_company, tools_of
from tracker.effects.task import GiveUp, Task, Tools
from tracker.jobs.consequences import Effect
from tracker.local_postgres import PostgresServer
from tracker.outbox import dead_alert
from tracker.outbox.dead_alert import EACH_UP_TO
from tracker.worker import Worker


@pytest.fixture(scope="module")
def company_url(postgres: PostgresServer, template_database: str) -> Iterator[str]:
    yield from shared_company(postgres, template_database)


@pytest.fixture
def database_url(company_url: str) -> str:
    return emptied(company_url)


async def failing(_tools: Tools, _task: Task) -> None:
    raise GiveUp("no such card")


async def work_on(database: Database, *effects: Effect) -> None:
    worker = Worker(tools_of(database), executors=dict.fromkeys(effects, failing))
    while await worker.run_due():
        pass


async def alerts(database: Database, what: str = "body") -> Sequence[Any]:
    """What Dee's bell says."""
    async with database.connection() as conn:
        rows = await conn.fetch(f"SELECT {what} FROM notifications WHERE person_id = 'dee' ORDER BY id")
    return [row[0] for row in rows]


async def queue(database: Database, effect: Effect, *subjects: str) -> None:
    async with database.transaction() as conn:
        for subject in subjects:
            await add_task(conn, effect.value, subject)


def test_dispatch_is_alerted_once_of_a_dead_letter_with_its_job_and_reason(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "completed")
        async with database.transaction() as conn:
            await add_effects(conn, job_id, 7, [Effect.CAPTURE_HOLD.value])
        await work_on(database, Effect.CAPTURE_HOLD)
        (body,) = await alerts(database)
        assert "no such card" in body
        assert "capture hold" in (await alerts(database, "title"))[0]
        assert await alerts(database, "job_id") == [job_id]
        await work_on(database, Effect.CAPTURE_HOLD)
        assert len(await alerts(database)) == 1

    with_database(database_url, story)


def test_one_that_dies_again_after_a_retry_is_told_again(database_url: str) -> None:
    async def story(database: Database) -> None:
        await queue(database, Effect.SEND_EMAIL, "1")
        await work_on(database, Effect.SEND_EMAIL)
        async with database.connection() as conn:
            await conn.execute("UPDATE outbox SET dead_at = NULL, attempts = 0, retried_by = 'dee'")
        await work_on(database, Effect.SEND_EMAIL)
        assert len(await alerts(database)) == 2

    with_database(database_url, story)


def test_a_heap_of_dead_letters_of_one_kind_is_one_alert_more(database_url: str) -> None:
    async def story(database: Database) -> None:
        for number in range(3 * EACH_UP_TO):
            await queue(database, Effect.SEND_EMAIL, str(number))
            await work_on(database, Effect.SEND_EMAIL)
        assert EACH_UP_TO + 1 <= len(await alerts(database)) <= EACH_UP_TO + 2  # two, when the hour turns
        await queue(database, Effect.SEND_SMS, "1")
        await work_on(database, Effect.SEND_SMS)
        assert "send sms" in (await alerts(database, "title"))[-1]

    with_database(database_url, story)


def test_an_alert_that_cannot_be_sent_causes_no_other(database_url: str) -> None:
    async def story(database: Database) -> None:
        await queue(database, Effect.RING_BELL, "1")
        await queue(database, Effect.SEND_PUSH, "1")
        await work_on(database, Effect.RING_BELL, Effect.SEND_PUSH)
        assert await alerts(database) == []
        async with database.connection() as conn:
            assert sum(kind.dead for kind in await backlog(conn)) == 2

    with_database(database_url, story)


def test_an_alert_that_fails_keeps_no_effect_from_being_put_aside(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        await asyncio.sleep(0)
        raise ValueError("a bug")

    monkeypatch.setattr(dead_alert, "alert_dispatch", broken)

    async def story(database: Database) -> None:
        await queue(database, Effect.SEND_SMS, "1", "2")
        await work_on(database, Effect.SEND_SMS)
        async with database.connection() as conn:
            assert sum(kind.dead for kind in await backlog(conn)) == 2

    with_database(database_url, story)
