"""The figures page: what the report says, in one look, drawn, as a table, and in a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Request

from db.pool import Database
from tests import rows
from tests.company import with_database
from tests.office import Office, open_office
from tests.pages import PHONE, Visitor
from tracker.local_postgres import PostgresServer

pytestmark = pytest.mark.browser
PAGE = "&page=figures"
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=1, microsecond=0)


@pytest.fixture(scope="module")
def office(postgres: PostgresServer, template_database: str, browser: Browser) -> Iterator[Office]:
    with open_office(postgres, template_database, browser) as office:
        with_database(office.server.env["DATABASE_URL"], last_weeks)
        yield office


async def last_weeks(database: Database) -> None:
    """A job a day for 20 days until today, taken after ten minutes; in the last 10 two, one of them late."""
    async with database.transaction() as conn:
        for back in range(20):
            day = TODAY - timedelta(days=back)
            for late in (False, True)[: 2 if back < 10 else 1]:
                window_end = day + timedelta(hours=2)
                job_id = await rows.job(
                    conn,
                    day,
                    opened_at=day,
                    accepted_at=day + timedelta(minutes=10),
                    window_start=day,
                    window_end=window_end,
                    arrived_at=window_end + timedelta(minutes=30 if late else -30),
                    promised_arrival_at=window_end + timedelta(minutes=27 if late else -34),
                    finished_at=day + timedelta(hours=3),
                )
                payment = await rows.payment(conn, job_id, 10_000, 0)
                await rows.post(
                    conn,
                    f"payment:{payment}:capture",
                    "capture",
                    day,
                    provider_balance=10_000,
                    pro_payable=-6_000,
                    platform_revenue=-4_000,
                )
        await rows.review(conn, TODAY, 4)
        await rows.job(conn, TODAY, "cancelled", cancelled_at=TODAY)


def tile(visitor: Visitor, title: str) -> str:
    """What a tile says, in one line."""
    found = visitor.page.locator(".tile", has=visitor.page.get_by_role("heading", name=title, exact=True))
    return " | ".join(filter(None, found.first.inner_text().split("\n")))


def test_the_range_is_told_in_one_look_and_compared_with_the_days_before(office: Office) -> None:
    with office.desk(PAGE) as dee:
        page = dee.page
        dee.sees(".tile", "$3,000.00")
        assert tile(dee, "Our share").startswith("Our share | $1,200.00")
        assert tile(dee, "On time").startswith("On time | 67% | 20 of 30 arrivals with an appointment")
        assert tile(dee, "Time to claim").startswith("Time to claim | 10 min")
        assert tile(dee, "ETA right within 5 min").startswith("ETA right within 5 min | 100%")
        assert tile(dee, "Jobs cancelled").startswith("Jobs cancelled | 1")
        assert tile(dee, "Rating of pros").startswith("Rating of pros | ★ 4")
        page.click("label:has-text('7 days')")
        dee.sees(".tile", "$1,400.00")
        dee.sees(".tile-difference", "▲ 40% more than in the 7 days before")  # 14 jobs, after 10


def test_a_chart_is_read_by_keys_and_as_a_table(office: Office) -> None:
    with office.desk(PAGE) as dee:
        page = dee.page
        chart = page.locator(".chart", has_text="What was earned")
        chart.locator(".chart-bar").first.wait_for()
        assert chart.locator(".chart-bar").count() == 40  # two parts of each of twenty days
        assert chart.get_by_role("img").get_attribute("aria-label").startswith("What was earned, chart from")  # type: ignore[union-attr]
        chart.locator(".chart-plot").focus()
        page.keyboard.press("End")
        said = chart.locator(".chart-said")
        assert said.inner_text().endswith("Our share $80.00 · The pros’ share and tips $120.00")
        page.keyboard.press("Home")
        assert said.inner_text().endswith("Our share $0.00 · The pros’ share and tips $0.00")
        page.keyboard.press("Escape")
        assert said.inner_text().strip() == ""
        chart.locator("summary").click()
        newest = chart.locator("tbody tr").first.locator("th, td").all_inner_texts()
        assert newest[1:] == ["$80.00", "$120.00"]
        assert chart.locator("tbody tr").count() == 30
        waits = page.locator(".chart", has_text="Time to claim")
        waits.locator(".chart-plot").hover()
        dee.until(lambda: ":" in waits.locator(".chart-said").inner_text(), "the value under the pointer")


def test_days_of_ones_own_are_shown_and_saved_as_they_are_shown(office: Office, tmp_path: Path) -> None:
    first, last = (TODAY - timedelta(days=12)).date(), (TODAY - timedelta(days=8)).date()
    with office.desk(PAGE) as dee:
        page = dee.page
        dee.sees(".tile", "$3,000.00")
        page.click("label:has-text('Other days')")
        page.fill("#figures-from", last.isoformat())
        page.fill("#figures-to", first.isoformat())
        page.click("#page-figures form button")
        assert not page.locator("#figures-to").evaluate("(input) => input.checkValidity()")
        page.fill("#figures-from", first.isoformat())
        page.fill("#figures-to", last.isoformat())
        page.click("#page-figures form button")
        dee.sees(".tile", "$700.00")  # three days of one job, two of two
        with page.expect_download() as downloading:
            page.click("#page-figures [data-key=csv]")
        assert downloading.value.suggested_filename == f"figures-{first}-{last}.csv"
        downloading.value.save_as(tmp_path / "figures.csv")
    days = list(csv.DictReader(io.StringIO((tmp_path / "figures.csv").read_text("utf-8"))))
    assert [day["day"] for day in days][:: len(days) - 1] == [first.isoformat(), "total"]
    assert (days[-1]["money_revenue_cents"], days[-1]["money_pros_cents"]) == ("70000", "42000")


def test_days_without_anything_say_so_and_a_phone_needs_no_scrolling_sideways(office: Office) -> None:
    with office.desk(PAGE) as dee:
        page = dee.page
        page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
        page.locator(".chart-bar").first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        widths = page.locator(".chart-plot svg").evaluate_all(
            "(all) => all.map((svg) => svg.clientWidth <= svg.parentElement.clientWidth)"
        )
        assert widths
        assert all(widths)
        page.click("label:has-text('Other days')")
        page.fill("#figures-from", "2019-01-01")
        page.fill("#figures-to", "2019-01-31")
        page.click("#page-figures form button")
        dee.sees("#page-figures", "Nothing happened in these days")
        assert page.locator(".chart").count() == 0
        page.route("**/api/dispatch/analytics*", lambda route: route.abort())
        page.click("label:has-text('30 days')")
        dee.sees("#page-figures [role=alert]", "The server did not answer")


def test_the_report_is_not_asked_for_each_time_that_somebody_comes_back_to_it(office: Office) -> None:
    asked: list[str] = []

    def count(request: Request) -> None:
        if "/analytics?" in request.url or request.url.endswith("/analytics"):
            asked.append(request.url)

    with office.desk() as dee:
        dee.page.on("request", count)
        dee.page.click("[data-page=figures]")
        dee.until(lambda: len(asked) == 2, "the report and the days before")
        for _ in range(3):
            dee.page.click("[data-page=outbox]")
            dee.page.locator("#page-outbox").wait_for()
            dee.page.click("[data-page=figures]")
            dee.sees(".tile", "$3,000.00")
        assert len(asked) == 2
