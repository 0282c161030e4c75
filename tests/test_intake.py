"""An order becomes a job: once, whatever the race, with every default of the company filled in."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db.errors import Invalid
from db.job_events import broken_links, events_since
from db.jobs import Job, job_by_id
from db.pain_flags import flags_of_job
from db.pool import Connection, Database
from tests.company import with_company
from tests.effects import shared_company
from tests.fresh import freshened
from tracker.jobs.consequences import EFFECTS
from tracker.jobs.facts import Actor
from tracker.jobs.import_orders import Outcome, import_orders
from tracker.jobs.intake import Created, ReferenceConflict
from tracker.jobs.lifecycle import Status
from tracker.jobs.orders import Customer, customer_id_of, read_order, take_order
from tracker.local_postgres import PostgresServer

DEE = Actor("dee", "dispatcher")
LATER = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)
ORDER: dict[str, Any] = {
    "reference": "shop-1",
    "customer": {"id": "cleo", "name": "Cleo Hart"},
    "skill": "tv_mounting",
    "service": "Mount two TVs",
    "lat": 53.4084,
    "lng": -2.9916,
    "address": "12 Castle Street, Apt 3, Liverpool",
    "price_cents": 24_000,
    "items": [
        {"mount_type": "tilt", "tv_size_in": 55},
        {"mount_type": "fixed", "tv_size_in": 43, "customer_provides": True},
    ],
    "window_start": LATER.isoformat(),
    "window_end": (LATER + timedelta(hours=2)).isoformat(),
}


@pytest.fixture(scope="module")
def company_url(postgres: PostgresServer, template_database: str) -> Iterator[str]:
    yield from shared_company(postgres, template_database)


@pytest.fixture
def database_url(company_url: str) -> str:
    return freshened(company_url)


def now() -> datetime:
    return datetime.now(UTC)


def order(**changes: Any) -> dict[str, Any]:
    return {**ORDER, **changes}


async def take(database: Database, value: dict[str, Any], source: str = "checkout") -> Created:
    async def work(conn: Connection) -> Created:
        return await take_order(conn, read_order(value), source=source, now=now())

    return await database.in_transaction(work)


async def read(database: Database, made: Created) -> Job:
    async with database.connection() as conn:
        job = await job_by_id(conn, made.job_id)
        assert await broken_links(conn) == []
    assert job is not None
    return job


async def imported(database: Database, *values: Any) -> list[Outcome]:
    return await import_orders(database, values, actor=DEE, now=now())


def test_an_order_becomes_a_job_with_every_default_its_flags_and_its_first_event(database_url: str) -> None:
    async def story(database: Database) -> None:
        made = await take(database, order(open=True))
        job = await read(database, made)
        assert (made.made_now, made.version, made.status, made.customer_id) == (True, 1, Status.OPEN, "cleo")
        assert (job.source, job.reference, job.order_required) == ("checkout", "shop-1", True)
        assert (job.order_stage, job.approximate_address) == ("PENDING_REVIEW", "Castle Street, Liverpool")
        assert job.metadata["equipment_lane"] == "HYBRID"
        assert "wire_management_required" not in job.metadata  # the default, UNKNOWN
        assert (job.window_start, job.window_end) == (LATER, LATER + timedelta(hours=2))
        async with database.connection() as conn:
            flags = await flags_of_job(conn, job.id)
            (event,) = await events_since(conn, job.id, 0)
            effects = await conn.fetch("SELECT effect FROM outbox WHERE job_id = $1 ORDER BY 1", job.id)
        expected = ["ORDERING_AMBIGUOUS", "WALL_TYPE_UNKNOWN", "WIRE_MANAGEMENT_UNKNOWN"]
        assert sorted(flag.type for flag in flags) == expected
        assert all(flag.by_rule and flag.is_open for flag in flags)
        assert (event.kind, event.to_status, event.actor_id) == ("created", "open", "system")
        assert sorted(event.data["flags_added"]) == expected
        assert (event.data["source"], event.data["reference"]) == ("checkout", "shop-1")
        assert [row["effect"] for row in effects] == sorted(EFFECTS[Status.OPEN])

    with_company(database_url, story)


def test_twenty_times_the_same_order_at_once_is_one_job_and_another_order_is_a_conflict(
    database_url: str,
) -> None:
    async def story(database: Database) -> None:
        stranger = order(customer={"name": "Ann Lee", "email": "ann@example.com"})
        made = await asyncio.gather(*(take(database, stranger) for _ in range(20)))
        assert len({one.job_id for one in made}) == 1
        assert Counter(one.made_now for one in made) == {True: 1, False: 19}
        async with database.connection() as conn:
            await conn.execute(
                "UPDATE jobs SET order_required = false, final_price_cents = 5, window_start = NULL,"
                " window_end = NULL, metadata = '{}'"
            )
        assert not (await take(database, stranger, "import")).made_now  # edited since, and the same order
        for other in (
            {"price_cents": 1},
            {"items": []},
            {"notes": "gate 4711"},
            {"customer": {"name": "Ann Lee", "email": "ann@example.org"}},
            {"window_end": (LATER + timedelta(hours=3)).isoformat()},
        ):
            with pytest.raises(ReferenceConflict):
                await take(database, {**stranger, **other})

    with_company(database_url, story)


def test_different_orders_with_one_reference_at_once_make_one_job(database_url: str) -> None:
    async def story(database: Database) -> None:
        for number in range(5):
            orders = [order(reference=f"race-{number}", price_cents=cents) for cents in (100, 200)]
            outcomes = await asyncio.gather(*(take(database, one) for one in orders), return_exceptions=True)
            assert sorted(type(one).__name__ for one in outcomes) == ["Created", "ReferenceConflict"]

    with_company(database_url, story)


@pytest.mark.parametrize(
    ("changes", "required", "lane", "stage"),
    [
        ({"items": []}, False, "BYO", "NOT_NEEDED"),
        ({"items": [{"customer_provides": True}]}, False, "BYO", "NOT_NEEDED"),
        ({"items": [{}]}, True, "COMPANY_SUPPLIED", "PENDING_REVIEW"),
        ({"items": [], "order_required": True}, True, "BYO", "PENDING_REVIEW"),
        ({"items": [{}], "order_required": False}, False, "COMPANY_SUPPLIED", "NOT_NEEDED"),
        ({"items": [], "equipment_lane": "HYBRID"}, True, "HYBRID", "PENDING_REVIEW"),
    ],
)
def test_what_is_ordered_follows_from_the_items_unless_the_order_says_it(
    database_url: str, changes: dict[str, Any], required: bool, lane: str, stage: str
) -> None:
    async def story(database: Database) -> None:
        job = await read(database, await take(database, order(**changes)))
        assert (job.order_required, job.order_stage) == (required, stage)
        assert job.metadata.get("equipment_lane", "BYO") == lane

    with_company(database_url, story)


def test_people_are_one_only_when_name_mail_and_phone_are_the_same() -> None:
    def person(**who: str) -> str:
        return customer_id_of(Customer(name="Ann Lee", **who), "r-1")

    assert person(id="shop-7") == "shop-7"
    same = person(email="Ann@Example.com", phone="+1 (555) 01-00")
    assert same == person(email="ann@example.com", phone="+1555 0100")
    others = {
        person(email="ann@example.com"),
        person(phone="+15550100"),
        person(email="ann@example.com", phone="+15550101"),
        customer_id_of(Customer(name="Bob Lee", email="ann@example.com", phone="+15550100"), "r-1"),
        person(),
        customer_id_of(Customer(name="Ann Lee"), "r-2"),
    }
    assert len(others | {same}) == 7


def test_a_known_customer_stays_as_known_and_somebody_else_is_not_one(database_url: str) -> None:
    async def story(database: Database) -> None:
        who = {"id": "cleo", "name": "Somebody Else", "email": "else@example.com"}
        await take(database, order(customer=who))
        async with database.connection() as conn:
            kept = await conn.fetchrow("SELECT name, email FROM people WHERE id = 'cleo'")
        assert tuple(kept) == ("Cleo Hart", "cleo@example.com")
        for no_customer in ("pat", "dee"):
            with pytest.raises(Invalid, match="customer"):
                await take(database, order(reference="r", customer={"id": no_customer, "name": "X"}))
        with pytest.raises(Invalid):
            await take(database, order(reference="r", skill="juggling", customer={"name": "New One"}))
        async with database.connection() as conn:
            assert await conn.fetchval("SELECT count(*) FROM people WHERE name = 'New One'") == 0

    with_company(database_url, story)


def test_an_import_tries_every_order_and_says_what_became_of_each(database_url: str) -> None:
    async def story(database: Database) -> None:
        past = {
            "window_start": "2020-01-01T10:00:00Z",
            "window_end": "2020-01-01T12:00:00Z",
        }
        batch = [
            order(reference="a"),
            order(reference="b", price_cents=-1),
            order(reference="c", skill="juggling"),
            order(reference="a"),
            order(reference="a", price_cents=1),
            order(reference="d", **past),
            "no order",
            order(reference="e", customer={"name": "Ann", "phone": "+15550177"}),
        ]
        outcomes = await imported(database, *batch)
        assert [one.outcome for one in outcomes] == [
            "created",
            "refused",
            "refused",
            "existing",
            "refused",
            "refused",
            "refused",
            "created",
        ]
        problems = [one.problem for one in outcomes if one.problem]
        assert [problem.code for problem in problems] == [
            "invalid",
            "invalid",
            "reference_conflict",
            "invalid",
            "invalid",
        ]
        assert [one.reference for one in outcomes] == ["a", "b", "c", "a", "a", "d", None, "e"]
        again = await imported(database, *batch)
        assert Counter(one.outcome for one in again) == {"existing": 3, "refused": 5}
        async with database.connection() as conn:
            assert await conn.fetchval("SELECT count(*) FROM jobs WHERE source = 'import'") == 2
            assert await conn.fetchval("SELECT count(*) FROM job_events WHERE actor_id = 'dee'") == 2

    with_company(database_url, story)
