"""The outbox page: what was given up is tried again or let go for a reason, and the bell leads there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Browser

from db.pool import Database
from tests.company import with_database
from tests.office import Office, open_office
from tests.unharmed import DEE
from tracker.local_postgres import PostgresServer

pytestmark = pytest.mark.browser
MARKUP = "<img src=x onerror=alert(1)>"
PAGE = "&page=outbox"


@pytest.fixture(scope="module")
def office(postgres: PostgresServer, template_database: str, browser: Browser) -> Iterator[Office]:
    with open_office(postgres, template_database, browser) as office:
        yield office


@pytest.fixture(autouse=True)
def nothing_is_dead(office: Office) -> None:
    """Every test begins with an empty list."""

    async def forget(database: Database) -> None:
        async with database.connection() as conn:
            await conn.execute("DELETE FROM outbox WHERE dead_at IS NOT NULL")

    with_database(office.server.env["DATABASE_URL"], forget)


def give_up(
    office: Office,
    effect: str,
    reason: str,
    *,
    subject: str | None = None,
    job_id: str | None = None,
    age: timedelta = timedelta(minutes=7),
) -> int:
    """An effect that a worker put aside, so long after it was queued; its number."""

    async def write(database: Database) -> int:
        async with database.connection() as conn:
            number: int = await conn.fetchval(
                "INSERT INTO outbox"
                " (effect, subject, job_id, version, attempts, queued_at, dead_at, last_error)"
                " VALUES ($1, $2, $3, $4, 15, now() - $5::interval, now(), $6) RETURNING id",
                effect,
                subject,
                None if job_id is None else UUID(job_id),
                None if job_id is None else 1,
                age,
                reason,
            )
        return number

    return with_database(office.server.env["DATABASE_URL"], write)


def dead(office: Office) -> list[int]:
    """What is given up, by its numbers."""
    return [one["id"] for one in office.call(DEE, "GET", "/api/dispatch/outbox/dead")["dead"]]


def test_many_are_tried_again_at_once_and_what_is_refused_says_why(office: Office) -> None:
    scored = give_up(office, "nightly_home_scores", f"no answer {MARKUP}", subject="2026-11-20")
    too_late = give_up(
        office, "tell_customer_arrived", "timed out", job_id=office.job("arrived"), age=timedelta(hours=5)
    )
    with office.desk(PAGE) as dee:
        page = dee.page
        dee.sees(f"[data-dead='{scored}']", f"no answer {MARKUP}")
        dee.sees(f"[data-dead='{scored}']", "15 tries · given up")
        dee.sees(f"[data-dead='{scored}']", "number 2026-11-20")
        page.check("[data-key=all]")
        dee.sees("#page-outbox .bulk", "2 selected")
        page.dblclick("[data-key=retry-all]")
        dee.sees("#page-outbox [role=status]", "1 is being tried again. 1 was refused")
        page.locator(f"[data-dead='{scored}']").wait_for(state="detached")
        dee.sees(f"[data-dead='{too_late}'] .problem", "too late")
        assert page.locator("img[src=x]").count() == 0
    assert dead(office) == [too_late]


def test_letting_go_asks_why_and_the_jobs_record_keeps_it(office: Office) -> None:
    job_id = office.job("completed")
    give_up(office, "capture_hold", "charge_expired_for_capture", job_id=job_id)
    with office.desk(PAGE) as dee:
        page = dee.page
        page.focus("[data-dead] >> text=Let go…")
        page.keyboard.press("Enter")
        page.click("dialog.question button[type=submit]")
        assert not page.locator("#discard-reason").evaluate("(input) => input.checkValidity()")
        page.fill("#discard-reason", f"Paid in cash {MARKUP}")
        page.dblclick("dialog.question button[type=submit]")
        page.locator("dialog.question").wait_for(state="detached")
        dee.sees("#page-outbox", "1 was let go.")
        dee.sees("#page-outbox", "Nothing was given up. All is well.")
    events = office.call(DEE, "GET", f"/api/dispatch/jobs/{job_id}/events")["events"]
    discarded = [one["data"] for one in events if one["kind"] == "effect_discarded"]
    assert [one["reason"] for one in discarded] == [f"Paid in cash {MARKUP}"]


def test_an_effect_that_dies_rings_the_bell_which_leads_to_it(office: Office) -> None:
    async def leave_an_old_transfer(database: Database) -> None:
        """From the time when there was a key; the sandbox gives it up at once."""
        async with database.transaction() as conn:
            number = await conn.fetchval(
                "INSERT INTO transfers (pro_id, provider, amount_cents, currency, run_key)"
                " VALUES ('pat', 'stripe', 100, 'usd', 'old') RETURNING id"
            )
            await conn.execute(
                "INSERT INTO outbox (effect, subject) VALUES ('send_transfer', $1)", str(number)
            )

    with_database(office.server.env["DATABASE_URL"], leave_an_old_transfer)
    with office.desk() as dee:
        page = dee.page
        dee.sees("#bell", "(", within_s=20)
        page.click("#bell")
        page.click("#drawer-bell li:has-text('Gave up: send transfer') >> text=Open the outbox")
        dee.sees("#page-outbox [data-dead]", "Paying a pro")
        assert page.url.endswith("#page=outbox")


def test_the_pages_are_links_that_a_keyboard_and_the_browsers_buttons_know(office: Office) -> None:
    with office.desk() as dee:
        page = dee.page
        page.focus("[data-page=outbox]")
        page.keyboard.press("Enter")
        dee.sees("#page-outbox", "What waits")
        assert page.title() == "Outbox · Dispatch"
        assert page.evaluate("document.activeElement.textContent") == "Outbox"
        assert page.locator("[data-page=outbox][aria-current=page]").count() == 1
        page.click("text=Show what went to the sandbox")
        dee.sees("#drawer-sandbox", "Sandbox")
        page.keyboard.press("Escape")
        page.click("[data-page=figures]")
        dee.sees("#page-figures h1", "Figures")
        page.go_back()
        dee.sees("#page-outbox h1", "Outbox")
        page.go_back()
        page.locator("#board").wait_for(state="visible")
        page.go_forward()
        page.reload()
        dee.sees("#page-outbox", "What waits")


def test_a_view_whose_file_cannot_be_loaded_says_so_and_the_board_stays(office: Office) -> None:
    with office.desk() as dee:
        page = dee.page
        page.locator("#board").wait_for()
        page.route("**/assets/outbox-*.js", lambda route: route.abort())
        page.click("[data-page=outbox]")
        dee.sees("#view [role=alert]", "could not be loaded")
        page.click("[data-page=jobs]")
        page.locator("#board").wait_for(state="visible")
