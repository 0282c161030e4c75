"""The job board: live, narrowed and found, saved as views, assigned many at once, saved as a file."""

from __future__ import annotations

import csv
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from db.pool import Database
from tests.company import DOOR, with_database
from tests.office import Office, open_office
from tests.pages import PHONE, Visitor, visiting
from tests.running import token
from tests.unharmed import DEE, PAT, ROOT
from tracker.local_postgres import PostgresServer

pytestmark = pytest.mark.browser
MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script>"


@pytest.fixture(scope="module")
def office(postgres: PostgresServer, template_database: str, browser: Browser) -> Iterator[Office]:
    with open_office(postgres, template_database, browser) as office:
        yield office


def order(office: Office, service: str, *, window_h: float | None = None, open_: bool = True) -> str:
    """A new job by the API, open for claims; with a window of two hours that begins in `window_h` hours."""
    begins = datetime.now(UTC) + timedelta(hours=window_h or 0)
    window = {"window_start": begins.isoformat(), "window_end": (begins + timedelta(hours=2)).isoformat()}
    body = {
        "customer_id": "cleo",
        "skill": "tv_mounting",
        "service": service,
        "lat": DOOR[0],
        "lng": DOOR[1],
        "address": f"12 Castle Street {MARKUP}"[:290],
        "price_cents": 12_000,
        "open": open_,
        **(window if window_h is not None else {}),
    }
    return str(office.call(DEE, "POST", "/api/jobs", json=body)["id"])


def move(office: Office, job_id: str, *statuses: str) -> None:
    """Pat, or dispatch, takes the job through these statuses."""
    for status in statuses:
        office.call(DEE, "POST", f"/api/jobs/{job_id}/status", json={"status": status})


def give(office: Office, job_id: str, pro: str) -> None:
    """A dispatcher gives the job to a pro."""
    office.call(DEE, "POST", f"/api/dispatch/jobs/{job_id}/assign", json={"pro_id": pro})


async def long_ago(database: Database, job_id: str) -> None:
    """The job's window ended three hours ago."""
    window = "window_start = now() - interval '5 h', window_end = now() - interval '3 h'"
    async with database.transaction() as conn:
        await conn.execute(f"UPDATE jobs SET {window} WHERE id = $1", uuid.UUID(job_id))


def unique(words: str) -> str:
    """A service's name that no other test has."""
    return f"{words} {uuid.uuid4().hex[:8]}"


@contextmanager
def board(
    browser: Browser, office: Office, fragment: str = "", who: tuple[str, str] = DEE, **options: Any
) -> Iterator[Visitor]:
    """Somebody at the board, which has read its jobs."""
    link = f"{office.server.url}/dispatch#token={token(*who)}{fragment}"
    settings: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, "locale": "en-US", **options}
    with visiting(browser, link, **settings) as visitor:
        visitor.page.locator("#jobs[data-ready='true']").wait_for()
        yield visitor


def shown(page: Page) -> list[str]:
    """The ids of the jobs that are in the list, in its order."""
    ids = "(rows) => rows.map((row) => row.dataset.job)"
    return list(page.locator("#jobs [data-job]").evaluate_all(ids))


def search(visitor: Visitor, words: str, jobs: list[str]) -> None:
    """Type into the search until exactly these jobs are shown."""
    visitor.page.fill("#search", words)
    visitor.until(lambda: sorted(shown(visitor.page)) == sorted(jobs), f"the jobs for {words!r}")


def test_what_others_do_is_seen_without_a_reload(office: Office, browser: Browser) -> None:
    name = unique("Hang a shelf")
    first = order(office, name)
    with board(browser, office) as dee:
        page = dee.page
        page.evaluate("window.neverReloaded = true")
        page.locator(f"[data-group='open'] [data-job='{first}']").wait_for()
        give(office, first, "pat")
        page.locator(f"[data-group='accepted'] [data-job='{first}']", has_text="Pat Mason").wait_for()
        version = office.call(DEE, "GET", f"/api/jobs/{first}")["version"]
        flag = {"type": "ACCESS_DETAILS_MISSING", "severity": "CRITICAL", "version": version}
        office.call(DEE, "POST", f"/api/dispatch/jobs/{first}/pain-flags", json=flag)
        page.locator(f"[data-job='{first}'] [data-worst='CRITICAL']").wait_for()
        second = order(office, name)
        page.locator(f"[data-group='open'] [data-job='{second}']").wait_for()
        office.call(PAT, "POST", f"/api/jobs/{first}/status", json={"status": "en_route"})
        page.locator(f"[data-group='en_route'] [data-job='{first}']").wait_for()
        move(office, second, "cancelled")
        page.locator(f"[data-job='{second}']").wait_for(state="detached")
        assert page.evaluate("window.neverReloaded") is True


def test_what_is_asked_for_survives_a_reload_and_can_be_passed_on(office: Office, browser: Browser) -> None:
    name = unique("Paint a fence")
    open_, taken, over = (order(office, name) for _ in range(3))
    give(office, taken, "quinn")
    move(office, over, "cancelled")
    with board(browser, office) as dee:
        page = dee.page
        search(dee, name.upper(), [open_, taken, over])  # what is over is looked for as well
        page.click("#filters")
        page.click("[data-key='status-accepted']")
        dee.until(lambda: shown(page) == [taken], "the accepted one alone")
        page.reload()
        dee.until(lambda: shown(page) == [taken], "the same after a reload")
        assert page.input_value("#search") == name.upper()

        page.click("#filters")
        page.click("#view-save")
        page.fill("#view-form input", f"Fences {MARKUP}"[:60])
        page.check("#view-form input[type=checkbox]")
        page.dblclick("#view-form button[type=submit]")
        page.locator("#view-form").wait_for(state="hidden")
        address = page.evaluate("location.hash")
        assert "status" not in address  # the view says it
        page.click("[data-key='clear']")
        dee.until(lambda: open_ in shown(page), "everything again")
        page.select_option("#view-select", label=f"Fences {MARKUP}"[:60])
        dee.until(lambda: shown(page) == [taken], "the view")
    views = office.call(DEE, "GET", "/api/dispatch/views")["views"]
    assert [view["name"] for view in views] == [f"Fences {MARKUP}"[:60]]
    with board(browser, office, "&" + address.removeprefix("#"), who=ROOT) as root:
        root.until(lambda: shown(root.page) == [taken], "a colleague's view by its address")
        root.page.click("[data-key='quick-nobody']")  # a colleague looks at more; the view stays what it is
        root.until(lambda: shown(root.page) == [], "nothing without a pro")
    with board(browser, office, "&view=987654") as dee:
        dee.sees("#board-head .notice", "not there any more")


def test_many_jobs_get_a_pro_at_once_and_the_refused_one_says_why(office: Office, browser: Browser) -> None:
    name = unique("Fix a gutter")
    first, second, gone = (order(office, name) for _ in range(3))
    give(office, gone, "pat")
    move(office, gone, "en_route")
    with board(browser, office) as dee:
        page = dee.page
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.url) if "jobs/assign" in request.url else None)
        search(dee, name, [first, second, gone])
        boxes = page.locator("#jobs [data-select]")
        boxes.nth(0).click()
        boxes.nth(2).click(modifiers=["Shift"])
        dee.sees("#bulk-bar", "3 chosen")
        page.click("[data-key='bulk-assign']")
        dee.sees("#bulk", "Quinn Reyes · could take 3 of 3")
        dee.sees("#bulk", "1 of them has a pro already")
        page.select_option("#bulk-pro", "quinn")
        page.dblclick("#bulk form button[type=submit]")
        dee.sees("#bulk-told", "2 assigned, 1 refused.")
        line = page.locator(f"[data-bulk-job='{gone}']")
        assert line.get_attribute("data-outcome") == "refused"
        assert "on the way" in line.inner_text()
        assert len(sent) == 1
        page.click("[data-key='bulk-close']")
        dee.sees("#bulk-bar", "1 chosen")  # what is left to do
        for job in (first, second):
            page.locator(f"[data-group='accepted'] [data-job='{job}']", has_text="Quinn Reyes").wait_for()
    assert office.call(DEE, "GET", f"/api/jobs/{gone}")["pro"]["id"] == "pat"


def test_the_file_holds_what_is_asked_for(office: Office, browser: Browser, tmp_path: Path) -> None:
    name = unique('=Mount, a "TV"')
    jobs = [order(office, name, window_h=hours) for hours in (30, 31)]
    order(office, unique("Something else"))
    with board(browser, office) as dee:
        search(dee, name, jobs)
        dee.page.click("#filters")
        with dee.page.expect_download() as download:
            dee.page.click("[data-key='csv']")
        assert download.value.suggested_filename.endswith(".csv")
        download.value.save_as(tmp_path / "jobs.csv")
    with (tmp_path / "jobs.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["id"] for row in rows} == set(jobs)
    assert all(row["service"] == "'" + name for row in rows)  # no spreadsheet takes it for a formula


def test_what_strangers_wrote_is_text(office: Office, browser: Browser) -> None:
    name = unique(f"Clean {MARKUP}")
    job = order(office, name)
    with board(browser, office) as dee:
        search(dee, name, [job])
        dee.sees(f"[data-job='{job}']", name)
        dee.page.click(f"[data-select='{job}']")
        dee.page.click("[data-key='bulk-assign']")
        dee.sees("#bulk", "Assign 1 job")
        dee.page.keyboard.press("Escape")
        dee.page.click("#filters")
        dee.page.select_option("#by-service", name)
        dee.until(lambda: shown(dee.page) == [job], "the service that is chosen")
        assert dee.page.locator("main img[src=x], dialog img[src=x], main script").count() == 0


def test_the_board_is_worked_without_a_mouse(office: Office, browser: Browser) -> None:
    name = unique("Carry a sofa")
    jobs = [order(office, name, window_h=hours) for hours in (40, 41, 42, 43)]
    with board(browser, office) as dee:
        page, keys = dee.page, dee.page.keyboard
        focused = "document.activeElement.dataset.job"
        keys.press("/")
        keys.type(name)
        dee.until(lambda: shown(page) == jobs, "the jobs, the earliest window first")
        page.locator(f"[data-job='{jobs[0]}']").focus()
        keys.press("ArrowDown")
        keys.press("ArrowDown")
        assert page.evaluate(focused) == jobs[2]
        keys.press("Shift+ArrowUp")
        dee.sees("#bulk-bar", "2 chosen")
        keys.press("End")
        assert page.evaluate(focused) == jobs[3]
        give(office, jobs[3], "pat")  # the row goes to another group, and takes the keyboard with it
        page.locator(f"[data-group='accepted'] [data-job='{jobs[3]}']").wait_for()
        assert page.evaluate(focused) == jobs[3]
        keys.press("Enter")
        page.locator("#panel h2", has_text=name).wait_for()
        assert f"job={jobs[3]}" in page.evaluate("location.hash")
        page.go_back()
        page.locator("#panel").wait_for(state="hidden")


def test_late_jobs_stand_out_and_are_one_tap_away(office: Office, browser: Browser) -> None:
    name = unique("Fix a door")
    late, other = (order(office, name, window_h=5) for _ in range(2))
    with_database(office.server.env["DATABASE_URL"], lambda database: long_ago(database, late))
    with board(browser, office) as dee:
        search(dee, name, [late, other])
        dee.sees(f"[data-job='{late}']", "3 h late")
        dee.page.click("[data-key='quick-late']")
        dee.until(lambda: shown(dee.page) == [late], "the late one alone")


def test_on_a_phone_the_list_and_the_map_take_turns(office: Office, browser: Browser) -> None:
    name = unique("Clean windows")
    job = order(office, name)
    with board(browser, office, viewport=PHONE, has_touch=True) as dee:
        page = dee.page
        dee.sees(f"[data-job='{job}']", name)
        assert not page.locator("#map").is_visible()
        page.tap("#switch [data-key='map']")
        page.locator("#map").wait_for(state="visible")
        assert not page.locator(f"[data-job='{job}']").is_visible()
        page.tap("#switch [data-key='list']")
        page.tap(f"[data-job='{job}']")
        dee.sees("#panel h2", name)
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert page.evaluate(wide) is False
