"""The record of a job: it only grows, it says why guards were waived, and tampering with it is found."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from db.job_events import broken_links, events_since
from db.pool import Database
from tests.company import add_job, with_company
from tests.effects import shared_company
from tests.fresh import freshened
from tests.test_transition import DEE, move
from tracker.jobs.lifecycle import GuardRefused, Status
from tracker.jobs.transition import Step
from tracker.local_postgres import PostgresServer


@pytest.fixture(scope="module")
def company_url(postgres: PostgresServer, template_database: str) -> Iterator[str]:
    yield from shared_company(postgres, template_database)


@pytest.fixture
def database_url(company_url: str) -> str:
    return freshened(company_url)


def test_an_overridden_guard_is_audited(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "arrived")
        async with database.connection() as conn:
            await conn.execute("UPDATE jobs SET order_required = true, order_stage = 'SHIPPED'")
        with pytest.raises(GuardRefused):
            await move(database, DEE, job_id, Step(Status.IN_PROGRESS))
        await move(database, DEE, job_id, Step(Status.IN_PROGRESS, override_reason="customer had a mount"))
        async with database.connection() as conn:
            event = (await events_since(conn, job_id, 5))[0]
        assert event.data["override_reason"] == "customer had a mount"
        assert event.data["overridden"] == ["the ordered equipment has not been delivered"]
        assert event.actor_id == "dee"

    with_company(database_url, story)


def test_the_record_of_events_can_only_grow(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "accepted")
        for sql in (
            "UPDATE job_events SET actor_id = 'mallory'",
            "DELETE FROM job_events",
            "TRUNCATE job_events CASCADE",
            f"INSERT INTO job_events (job_id, version, kind, actor_id, actor_role, occurred_at)"
            f" VALUES ('{job_id}', 9, 'status', 'm', 'pro', now())",
        ):
            with pytest.raises(Exception, match=r"append-only|predecessor"):
                async with database.connection() as conn:
                    await conn.execute(sql)

    with_company(database_url, story)


def test_tampering_behind_the_triggers_is_found_by_the_chain(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "accepted")
        async with database.transaction() as conn:
            await conn.execute("SET LOCAL session_replication_role = replica")
            await conn.execute("UPDATE job_events SET actor_id = 'mallory' WHERE version = 2")
            assert (job_id, 2, "the event was edited") in await broken_links(conn)
            await conn.execute("DELETE FROM job_events WHERE version = 2")
            found = [(job, version) for job, version, _ in await broken_links(conn)]
        assert (job_id, 3) in found

    with_company(database_url, story)
