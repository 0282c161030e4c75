"""The house is kept: room for the days to come, and what has had its time is forgotten, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest

from db.errors import Unavailable
from db.pool import Connection, Database
from tests.company import add_job, with_database
from tests.effects import shared_company, tools_of
from tests.fresh import freshened
from tracker.effects import keep_house as module
from tracker.effects.keep_house import keep_house
from tracker.effects.task import Task, Tools
from tracker.jobs.consequences import Effect
from tracker.local_postgres import PostgresServer

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def company_url(postgres: PostgresServer, template_database: str) -> Iterator[str]:
    yield from shared_company(postgres, template_database)


@pytest.fixture
def database_url(company_url: str) -> str:
    return freshened(company_url)


async def kept(tools: Tools, now: datetime = NOW) -> None:
    await keep_house(tools, Task(Effect.KEEP_HOUSE, None, None, "2026-11-21T05", 1, now))


async def column(database: Database, question: str) -> list[Any]:
    async with database.connection() as conn:
        return [row[0] for row in await conn.fetch(question)]


async def make(database: Database, statement: str, *rows: tuple[object, ...]) -> None:
    async with database.transaction() as conn:
        await conn.executemany(statement, rows)


def test_days_ahead_are_made_and_trails_past_their_time_are_dropped(database_url: str) -> None:
    async def story(database: Database) -> None:
        tools = tools_of(database)
        await kept(tools)
        later = NOW + timedelta(days=40)
        await kept(tools, later)
        names = await column(database, "SELECT relname FROM pg_class WHERE relname ~ '^positions_\\d{8}$'")
        days = sorted(name.removeprefix("positions_") for name in names)
        assert days[-1] == f"{later + timedelta(days=3):%Y%m%d}"
        assert days[0] >= f"{later - timedelta(days=30):%Y%m%d}"

    with_database(database_url, story)


def test_webhooks_are_forgotten_after_ninety_days_unless_they_still_wait(database_url: str) -> None:
    async def story(database: Database) -> None:
        await make(
            database,
            "INSERT INTO external_events (provider, event_id, type, body, received_at)"
            " VALUES ('stripe', $1, 'x', '{}', $2)",
            ("handled", NOW - timedelta(days=91)),
            ("waits", NOW - timedelta(days=91)),
            ("dead", NOW - timedelta(days=91)),
            ("young", NOW - timedelta(days=89)),
        )
        await make(
            database,
            "INSERT INTO outbox (effect, subject, done_at, dead_at)"
            " VALUES ('handle_stripe_event', $1, $2, $3)",
            ("handled", NOW, None),
            ("waits", None, None),
            ("dead", None, NOW),
        )
        await kept(tools_of(database))
        left = await column(database, "SELECT event_id FROM external_events ORDER BY event_id")
        assert left == ["dead", "waits", "young"]

    with_database(database_url, story)


def test_sandbox_objects_are_forgotten_when_nobody_touched_them_for_a_month(database_url: str) -> None:
    async def story(database: Database) -> None:
        old, young = NOW - timedelta(days=31), NOW - timedelta(days=29)
        await make(
            database,
            "INSERT INTO sandbox_objects (id, kind, body, created_at, updated_at)"
            " VALUES ($1, 'x', '{}', $2, $3)",
            ("old", old, old),
            ("touched", old, young),
            ("young", young, young),
        )
        await kept(tools_of(database))
        assert await column(database, "SELECT id FROM sandbox_objects ORDER BY id") == ["touched", "young"]

    with_database(database_url, story)


def test_tracking_sessions_go_with_their_trails_but_not_before(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "completed")
        ages = {"empty": 100, "trail": 100, "newest": 100, "young": 20}
        for device, days in ages.items():
            await make(
                database,
                "INSERT INTO tracking_sessions (pro_id, job_id, device, started_at)"
                " VALUES ('pat', $1, $2, $3)",
                (job_id, device, NOW - timedelta(days=days)),
            )
        await make(
            database,
            "INSERT INTO positions (recorded_at, received_at, session_no, seq, lat_e7, lng_e7, verdict)"
            " SELECT $1, $1, session_no, 1, 0, 0, 0 FROM tracking_sessions WHERE device = 'trail'",
            (NOW,),
        )
        await make(
            database,
            "INSERT INTO last_positions (pro_id, recorded_at, received_at, session_no, seq, lat_e7, lng_e7)"
            " SELECT 'pat', $1, $1, session_no, 1, 0, 0 FROM tracking_sessions WHERE device = 'newest'",
            (NOW - timedelta(days=99),),
        )
        with mock.patch.object(module, "SESSIONS_AT_ONCE", 1):
            await kept(tools_of(database))
        left = await column(database, "SELECT device FROM tracking_sessions ORDER BY device")
        assert left == ["newest", "trail", "young"]

    with_database(database_url, story)


def test_effects_are_forgotten_after_a_week_and_periods_and_deliveries_after_forty_days(
    database_url: str,
) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "completed")
        await make(
            database,
            "INSERT INTO outbox (effect, job_id, version, done_at) VALUES ('announce', $1, $2, $3)",
            (job_id, 1, NOW - timedelta(days=8)),
            (job_id, 2, NOW - timedelta(days=6)),
        )
        await make(
            database,
            "INSERT INTO outbox (effect, subject, done_at) VALUES ('weekly_payouts', $1, $2)",
            ("2026-W41", NOW - timedelta(days=41)),
            ("2026-W42", NOW - timedelta(days=36)),
        )
        with mock.patch.object(module, "AT_ONCE", 1):
            await kept(tools_of(database))
        left = await column(database, "SELECT coalesce(subject, version::text) FROM outbox ORDER BY id")
        assert left == ["2", "2026-W42"]

    with_database(database_url, story)


def test_a_step_that_fails_does_not_keep_the_others_from_being_done(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dropping a partition waits for nobody: under heavy traffic it fails, and is tried again."""

    async def busy(_conn: Connection, _day: object) -> None:
        raise Unavailable

    monkeypatch.setattr(module, "drop_partitions_before", busy)

    async def story(database: Database) -> None:
        old = NOW - timedelta(days=31)
        await make(
            database,
            "INSERT INTO sandbox_objects (id, kind, body, created_at, updated_at)"
            " VALUES ('a', 'x', '{}', $1, $1)",
            (old,),
        )
        with pytest.raises(Unavailable):
            await kept(tools_of(database))
        assert await column(database, "SELECT id FROM sandbox_objects") == []

    with_database(database_url, story)


def test_twice_at_once_is_harmless(database_url: str) -> None:
    async def story(database: Database) -> None:
        tools = tools_of(database)
        later = NOW + timedelta(days=40)
        await asyncio.gather(kept(tools, later), kept(tools, later))

    with_database(database_url, story)
