"""The report of figures: its days, its indexes, its address, its page."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import get_type_hints
from zoneinfo import ZoneInfo

import httpx
import pytest

from db.analytics_money import MoneyFigures
from db.errors import Invalid
from db.pool import Database
from tests.company import with_database
from tests.effects import shared_company
from tests.fresh import freshened
from tests.money_stage import Stage, at, money_place
from tests.rows import BERLIN, NOON, job, post
from tests.running import token
from tests.unharmed import DEE, PAT, abused, call, job_in, unharmed
from tracker.analytics import (
    MAX_DAYS,
    MOST_AT_ONCE,
    Analyst,
    Figures,
    Report,
    TooManyReports,
    begin_of,
    range_of,
)
from tracker.local_postgres import PostgresServer
from tracker.money.payer import SANDBOX

SHORT, DAY, LONG = date(2026, 3, 29), date(2026, 3, 30), date(2026, 10, 25)  # 23, 24 and 25 hours
BAD = ("from=2026-03-30&to=2026-03-29", "from=2020-01-01", "from=x", "to=0001-01-01", "format=xls", "days=3")


@pytest.fixture(scope="module")
def company_url(postgres: PostgresServer, template_database: str) -> Iterator[str]:
    yield from shared_company(postgres, template_database)


@pytest.fixture
def database_url(company_url: str) -> str:
    return freshened(company_url)


def test_a_range_is_of_days_that_are_and_of_a_year_at_most() -> None:
    today = date(2026, 11, 21)
    assert range_of(None, None, today) == (date(2026, 10, 23), today)
    assert range_of(LONG, None, today) == (LONG, today)
    assert range_of(None, SHORT, today) == (date(2026, 2, 28), SHORT)
    year = SHORT + timedelta(days=MAX_DAYS - 1)
    for first, last in ((SHORT, SHORT), (SHORT, year)):
        assert range_of(first, last, today) == (first, last)
    for first, last in (
        (SHORT, year + timedelta(days=1)),
        (DAY, SHORT),
        (today + timedelta(days=1), None),
        (date.min, None),
        (None, date.min),
        (date.max, date.max),
        (None, date.max),
    ):
        with pytest.raises(Invalid):
            range_of(first, last, today)


def test_the_companys_day_is_the_one_of_its_time_zone(database_url: str) -> None:
    async def story(database: Database) -> None:
        late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
        assert Analyst(database, BERLIN).today(late) == date(2026, 11, 21)

    with_database(database_url, story)


def test_a_screen_that_asks_again_and_again_waits_for_no_more_than_a_few_reports(database_url: str) -> None:
    async def story(database: Database) -> None:
        analyst = Analyst(database, BERLIN)
        asked = (analyst.report(SHORT, DAY) for _ in range(MOST_AT_ONCE + 6))
        outcomes = Counter(type(one) for one in await asyncio.gather(*asked, return_exceptions=True))
        assert outcomes == {Report: MOST_AT_ONCE, TooManyReports: 6}
        assert (await analyst.report(SHORT, DAY)).first == SHORT

    with_database(database_url, story)


def test_a_day_whose_midnight_does_not_exist_begins_when_the_clocks_leap() -> None:
    cairo = ZoneInfo("Africa/Cairo")
    leap = date(2026, 4, 24)  # at 00:00 it is 01:00
    assert begin_of(leap, cairo) == datetime(2026, 4, 23, 22, tzinfo=UTC)
    assert begin_of(leap, cairo).astimezone(cairo).hour == 1


INDEXES = (
    "jobs_by_status",
    "jobs_created",
    "jobs_finished",
    "jobs_cancelled",
    "jobs_accepted",
    "jobs_arrived",
    "ledger_transactions_posted",
    "ledger_entries_of_transaction",
    "ledger_entries_owed",
    "reviews_written",
    "deliveries_due",
)


def test_every_figure_is_read_by_an_index(database_url: str) -> None:
    async def story(database: Database) -> dict[str, int]:
        async with database.transaction() as conn:
            await job(conn, arrived_at=NOON, accepted_at=NOON, opened_at=NOON)
            await post(conn, "refund:1", "refund", NOON, provider_balance=-1300, pro_payable=1300)
        async with database.connection() as conn:  # the one connection that the report takes next
            await conn.execute("SET enable_seqscan = off")
        await Analyst(database, BERLIN).report(SHORT, DAY)
        async with database.connection() as conn:
            await conn.execute("SELECT pg_stat_force_next_flush()")
            rows = await conn.fetch("SELECT indexrelname, idx_scan FROM pg_stat_user_indexes")
        return {row["indexrelname"]: row["idx_scan"] for row in rows}

    async def found(database: Database) -> dict[str, int]:
        one = await Database.connect(database.dsn, size=1)
        try:
            return await story(one)
        finally:
            await one.close()

    used = with_database(database_url, found)
    assert [index for index in INDEXES if not used[index]] == []


def test_dispatch_reads_it_over_http_as_json_and_csv(
    postgres: PostgresServer, template_database: str
) -> None:
    with abused(postgres, template_database, TIME_ZONE="Europe/Berlin") as web, unharmed(web):
        job_in(web, "completed")
        status, answer = call(web, DEE, "GET", "/api/dispatch/analytics?from=2026-03-29&to=2026-03-30")
        assert status == 200
        assert (answer["from"], answer["to"], answer["time_zone"]) == (
            "2026-03-29",
            "2026-03-30",
            "Europe/Berlin",
        )
        assert [day["day"] for day in answer["days"]] == ["2026-03-29", "2026-03-30"]
        assert answer["days"][0]["figures"] == answer["total"]
        assert answer["statuses"] == {"completed": 1}
        today = call(web, DEE, "GET", "/api/dispatch/analytics")[1]
        assert (len(today["days"]), today["total"]["jobs"]["completed"]) == (30, 1)
        as_dee = {"Authorization": f"Bearer {token(*DEE)}"}
        sheet = httpx.get(f"{web.url}/api/dispatch/analytics?format=csv", headers=as_dee)
        assert sheet.headers["content-type"] == "text/csv; charset=utf-8"
        assert sheet.headers["content-disposition"].startswith('attachment; filename="analytics-')
        assert len(sheet.text.splitlines()) == 32
        assert call(web, PAT, "GET", "/api/dispatch/analytics")[0] == 403
        for query in (
            "from=2026-03-30&to=2026-03-29",
            "from=2020-01-01",
            "from=x",
            "to=0001-01-01",
            "format=xls",
        ):
            status, refused = call(web, DEE, "GET", f"/api/dispatch/analytics?{query}")
            assert (status, refused["code"]) == (422, "invalid"), query


def test_money_that_really_moved_is_in_the_figures(postgres: PostgresServer, template_database: str) -> None:
    async def story(stage: Stage) -> None:
        job_id = await stage.job("in_progress")
        await stage.set(job_id, price_cents=13_000)
        await stage.hold(job_id)
        await stage.work()
        await stage.set(job_id, final_price_cents=12_000)
        await stage.tip(job_id, 1_000)
        await stage.complete(job_id)
        await stage.work()
        await stage.tip(job_id, 500, "after")
        await stage.work()
        await stage.refund(job_id, 1_300)
        await stage.work()
        analyst = Analyst(stage.tools.database, BERLIN)
        today = analyst.today(datetime.now(UTC))
        report = await analyst.report(today - timedelta(days=1), today)
        assert report.total.money == MoneyFigures(
            captured_cents=13_500,
            refunded_cents=1_300,
            revenue_cents=12_200,
            fees_cents=4_280,  # 40 % of the 10,700 that are left of the price
            tips_cents=1_500,
            pros_cents=6_420 + 1_500,
        )
        assert report.owed_cents == 6_420 + 1_500

    with money_place(postgres, template_database) as place:
        at(SANDBOX, place, story)


def test_every_figure_is_explained_to_the_reader() -> None:
    page = (Path(__file__).parent.parent / "docs" / "analytics.md").read_text(encoding="utf-8")
    groups = get_type_hints(Figures)
    named = {f"{group}.{field.name}" for group, kind in groups.items() for field in fields(kind)}
    assert named == set(re.findall(r"^\| `([a-z_.0-9]+)` \|", page, re.MULTILINE))
