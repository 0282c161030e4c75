"""Reviews at once: one per job and direction, one alert per drop, and totals that are those of the rows."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from db.pool import Database
from db.seeding import SeedPerson, write_people
from rooms.principal import Principal, Role
from tests.company import add_job, with_database
from tests.effects import shared_company
from tests.fresh import freshened
from tests.reviewing import CLEO, PAT, ZOE, Kept, hide, kept, rate, rate_new
from tracker.local_postgres import PostgresServer
from tracker.reputation.reviews import MOST_PER_DAY, AlreadyReviewed, Posted, TooManyReviews


@pytest.fixture(scope="module")
def company_url(postgres: PostgresServer, template_database: str) -> Iterator[str]:
    yield from shared_company(postgres, template_database)


@pytest.fixture
def database_url(company_url: str) -> str:
    return freshened(company_url)


async def all_at_once(*work: Any) -> Counter[type]:
    """What became of each; as many at once as the database has connections, so that none waits for one."""
    places = asyncio.Semaphore(8)

    async def placed(one: Any) -> Any:
        async with places:
            return await one

    return Counter(type(one) for one in await asyncio.gather(*map(placed, work), return_exceptions=True))


def test_the_same_review_twenty_times_at_once_is_one_review(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "completed")
        posted = await asyncio.gather(*(rate(database, job_id, 3, CLEO, "so so") for _ in range(20)))
        assert len({one.review_id for one in posted}) == 1
        assert sum(one.version is not None for one in posted) == 1
        assert await kept(database) == Kept(1, 3, True, 1)

    with_database(database_url, story)


def test_of_twenty_different_reviews_at_once_one_is_taken(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "completed")
        outcomes = await all_at_once(*(rate(database, job_id, 5, CLEO, f"text {n}") for n in range(20)))
        assert outcomes == {Posted: 1, AlreadyReviewed: 19}
        assert (await kept(database)).count == 1

    with_database(database_url, story)


def test_two_customers_at_the_line_at_once_make_one_alert(database_url: str) -> None:
    async def story(database: Database) -> None:
        for drop in range(1, 5):
            jobs = [await add_job(database, "completed", customer=who) for who in ("cleo", "zoe")]
            await asyncio.gather(rate(database, jobs[0], 1, CLEO), rate(database, jobs[1], 1, ZOE))
            assert (await kept(database)).alerts == drop
            async with database.connection() as conn:  # as if good ones had come in: back above the line
                await conn.execute("UPDATE reviews SET rating = 5")
                await conn.execute("UPDATE people SET rating_sum = 5 * rating_count, rating_low = false")

    with_database(database_url, story)


def test_both_sides_rating_each_other_on_many_jobs_at_once_never_wait_for_each_other(
    database_url: str,
) -> None:
    async def story(database: Database) -> None:
        jobs = [await add_job(database, "completed") for _ in range(12)]
        outcomes = await all_at_once(
            *(rate(database, job_id, 5, who) for job_id in jobs for who in (CLEO, PAT))
        )
        assert outcomes == {Posted: 24}
        assert await kept(database, "pat") == await kept(database, "cleo") == Kept(12, 60, False, 0)

    with_database(database_url, story)


def test_hiding_against_writing_keeps_the_totals_those_of_the_rows(database_url: str) -> None:
    async def story(database: Database) -> None:
        for _ in range(6):
            reviews = [await rate_new(database, stars) for stars in (1, 5)]
            job_id = await add_job(database, "completed")
            await asyncio.gather(
                *(hide(database, review) for review in reviews),
                *(hide(database, reviews[0], hidden=False) for _ in range(3)),
                rate(database, job_id, 4),
            )
            await kept(database)  # compares them

    with_database(database_url, story)


def test_hiding_one_review_twenty_times_at_once_takes_it_from_the_average_once(database_url: str) -> None:
    async def story(database: Database) -> None:
        await rate_new(database, 5)
        review = await rate_new(database, 5)
        done = await asyncio.gather(*(hide(database, review) for _ in range(20)))
        assert sum(one.version is not None for one in done) == 1
        assert await kept(database) == Kept(1, 5, False, 0)

    with_database(database_url, story)


def test_an_author_cannot_pass_the_daily_number_by_writing_at_once(database_url: str) -> None:
    async def story(database: Database) -> None:
        pros = [f"pro-{n}" for n in range(4)]
        async with database.transaction() as conn:
            await write_people(conn, [SeedPerson(one, "pro", one, None, None, []) for one in pros])
        jobs = [await add_job(database, "completed", pro=pros[n % 4]) for n in range(MOST_PER_DAY + 10)]
        outcomes = await all_at_once(*(rate(database, job_id, 5) for job_id in jobs))
        assert outcomes == {Posted: MOST_PER_DAY, TooManyReviews: 10}
        rates = [rate(database, jobs[n], 5, Principal(pros[n % 4], Role.PRO)) for n in range(8)]
        assert await all_at_once(*rates) == {Posted: 8}

    with_database(database_url, story)
