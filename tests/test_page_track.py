"""The customer's page: words before the map, an honest dot, and a polite end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from playwright.sync_api import Browser

from db.pool import Database
from rooms.principal import Role
from tests.company import DOOR, add_job, with_company, with_database
from tests.pages import RETURNS_WITHIN_S, Phone, visiting
from tests.running import Process, serving, token

pytestmark = pytest.mark.browser


@dataclass
class Visit:
    """A running server with one job on its way, the pro's phone and the customer's link."""

    server: Process
    job_id: UUID
    link: str
    phone: Phone
    dispatcher: httpx.Client

    def move_to(self, status: str) -> None:
        """Dispatch moves the job."""
        answer = self.dispatcher.post(f"/api/jobs/{self.job_id}/status", json={"status": status})
        assert answer.is_success, answer.text


@pytest.fixture
def visit(database_url: str, tmp_path: Path) -> Iterator[Visit]:
    async def prepare(database: Database) -> UUID:
        return await add_job(database, "en_route", at=DOOR)

    job_id = with_company(database_url, prepare)
    with (
        serving(tmp_path, database_url) as server,
        server.http(token(Role.PRO, "pat")) as pro,
        server.http(token(Role.DISPATCHER, "dee")) as dispatcher,
    ):
        link = dispatcher.post(f"/api/jobs/{job_id}/tracking-link").raise_for_status().json()["link"]
        yield Visit(server, job_id, f"{server.url}/track/{link}", Phone(pro, DOOR), dispatcher)


def test_status_eta_and_last_seen_can_be_read_before_the_map_loads(visit: Visit, browser: Browser) -> None:
    visit.phone.drive(0.02)
    with visiting(browser, "about:blank") as customer:
        customer.page.route("**/api/map", lambda _route: None)  # the map never gets its settings
        customer.page.goto(visit.link)
        customer.sees("#status", "Pat Mason is on the way")
        customer.sees("#eta", "min")
        customer.sees("#contact", "Live")
        customer.sees("#facts", "12 Castle Street")
        assert customer.page.locator(".leaflet-container").count() == 0


def test_the_dot_moves_with_the_phone_and_leaves_a_trail(visit: Visit, browser: Browser) -> None:
    visit.phone.drive(0.020, 0.019)
    with visiting(browser, visit.link) as customer:
        customer.sees_trail_of(2)
        visit.phone.drive(0.018)
        customer.sees_dot_at(DOOR[0] + 0.018, DOOR[1])
        assert customer.map_data("trail") == "3"


def test_the_dot_glides_between_fixes(visit: Visit, browser: Browser) -> None:
    visit.phone.drive(0.020)
    with (
        visiting(browser, visit.link, reduced_motion="no-preference") as customer,
    ):
        customer.sees_dot_at(DOOR[0] + 0.020, DOOR[1])
        visit.phone.drive(0.019)
        between = (DOOR[0] + 0.0191, DOOR[0] + 0.0199)
        customer.until(
            lambda: between[0] < float(customer.map_data("dot").split(",")[0]) < between[1],
            "the dot between two fixes",
        )


def test_the_estimate_falls_as_the_pro_comes_nearer(visit: Visit, browser: Browser) -> None:
    visit.phone.drive(0.020)
    with visiting(browser, visit.link) as customer:
        customer.sees("#eta", "mi away")
        far = customer.text("#eta-more")
        visit.phone.drive(0.015)
        customer.until(lambda: customer.text("#eta-more") != far, "a new estimate")
        miles = [float(words.split("·")[1].split()[0]) for words in (far, customer.text("#eta-more"))]
        assert miles[1] < miles[0]


def test_unknown_and_revoked_links_get_one_polite_page(visit: Visit, browser: Browser) -> None:
    with visiting(browser, f"{visit.server.url}/track/nobody-made-this-one") as stranger:
        stranger.sees("h1", "This tracking link is not active")
        unknown = stranger.text("main")
    visit.dispatcher.delete(f"/api/jobs/{visit.job_id}/tracking-link").raise_for_status()
    with visiting(browser, visit.link) as late:
        late.sees("h1", "This tracking link is not active")
        assert late.text("main") == unknown


def test_a_link_that_is_revoked_while_somebody_watches_ends_the_page(visit: Visit, browser: Browser) -> None:
    visit.phone.drive(0.02)
    with visiting(browser, visit.link) as customer:
        customer.sees("#contact", "Live")
        visit.dispatcher.delete(f"/api/jobs/{visit.job_id}/tracking-link").raise_for_status()
        customer.sees("h1", "This tracking link is not active", within_s=3)


def test_the_page_follows_the_visit_to_its_end(visit: Visit, browser: Browser) -> None:
    visit.phone.drive(0.0005)
    with visiting(browser, visit.link) as customer:
        customer.sees("#status", "Pat Mason is on the way")
        visit.move_to("arrived")
        customer.sees("#status", "Pat Mason is at your door")
        assert customer.text("#eta") == ""
        visit.move_to("in_progress")
        customer.sees("#status", "Work is under way")
        visit.move_to("completed")
        customer.sees("h1", "All done")
        assert customer.page.locator("#map").count() == 0
        customer.page.get_by_label("4 stars").check(force=True)
        customer.page.get_by_label("Anything").fill("On time & neat")
        customer.page.get_by_role("button", name="Send").click()
        customer.sees(".notice-good", "Thank you for telling us")
    answer = visit.dispatcher.get(f"/api/dispatch/jobs/{visit.job_id}/reviews").raise_for_status().json()
    (review,) = answer["reviews"]
    assert (review["author_id"], review["rating"], review["comment"]) == ("cleo", 4, "On time & neat")


def test_a_customer_without_network_is_told_so_and_catches_up(visit: Visit, browser: Browser) -> None:
    visit.phone.drive(0.020)
    with visiting(browser, visit.link) as customer:
        customer.sees("#contact", "Live")
        customer.context.set_offline(True)
        customer.sees("#own", "You are offline")
        customer.sees("#contact", "Last seen")
        visit.phone.drive(0.019, 0.018)
        customer.context.set_offline(False)
        customer.sees("#contact", "Live")
        assert customer.text("#own") == ""
        customer.sees_trail_of(3)


def test_a_server_that_restarts_is_only_a_pause(visit: Visit, browser: Browser) -> None:
    visit.phone.drive(0.020)
    with visiting(browser, visit.link) as customer:
        customer.sees("#contact", "Live")
        visit.server.kill()
        customer.sees("#own", "Reconnecting")
        visit.server.start()
        visit.phone.drive(0.019)
        customer.sees_dot_at(DOOR[0] + 0.019, DOOR[1], within_s=RETURNS_WITHIN_S)
        assert customer.text("#own") == ""


def test_a_phone_that_fell_silent_is_not_called_live(
    visit: Visit, database_url: str, browser: Browser
) -> None:
    visit.phone.recorded_at -= timedelta(minutes=2)
    visit.phone.drive(0.020)

    async def two_minutes_pass(database: Database) -> None:
        async with database.transaction() as conn:
            await conn.execute("UPDATE last_positions SET received_at = received_at - interval '2 minutes'")

    with_database(database_url, two_minutes_pass)
    with visiting(browser, visit.link) as customer:
        customer.sees("#contact", "Signal lost · last seen 2 min ago")
        customer.sees("#eta", "No new estimate")
        visit.phone.drive(0.019, 0.017)
        visit.phone.recorded_at += timedelta(minutes=2)
        visit.phone.drive(0.016)
        customer.sees("#contact", "Live")
        customer.sees("#eta", "mi away")


def test_script_in_a_text_field_is_shown_as_text(database_url: str, tmp_path: Path, browser: Browser) -> None:
    evil = "<img src=x onerror=\"document.title='owned'\">"

    async def prepare(database: Database) -> UUID:
        job_id = await add_job(database, "en_route")
        async with database.transaction() as conn:
            await conn.execute("UPDATE jobs SET service = $2, address = $2 WHERE id = $1", job_id, evil)
            await conn.execute("UPDATE people SET name = $1 WHERE id = 'pat'", evil)
        return job_id

    job_id = with_company(database_url, prepare)
    with serving(tmp_path, database_url) as server, server.http(token(Role.DISPATCHER, "dee")) as dispatcher:
        link = dispatcher.post(f"/api/jobs/{job_id}/tracking-link").raise_for_status().json()["link"]
        with visiting(browser, f"{server.url}/track/{link}") as customer:
            for place in ("#status", "#who", "#facts"):
                customer.sees(place, evil)
            assert customer.page.title() != "owned"
