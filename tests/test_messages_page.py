"""A mail as people see it: it fits a phone whatever was written, in light and in dark, and adds up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from db.jobs import Job, job_by_id
from db.pool import Database
from tests.company import add_job, with_company
from tests.pages import chromium
from tracker.messages.receipt import Bill, bill_rows, job_rows, receipt_html
from tracker.messages.texts import Voice

VOICE = Voice("Wrenford Home Services", "en", "usd", ZoneInfo("America/New_York"))
PHONE_PX = 390


def finished(database_url: str) -> Job:
    async def story(database: Database) -> Job:
        job_id: UUID = await add_job(database, "completed")
        async with database.connection() as conn:
            job = await job_by_id(conn, job_id)
        assert job is not None
        return replace(job, finished_at=datetime(2026, 11, 21, 20, 35, tzinfo=UTC))

    return with_company(database_url, story)


def test_a_receipt_fits_a_phone_and_turns_dark_whatever_was_written(
    database_url: str, chromium_path: str
) -> None:
    job = replace(
        finished(database_url),
        service="S" * 200,
        address="W" * 300,
        customer_name="C" * 200,
        pro_name="P" * 200,
    )
    bill = Bill(99_999_999_99, 1000, 99_999_999_99, 2500, sandbox=True)
    page = receipt_html(job, bill, [], "Your receipt from Wrenford Home Services", VOICE)
    with chromium(chromium_path) as browser:
        for scheme, ground in (("light", "rgb(238, 241, 245)"), ("dark", "rgb(16, 21, 26)")):
            context = browser.new_context(
                viewport={"width": PHONE_PX, "height": 700},
                color_scheme=scheme,  # type: ignore[arg-type]
            )
            shown = context.new_page()
            shown.set_content(page)
            assert shown.evaluate("document.documentElement.scrollWidth") == PHONE_PX
            assert shown.evaluate("getComputedStyle(document.body).backgroundColor") == ground
            context.close()


def test_a_job_that_cost_nothing_has_a_receipt_without_empty_lines(database_url: str) -> None:
    job = replace(finished(database_url), pro_name=None, started_at=None, labour_minutes=None)
    nothing = Bill(0, 0, 0, 0, sandbox=False)
    assert bill_rows(job, nothing, VOICE) == [("Mount a 55-inch TV", "$0.00"), ("Total", "$0.00")]
    assert [label for label, _ in job_rows(job, VOICE)] == ["Address", "Finished", "Reference"]


def test_a_service_that_is_called_like_a_line_is_one_line(database_url: str) -> None:
    job = replace(finished(database_url), service="Tip")
    rows = bill_rows(job, Bill(5000, 0, 5000, 0, sandbox=False), VOICE)
    assert rows == [("Tip", "$50.00"), ("Total", "$50.00"), ("Charged to your card", "$50.00")]
