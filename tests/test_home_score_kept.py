"""Home scores in the database: once per completed job, a page of homes at a time each night, over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from db.home_scores import HomeScoreRow, home_score_of, replace_catalogue
from db.job_events import broken_links, events_since
from db.outbox import add_task
from db.pool import Connection, Database
from db.seeding import SeedJob, SeedPerson, write_jobs, write_people
from tests.company import DOOR, PATHS, add_job, with_database
from tests.effects import shared_company
from tests.fresh import freshened
from tests.running import Process
from tests.unharmed import CLEO, DEE, PAT, ZOE, abused, call, job_in, unharmed
from tracker.jobs.consequences import Effect
from tracker.local_postgres import PostgresServer
from tracker.reputation import scoring
from tracker.reputation.scoring import score_after, score_page

NIGHTLY = Effect.NIGHTLY_HOME_SCORES.value
A_YEAR_AND_A_HALF = timedelta(days=547, hours=12)


@pytest.fixture(scope="module")
def company_url(postgres: PostgresServer, template_database: str) -> Iterator[str]:
    yield from shared_company(postgres, template_database)


@pytest.fixture
def database_url(company_url: str) -> str:
    return freshened(company_url)


def now() -> datetime:
    return datetime.now(UTC)


async def score_of(database: Database, customer: str = "cleo") -> HomeScoreRow | None:
    async with database.connection() as conn:
        return await home_score_of(conn, customer)


async def recorded(database: Database, job_id: UUID) -> list[dict[str, Any]]:
    async with database.connection() as conn:
        assert await broken_links(conn) == []
        events = await events_since(conn, job_id, 0)
    return [event.data for event in events if event.kind == "home_scored"]


async def waiting(conn: Connection) -> list[str]:
    rows = await conn.fetch("SELECT subject FROM outbox WHERE effect = $1 ORDER BY id", NIGHTLY)
    return [row["subject"] for row in rows]


def test_a_completed_job_scores_its_home_once_however_often_the_effect_runs(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "completed", skill="gutter_cleaning")
        for _ in range(4):
            await asyncio.gather(*(score_after(database, job_id, now=now()) for _ in range(5)))
        row = await score_of(database)
        assert row is not None
        assert (row.score_tenths, len(row.items)) == (650, 1)
        assert (row.items[0]["points"], row.items[0]["counts"]) == (15, 15.0)
        assert await recorded(database, job_id) == [{"before": 50.0, "after": 65.0}]

    with_database(database_url, story)


def test_two_jobs_of_one_home_that_finish_at_once_both_count(database_url: str) -> None:
    async def story(database: Database) -> None:
        for expected in (600, 700, 800, 900, 1000, 1000):
            both = [await add_job(database, "completed", skill="junk_removal") for _ in range(2)]
            await asyncio.gather(*(score_after(database, job_id, now=now()) for job_id in both))
            row = await score_of(database)
            assert row is not None
            assert row.score_tenths == expected
            steps = [(await recorded(database, job_id))[0] for job_id in both]
            assert all(step["after"] >= step["before"] for step in steps)

    with_database(database_url, story)


def test_a_job_that_the_night_scored_first_is_recorded_all_the_same(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "completed", skill="junk_removal")
        await score_page(database, "2026-11-21", now=now())
        assert await recorded(database, job_id) == []
        await score_after(database, job_id, now=now())
        assert await recorded(database, job_id) == [{"before": 50.0, "after": 55.0}]

    with_database(database_url, story)


def test_a_job_that_the_catalogue_does_not_know_changes_nothing(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "completed", skill="tv_mounting")
        await score_after(database, job_id, now=now())
        await score_after(database, uuid4(), now=now())
        assert await score_of(database) is None
        assert await recorded(database, job_id) == []

    with_database(database_url, story)


def test_each_night_points_fade_and_are_gone_in_the_end(database_url: str) -> None:
    async def story(database: Database) -> None:
        await add_job(database, "completed", skill="gutter_cleaning", began_ago_s=600)
        cancelled = await add_job(database, "cancelled", skill="gutter_cleaning")
        scores = []
        for later in (timedelta(0), A_YEAR_AND_A_HALF, timedelta(days=729, hours=12), timedelta(days=731)):
            await score_page(database, f"night-{later.days}", now=now() + later)
            row = await score_of(database)
            assert row is not None
            assert all(item["job_id"] != str(cancelled) for item in row.items)
            scores.append(row.score_tenths)
        assert scores == [650, 575, 500, 500]
        assert row.items == []
        assert await score_of(database, "zoe") is None  # nothing was done there: nothing is kept

    with_database(database_url, story)


def test_a_night_goes_through_all_homes_page_by_page_and_goes_on_where_it_was_killed(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "PAGE", 10)

    async def story(database: Database) -> None:
        await many_homes(database, 33)
        subject, visited = "2026-11-21", []
        while subject:
            await killed_before_the_commit(database, subject, monkeypatch)
            visited.append(await score_page(database, subject, now=now()))
            assert await score_page(database, subject, now=now()) == visited[-1]  # twice is once
            async with database.connection() as conn:
                subjects = await waiting(conn)
            subject = subjects[-1] if len(subjects) == len(visited) else ""
        assert visited == [10, 10, 10, 5]  # with cleo and zoe
        async with database.connection() as conn:
            assert await conn.fetchval("SELECT count(*) FROM home_scores WHERE score = 55") == 33

    with_database(database_url, story)


async def many_homes(database: Database, count: int) -> None:
    people = [SeedPerson(f"home-{n:02}", "customer", f"Home {n}", None, None, []) for n in range(count)]
    async with database.transaction() as conn:
        await write_people(conn, people)
        await write_jobs(conn, [finished_job(person.id) for person in people])


def finished_job(customer: str) -> SeedJob:
    start = now() - timedelta(hours=2)
    history = [(step, start + timedelta(minutes=number)) for number, step in enumerate(PATHS["completed"])]
    return SeedJob(
        uuid4(),
        customer,
        "pat",
        "junk_removal",
        "Sofa",
        None,
        *DOOR,
        "1 Street",
        "Street",
        9000,
        None,
        history,
    )


async def killed_before_the_commit(database: Database, subject: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def dies(*_args: object, **_how: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(scoring, "write_home_scores", dies)
        with pytest.raises(RuntimeError):
            await score_page(database, subject, now=now())


def test_a_night_and_a_completion_at_once_lose_no_job(database_url: str) -> None:
    async def story(database: Database) -> None:
        for number in range(10):
            job_id = await add_job(database, "completed", skill="junk_removal")
            await asyncio.gather(
                score_page(database, f"night-{number}", now=now()),
                score_after(database, job_id, now=now()),
            )
            row = await score_of(database)
            assert row is not None
            assert row.score_tenths == 500 + 50 * (number + 1)
            assert len(await recorded(database, job_id)) == 1

    with_database(database_url, story)


def test_of_two_catalogues_put_at_once_one_stands_whole(database_url: str) -> None:
    async def story(database: Database) -> None:
        catalogues = [{"junk_removal": n, f"skill_{n}": n} for n in range(1, 9)]

        async def put(points: dict[str, int]) -> None:
            async with database.transaction() as conn:
                if await replace_catalogue(conn, points):
                    await add_task(conn, NIGHTLY, f"catalogue {points}")

        await asyncio.gather(*(put(points) for points in catalogues))
        async with database.connection() as conn:
            rows = await conn.fetch("SELECT skill, points FROM score_catalogue")
            assert len(await waiting(conn)) == len(catalogues)
        assert {row["skill"]: row["points"] for row in rows} in catalogues

    with_database(database_url, story)


@pytest.fixture(scope="module")
def company(postgres: PostgresServer, template_database: str) -> Iterator[Process]:
    with abused(postgres, template_database) as process:
        yield process


def test_a_customer_reads_the_own_score_and_dispatch_anybodys(company: Process) -> None:
    with unharmed(company):
        job_id = job_in(company, "completed", skill="gutter_cleaning")

        async def score(database: Database) -> None:
            await score_after(database, UUID(job_id), now=now())

        with_database(company.env["DATABASE_URL"], score)
        status, mine = call(company, CLEO, "GET", "/api/me/home-score")
        assert (status, mine["score"], mine["base"], mine["cap"]) == (200, 65.0, 50, 100)
        (item,) = mine["items"]
        assert (item["job_id"], item["service"], item["points"], item["counts"]) == (
            job_id,
            "Mount a 55-inch TV",
            15,
            15.0,
        )
        assert item["finished_at"] < item["fades_from"] < item["gone_at"]
        assert call(company, DEE, "GET", "/api/dispatch/people/cleo/home-score") == (200, mine)
        assert call(company, ZOE, "GET", "/api/me/home-score")[1] == {
            "customer_id": "zoe",
            "score": 50.0,
            "base": 50,
            "cap": 100,
            "items": [],
            "computed_at": None,
        }
        assert call(company, PAT, "GET", "/api/me/home-score")[0] == 403
        assert call(company, ZOE, "GET", "/api/dispatch/people/cleo/home-score")[0] == 403
        for nobody in ("pat", "nobody"):
            assert call(company, DEE, "GET", f"/api/dispatch/people/{nobody}/home-score")[0] == 404


def test_dispatch_changes_the_catalogue_and_every_home_is_scored_anew(company: Process) -> None:
    with unharmed(company):
        address = "/api/dispatch/score-catalogue"
        _, before = call(company, DEE, "GET", address)
        assert {entry["skill"]: entry["points"] for entry in before["entries"]} == {
            "gutter_cleaning": 15,
            "junk_removal": 5,
            "pressure_washing": 10,
        }
        entries = [{"skill": "gutter_cleaning", "points": 20}, {"skill": "tv_mounting", "points": 1}]
        answer = {"entries": entries, "recomputing": True}
        assert call(company, DEE, "PUT", address, {"entries": entries}) == (200, answer)
        assert call(company, DEE, "PUT", address, {"entries": entries}) == (
            200,
            {**answer, "recomputing": False},
        )
        assert call(company, DEE, "GET", address)[1]["entries"] == entries
