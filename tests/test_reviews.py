"""Reviews: both ways, once each, counted in the average; dispatch hears of each drop once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.errors import NotFound
from db.job_events import JobEvent, broken_links, events_since
from db.pool import Database
from tests.company import add_job, with_database
from tests.effects import shared_company
from tests.fresh import freshened
from tests.reviewing import CLEO, DEE, PAT, QUINN, ZOE, Kept, hide, kept, rate, rate_new
from tracker.local_postgres import PostgresServer
from tracker.reputation.rating import Rating
from tracker.reputation.reviews import (
    MOST_PER_DAY,
    OPEN_FOR,
    AlreadyReviewed,
    Direction,
    NotFinished,
    ReviewsClosed,
    TooManyReviews,
)

NOBODY = Rating(0, 0, False)


@pytest.fixture(scope="module")
def company_url(postgres: PostgresServer, template_database: str) -> Iterator[str]:
    yield from shared_company(postgres, template_database)


@pytest.fixture
def database_url(company_url: str) -> str:
    return freshened(company_url)


async def events_of(database: Database, job_id: UUID) -> list[JobEvent]:
    async with database.connection() as conn:
        assert await broken_links(conn) == []
        return await events_since(conn, job_id, 0)


@pytest.mark.parametrize(
    ("stars", "low"),
    [
        ((), False),
        ((5, 4, 4, 4, 4), False),
        ((4,), True),
        ((5, 3), True),
        ((5, 5, 5, 5, 1), False),
        ((1,), True),
    ],
)
def test_low_is_an_average_below_4_2_and_not_exactly_on_it(stars: tuple[int, ...], low: bool) -> None:
    rating = NOBODY
    for one in stars:
        rating = rating.counting(one)
    assert rating.is_low is low


def test_an_average_has_two_decimals_and_nobody_has_one_without_a_review() -> None:
    assert NOBODY.average is None
    assert Rating(3, 13, False).average == 4.33


@given(st.lists(st.tuples(st.integers(1, 5), st.booleans()), max_size=30))
def test_there_is_one_alert_per_drop_whatever_is_written_and_hidden(steps: list[tuple[int, bool]]) -> None:
    rating, counted, alerts, drops, low = NOBODY, [], 0, 0, False
    for stars, hides in steps:
        if hides and counted:
            rating = rating.without(counted.pop())
        else:
            rating, counted = rating.counting(stars), [*counted, stars]
        rating, dropped = rating.told()
        alerts += dropped
        drops, low = drops + (rating.is_low and not low), rating.is_low
        assert rating == Rating(len(counted), sum(counted), low)
    assert alerts == drops


def test_each_side_rates_the_other_and_the_job_remembers_it(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "completed")
        version = len(await events_of(database, job_id))
        first = await rate(database, job_id, 5, CLEO, "Neat work.\nOn time.")
        second = await rate(database, job_id, 4, PAT, "Easy to find")
        assert (first.direction, second.direction) == (Direction.CUSTOMER_TO_PRO, Direction.PRO_TO_CUSTOMER)
        assert await kept(database, "pat") == Kept(1, 5, False, 0)
        assert await kept(database, "cleo") == Kept(1, 4, True, 1)
        events = (await events_of(database, job_id))[version:]
        assert [(event.kind, event.actor_id, event.data) for event in events] == [
            ("reviewed", "cleo", {"review": first.review_id, "direction": "customer_to_pro", "rating": 5}),
            ("reviewed", "pat", {"review": second.review_id, "direction": "pro_to_customer", "rating": 4}),
        ]
        assert [event.version for event in events] == [first.version, second.version]

    with_database(database_url, story)


def test_the_same_review_again_is_answered_as_before_and_another_one_refused(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "completed")
        first = await rate(database, job_id, 5, CLEO, "Good")
        for later in (timedelta(0), timedelta(days=1), OPEN_FOR * 2):
            again = await rate(database, job_id, 5, CLEO, "Good", later=later)
            assert (again.review_id, again.version) == (first.review_id, None)
            for stars, comment in ((4, "Good"), (5, "good"), (5, "")):
                with pytest.raises(AlreadyReviewed):
                    await rate(database, job_id, stars, CLEO, comment, later=later)
        assert await kept(database) == Kept(1, 5, False, 0)

    with_database(database_url, story)


def test_only_the_parties_of_a_finished_job_review_it_and_only_for_ninety_days(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "completed")
        for stranger in (ZOE, QUINN, DEE):
            with pytest.raises(NotFound):
                await rate(database, job_id, 1, stranger)
        for status in ("pending", "open", "accepted", "in_progress", "cancelled"):
            with pytest.raises(NotFinished):
                await rate(database, await add_job(database, status), 1)
        with pytest.raises(ReviewsClosed):
            await rate(database, job_id, 5, later=OPEN_FOR)
        await rate(database, job_id, 5, later=OPEN_FOR - timedelta(hours=1))
        assert await kept(database) == Kept(1, 5, False, 0)

    with_database(database_url, story)


def test_a_paid_job_is_reviewed_like_a_completed_one(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "completed")
        async with database.connection() as conn:
            await conn.execute("UPDATE jobs SET status = 'paid' WHERE id = $1", job_id)
        await rate(database, job_id, 5)
        assert await kept(database) == Kept(1, 5, False, 0)

    with_database(database_url, story)


def test_dispatch_is_told_of_a_drop_once_and_of_the_next_drop_again(database_url: str) -> None:
    async def story(database: Database) -> None:
        seen = []
        for stars in (5, 3, 1, 5, 5, 5, 5, 5, 5, 1, 1):
            await rate_new(database, stars)
            seen.append((await kept(database)).alerts)
        # 5 · 4.0 drops · 3.0 · 3.5 · 3.8 · 4.0 · 4.14 · 4.25 is back · 4.33 · 4.0 drops · 3.73
        assert seen == [0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2]
        async with database.connection() as conn:
            told = await conn.fetch("SELECT person_id, title, body FROM notifications ORDER BY id")
        assert [(row["person_id"], row["title"]) for row in told] == [
            ("dee", "Pat Mason is rated 4.00"),
            ("dee", "Pat Mason is rated 4.00"),
        ]
        assert told[0]["body"] == "The average of 2 reviews of Pat Mason (pro) has dropped below 4.2."

    with_database(database_url, story)


def test_a_hidden_review_does_not_count_and_hiding_a_good_one_may_be_the_drop(database_url: str) -> None:
    async def story(database: Database) -> None:
        good, bad = await rate_new(database, 5), await rate_new(database, 3)
        assert await kept(database) == Kept(2, 8, True, 1)
        await hide(database, bad)
        assert await kept(database) == Kept(1, 5, False, 1)
        assert (await hide(database, bad)).version is None  # it was so before
        await hide(database, bad, hidden=False)
        assert await kept(database) == Kept(2, 8, True, 2)  # back below the line: another drop
        await hide(database, good)
        assert await kept(database) == Kept(1, 3, True, 2)
        await hide(database, bad)
        assert await kept(database) == Kept(0, 0, False, 2)
        with pytest.raises(NotFound):
            await hide(database, 10**12)

    with_database(database_url, story)


def test_hiding_is_recorded_on_the_job_with_its_reason_and_makes_no_room_for_another(
    database_url: str,
) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "completed")
        review_id = (await rate(database, job_id, 1, comment="abuse")).review_id
        await hide(database, review_id)
        event = (await events_of(database, job_id))[-1]
        data = {"review": review_id, "direction": "customer_to_pro", "reason": "a test"}
        assert (event.kind, event.actor_id, event.data) == ("review_hidden", "dee", data)
        with pytest.raises(AlreadyReviewed):
            await rate(database, job_id, 2)
        await hide(database, review_id, hidden=False)
        assert (await events_of(database, job_id))[-1].kind == "review_shown"

    with_database(database_url, story)


def test_an_author_writes_so_many_reviews_a_day_and_is_told_when_there_is_room_again(
    database_url: str,
) -> None:
    async def story(database: Database) -> None:
        for _ in range(MOST_PER_DAY):
            await rate_new(database, 5)
        async with database.connection() as conn:
            oldest = await conn.fetchval("SELECT min(created_at) FROM reviews")
        job_id = await add_job(database, "completed")
        with pytest.raises(TooManyReviews) as refused:
            await rate(database, job_id, 5)
        wait = timedelta(seconds=refused.value.facts["retry_after_s"])
        assert abs(oldest + timedelta(days=1) - datetime.now(UTC) - wait) < timedelta(seconds=2)
        await rate_new(database, 5, ZOE)  # nobody else waits
        await rate(database, job_id, 5, later=wait)
        assert (await kept(database)).count == MOST_PER_DAY + 2

    with_database(database_url, story)
