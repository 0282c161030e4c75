"""Orders that wait for their payment: kept once, bound to their job, never overtaken by another."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from db.orders import order_by_reference
from db.pool import Database
from tests.company import with_company
from tests.effects import shared_company
from tests.fresh import freshened
from tests.test_intake import ORDER, imported, now, order, take
from tracker.jobs.intake import ReferenceConflict
from tracker.jobs.orders import keep_order, kept_order, read_order
from tracker.local_postgres import PostgresServer


@pytest.fixture(scope="module")
def company_url(postgres: PostgresServer, template_database: str) -> Iterator[str]:
    yield from shared_company(postgres, template_database)


@pytest.fixture
def database_url(company_url: str) -> str:
    return freshened(company_url)


async def keep(database: Database, value: dict[str, Any]) -> bool:
    async with database.transaction() as conn:
        return await keep_order(conn, read_order(value), now=now())


def test_a_kept_order_waits_for_its_payment_and_is_then_bound_to_its_job(database_url: str) -> None:
    async def story(database: Database) -> None:
        kept = await asyncio.gather(*(keep(database, ORDER) for _ in range(10)))
        assert sorted(kept) == [False] * 9 + [True]
        with pytest.raises(ReferenceConflict):
            await keep(database, order(price_cents=1))
        async with database.connection() as conn:
            waiting = await kept_order(conn, "shop-1")
            assert await kept_order(conn, "shop-2") is None
        assert waiting == read_order(ORDER)
        made = await take(database, msgspec.to_builtins(waiting))
        async with database.connection() as conn:
            row = await order_by_reference(conn, "shop-1")
        assert row is not None
        assert row.job_id == made.job_id
        assert not await keep(database, ORDER)  # as before

    with_company(database_url, story)


def test_a_paid_order_whose_window_has_passed_meanwhile_is_taken_all_the_same(database_url: str) -> None:
    async def story(database: Database) -> None:
        late = order(window_start="2020-01-01T10:00:00Z", window_end="2020-01-01T12:00:00Z")
        assert (await take(database, late)).made_now

    with_company(database_url, story)


def test_an_order_that_waits_for_payment_is_not_overtaken_by_another_one_with_its_reference(
    database_url: str,
) -> None:
    """Else its money would be taken and no job could be made of it."""

    async def story(database: Database) -> None:
        assert await keep(database, ORDER)
        (other,) = await imported(database, order(price_cents=1))
        assert other.problem is not None
        assert (other.outcome, other.problem.code) == ("refused", "reference_conflict")
        (same,) = await imported(database, ORDER)
        assert same.outcome == "created"
        assert (await take(database, ORDER)).job_id == same.job_id

        (made,) = await imported(database, order(reference="shop-2"))
        with pytest.raises(ReferenceConflict):
            await keep(database, order(reference="shop-2", price_cents=1))
        assert await keep(database, order(reference="shop-2"))
        async with database.connection() as conn:
            row = await order_by_reference(conn, "shop-2")
        assert row is not None
        assert row.job_id == made.job_id

    with_company(database_url, story)
