"""The dispatch page: the fleet, one job live, and every allowed step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from playwright.sync_api import Browser

from db.pool import Database
from rooms.principal import Role
from tests.company import DOOR, add_job, with_company
from tests.pages import DESK, Phone, Visitor, visiting
from tests.running import Process, serving, token

pytestmark = pytest.mark.browser


@dataclass
class Desk:
    """A running server with a job on its way and one whose equipment has not come."""

    server: Process
    job_id: UUID
    waiting_id: UUID
    phone: Phone
    dispatcher: httpx.Client

    def status(self, job_id: UUID) -> str:
        """The job's status."""
        return str(self.dispatcher.get(f"/api/jobs/{job_id}").raise_for_status().json()["status"])


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    async def prepare(database: Database) -> tuple[UUID, UUID]:
        job_id = await add_job(database, "en_route")
        waiting_id = await add_job(database, "arrived", pro="quinn", customer="zoe")
        async with database.transaction() as conn:
            await conn.execute(
                "UPDATE jobs SET order_required = true, order_stage = 'ORDERED' WHERE id = $1", waiting_id
            )
        return job_id, waiting_id

    job_id, waiting_id = with_company(database_url, prepare)
    with (
        serving(tmp_path, database_url) as server,
        server.http(token(Role.PRO, "pat")) as pro,
        server.http(token(Role.DISPATCHER, "dee")) as dispatcher,
    ):
        yield Desk(server, job_id, waiting_id, Phone(pro, DOOR), dispatcher)


def at_the_desk(browser: Browser, desk: Desk) -> AbstractContextManager[Visitor]:
    """A dispatcher who signs in."""
    link = f"{desk.server.url}/dispatch#token={token(Role.DISPATCHER, 'dee')}"
    return visiting(browser, link, viewport=DESK)


def test_a_pro_who_moves_is_on_the_fleet_map(desk: Desk, browser: Browser) -> None:
    desk.phone.drive(0.02)
    with at_the_desk(browser, desk) as dispatcher:
        dispatcher.sees("#fleet", "1 pro in sight")
        assert dispatcher.map_data("pros") == "1"


def test_a_job_is_watched_live_with_a_click(desk: Desk, browser: Browser) -> None:
    desk.phone.drive(0.02)
    with at_the_desk(browser, desk) as dispatcher:
        dispatcher.page.click(f"[data-job='{desk.job_id}']")
        dispatcher.sees("#panel .job-facts", "Cleo Hart")
        dispatcher.sees("#panel .job-facts", "Pat Mason")
        dispatcher.sees("#panel", "Arrives in")
        desk.phone.drive(0.019)
        dispatcher.sees_dot_at(DOOR[0] + 0.019, DOOR[1])


def test_every_allowed_step_is_a_button(desk: Desk, browser: Browser) -> None:
    with at_the_desk(browser, desk) as dispatcher:
        dispatcher.page.click(f"[data-job='{desk.job_id}']")
        dispatcher.page.click("#panel [data-to='arrived']")
        dispatcher.page.locator("#panel [data-to='in_progress']").wait_for()
        assert desk.status(desk.job_id) == "arrived"


def test_a_refused_step_can_be_overridden_with_a_written_reason(desk: Desk, browser: Browser) -> None:
    with at_the_desk(browser, desk) as dispatcher:
        dispatcher.page.click(f"[data-job='{desk.waiting_id}']")
        dispatcher.page.click("#panel [data-to='in_progress']")
        dispatcher.sees("#panel", "Refused")
        assert desk.status(desk.waiting_id) == "arrived"
        dispatcher.page.fill("#reason", "The customer has the mount already")
        dispatcher.page.click("text=Override: Working")
        dispatcher.page.locator("#panel [data-to='completed']").wait_for()
        assert desk.status(desk.waiting_id) == "in_progress"


def test_the_list_is_filtered_by_status(desk: Desk, browser: Browser) -> None:
    with at_the_desk(browser, desk) as dispatcher:
        dispatcher.sees("#jobs", "Pat Mason")
        dispatcher.page.click("#filters")
        dispatcher.page.click("[data-key='status-arrived']")
        dispatcher.page.locator(f"[data-job='{desk.job_id}']").wait_for(state="detached")
        dispatcher.sees("#jobs", "Quinn Reyes")


def test_a_pro_may_not_open_the_dispatch_page(desk: Desk, browser: Browser) -> None:
    link = f"{desk.server.url}/dispatch#token={token(Role.PRO, 'pat')}"
    with visiting(browser, link) as pro:
        pro.sees("h1", "Please sign in again")
