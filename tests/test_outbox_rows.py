"""Rows of the outbox: which are leased, in which order, how they end, and when they are forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from db.outbox import (
    Ending,
    Lane,
    OutboxRow,
    add_effects,
    add_task,
    backlog,
    forget_ended,
    hasten,
    lease,
    mark_done,
    mark_ended,
    mark_expired,
)
from db.pool import Database
from tests.company import add_job, with_database
from tests.effects import emptied, shared_company
from tracker.local_postgres import PostgresServer

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def company_url(postgres: PostgresServer, template_database: str) -> Iterator[str]:
    yield from shared_company(postgres, template_database)


@pytest.fixture
def database_url(company_url: str) -> str:
    return emptied(company_url)


async def take(database: Database, *lanes: Lane) -> list[OutboxRow]:
    async with database.connection() as conn:
        return await lease(conn, lanes)


async def add(database: Database, effect: str, subject: str, *, due_in_s: float = -1) -> bool:
    async with database.transaction() as conn:
        return await add_task(
            conn, effect, subject, not_before=datetime.now(UTC) + timedelta(seconds=due_in_s)
        )


def test_a_subject_is_queued_once_per_effect_for_ever(database_url: str) -> None:
    async def story(database: Database) -> None:
        assert await add(database, "a", "1")
        assert not await add(database, "a", "1")
        assert await add(database, "b", "1")
        async with database.transaction() as conn:
            await mark_done(conn, [row.id for row in await lease(conn, [Lane("a", 9, 60)])])
        assert not await add(database, "a", "1")

    with_database(database_url, story)


def test_each_lane_gets_its_oldest_and_no_more_than_it_has_room_for(database_url: str) -> None:
    async def story(database: Database) -> None:
        for number, due_in_s in enumerate((-10, -30, -20, 60)):
            await add(database, "a", str(number), due_in_s=due_in_s)
            await add(database, "b", str(number), due_in_s=due_in_s)
            await add(database, "c", str(number), due_in_s=due_in_s)
        rows = await take(database, Lane("a", 2, 60), Lane("b", 20, 60))
        assert sorted((row.effect, row.subject) for row in rows) == [
            ("a", "1"),
            ("a", "2"),
            ("b", "0"),
            ("b", "1"),
            ("b", "2"),
        ]
        assert [row.subject for row in await take(database, Lane("a", 20, 60))] == ["0"]

    with_database(database_url, story)


@pytest.mark.parametrize("end", ["done", "dead", "expired"])
def test_what_has_ended_is_not_leased(database_url: str, end: str) -> None:
    async def story(database: Database) -> None:
        await add(database, "a", "1")
        async with database.connection() as conn:
            await conn.execute(f"UPDATE outbox SET {end}_at = now()")
        assert await take(database, Lane("a", 9, 60)) == []

    with_database(database_url, story)


def test_what_is_done_is_not_expired_afterwards(database_url: str) -> None:
    async def story(database: Database) -> None:
        await add(database, "a", "1")
        async with database.transaction() as conn:
            ids = [row.id for row in await lease(conn, [Lane("a", 9, 60)])]
            await mark_done(conn, ids)
            await mark_expired(conn, ids)
            assert await conn.fetchval("SELECT expired_at IS NULL AND done_at IS NOT NULL FROM outbox")

    with_database(database_url, story)


async def waiting_for_money(database: Database) -> tuple[UUID, OutboxRow]:
    job_id = await add_job(database, "completed")
    async with database.transaction() as conn:
        await add_effects(conn, job_id, 7, ["send_receipt"])
    (row,) = await take(database, Lane("send_receipt", 9, 60))
    return job_id, row


def test_an_effect_hastened_while_it_is_put_off_is_due_at_once(database_url: str) -> None:
    """The money is taken just while the receipt finds that it is not: neither may wait for the other."""

    async def story(database: Database) -> None:
        job_id, row = await waiting_for_money(database)
        async with database.transaction() as conn:
            await hasten(conn, "send_receipt", job_id)
        async with database.transaction() as conn:
            await mark_ended(conn, [Ending(row, "waits", 3600, counts=False)])
        assert len(await take(database, Lane("send_receipt", 9, 60))) == 1

    with_database(database_url, story)


def test_an_effect_that_waits_is_due_when_it_is_hastened(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id, row = await waiting_for_money(database)
        async with database.transaction() as conn:
            await mark_ended(conn, [Ending(row, "waits", 3600, counts=False)])
        assert await take(database, Lane("send_receipt", 9, 60)) == []
        async with database.transaction() as conn:
            await hasten(conn, "send_receipt", job_id)
        assert len(await take(database, Lane("send_receipt", 9, 60))) == 1

    with_database(database_url, story)


def test_the_backlog_is_counted_by_kind(database_url: str) -> None:
    async def story(database: Database) -> None:
        await add(database, "a", "due", due_in_s=-60)
        await add(database, "a", "later", due_in_s=60)
        for subject in ("failing", "dead", "done", "expired"):
            await add(database, "b", subject)
        async with database.transaction() as conn:
            by_subject = {row.subject: row for row in await lease(conn, [Lane("b", 9, 60)])}
            await mark_ended(conn, [Ending(by_subject["failing"], "no", 60)])
            await mark_ended(conn, [Ending(by_subject["dead"], "no", None)])
            await mark_done(conn, [by_subject["done"].id])
            await mark_expired(conn, [by_subject["expired"].id])
            a, b = await backlog(conn)
        assert (a.effect, a.waiting, a.failing, a.dead) == ("a", 2, 0, 0)
        assert (b.effect, b.waiting, b.failing, b.dead) == ("b", 1, 1, 1)
        assert a.oldest is not None
        assert 59 < (datetime.now(UTC) - a.oldest).total_seconds() < 90
        assert b.oldest is None

    with_database(database_url, story)


def test_what_ended_is_forgotten_by_cause_and_what_needs_a_person_never_is(database_url: str) -> None:
    async def story(database: Database) -> None:
        await waiting_for_money(database)
        for subject in ("done", "expired", "dead", "discarded", "waiting", "fresh"):
            await add(database, "a", subject)
        async with database.transaction() as conn:
            for subject, end in (
                ("done", "done_at = now() - interval '10 days'"),
                ("expired", "expired_at = now() - interval '10 days'"),
                ("dead", "dead_at = now() - interval '10 days'"),
                ("discarded", "done_at = now() - interval '10 days', last_error = 'discarded by dee'"),
                ("fresh", "done_at = now()"),
            ):
                await conn.execute(f"UPDATE outbox SET {end} WHERE subject = $1", subject)
            await conn.execute(
                "UPDATE outbox SET done_at = now() - interval '10 days' WHERE job_id IS NOT NULL"
            )
            week = NOW - timedelta(days=7)
            assert await forget_ended(conn, NOW - timedelta(days=40), of_jobs=False, limit=9) == 0
            assert await forget_ended(conn, week, of_jobs=True, limit=9) == 1
            assert await forget_ended(conn, week, of_jobs=False, limit=1) == 1
            assert await forget_ended(conn, week, of_jobs=False, limit=9) == 1
            left = await conn.fetch("SELECT subject FROM outbox ORDER BY id")
        assert [row["subject"] for row in left] == ["dead", "discarded", "waiting", "fresh"]

    with_database(database_url, story)
