"""Jobs that change hands while somebody waits for their rows: what is read and judged then is what is so."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest

from db.job_events import broken_links
from db.jobs import Job, claim_open_job, lock_job
from db.pool import Connection, Database
from db.schedule import Appointment
from tests.company import add_job, with_company
from tests.effects import shared_company
from tests.fresh import freshened
from tests.scheduling import DEE, book, booked_job, conflicted, look_at_schedule, window
from tracker.jobs.assign import reassign_job
from tracker.jobs.facts import Actor
from tracker.jobs.lifecycle import Status
from tracker.jobs.overlaps import enter_schedules, settle_new_appointment, settle_schedules
from tracker.jobs.transition import Step, write_step
from tracker.local_postgres import PostgresServer


@pytest.fixture(scope="module")
def company_url(postgres: PostgresServer, template_database: str) -> Iterator[str]:
    yield from shared_company(postgres, template_database)


@pytest.fixture
def database_url(company_url: str) -> str:
    return freshened(company_url)


def now() -> datetime:
    return datetime.now(UTC)


async def somebody_waits_for_a_lock(database: Database) -> None:
    waiting = 0
    while not waiting:
        async with database.connection() as conn:
            waiting = await conn.fetchval(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )


def test_who_waited_for_a_jobs_row_reads_the_pro_who_got_it_meanwhile_with_their_name(
    database_url: str,
) -> None:
    async def locked(database: Database, job_id: UUID) -> Job | None:
        async with database.transaction() as conn:
            return await lock_job(conn, job_id)

    async def story(database: Database) -> None:
        job_id = await add_job(database, "open")
        async with database.transaction() as first:
            assert await claim_open_job(first, job_id, "pat", now(), []) == 3
            reading = asyncio.create_task(locked(database, job_id))
            await somebody_waits_for_a_lock(database)
        job = await reading
        assert job is not None
        assert (job.pro_id, job.pro_name, job.pro_rating_count) == ("pat", "Pat Mason", 0)

    with_company(database_url, story)


def test_a_late_look_at_the_schedule_of_who_had_a_job_leaves_its_new_pros_conflict(
    database_url: str,
) -> None:
    async def story(database: Database) -> None:
        job_id = await booked_job(database, "accepted", window(0))
        busy = await booked_job(database, "accepted", window(1), pro="quinn")
        await reassign_job(database, DEE, job_id, "quinn", now=now())
        assert await conflicted(database, job_id, busy) == [True, True]

        async def late(conn: Connection) -> None:
            await settle_schedules(conn, ["pat"], [job_id], now=now())  # what it saw before the job moved

        await database.in_transaction(late)
        assert await conflicted(database, job_id, busy) == [True, True]
        await look_at_schedule(database, job_id, 3)
        assert await conflicted(database, job_id, busy) == [True, True]

    with_company(database_url, story)


def test_an_appointment_that_waits_while_another_job_leaves_the_pro_leaves_that_jobs_conflict(
    database_url: str,
) -> None:
    """The job leaves between the look at the pro's appointments and the lock on their rows."""

    async def story(database: Database) -> None:
        leaving = await booked_job(database, "accepted", window(0))
        busy = await booked_job(database, "accepted", window(1), pro="quinn")
        new = await add_job(database, "accepted")
        async with database.transaction() as conn:
            locked = await enter_schedules(conn, ["quinn"], [leaving])
            appointment = Appointment("quinn", leaving, *window(0))
            conflicts = await settle_new_appointment(conn, appointment, locked, now=now())
            job = await lock_job(conn, leaving)
            assert job is not None
            step, data = Step(Status.ACCEPTED, pro_id="quinn"), conflicts.as_data()
            await write_step(conn, job, step, Actor.of(DEE), "quinn", now(), more=data)
            booking = asyncio.create_task(book(database, new, window(0)))
            await somebody_waits_for_a_lock(database)
        assert (await booking).conflicts == ()
        assert await conflicted(database, leaving, busy, new) == [True, True, False]
        async with database.connection() as conn:
            assert await broken_links(conn) == []

    with_company(database_url, story)
