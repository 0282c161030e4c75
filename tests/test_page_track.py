"""The customer's page: words before the map, an honest dot, and a polite end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from db.pool import Database
from rooms.principal import Role
from tests.company import DOOR, add_job, with_company
from tests.pages import chromium, visiting
from tests.running import Process, serving, token

pytestmark = pytest.mark.browser


@dataclass
class Visit:
    """A running server with one job on its way, the pro's phone and the customer's link."""

    server: Process
    job_id: UUID
    link: str
    pro: httpx.Client
    dispatcher: httpx.Client

    def drive(self, *norths: float) -> None:
        """The pro's phone sends positions north of the door, a moment apart, in one batch."""
        now_ms = time.time_ns() // 1_000_000
        positions = [
            {"lat": DOOR[0] + north, "lng": DOOR[1], "accuracy": 8, "recorded_at": now_ms - 300 * place}
            for place, north in zip(range(len(norths) - 1, -1, -1), norths, strict=True)
        ]
        answer = self.pro.post("/api/hauler/location", json={"positions": positions})
        assert answer.json()["accepted"] == len(norths), answer.text

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
        yield Visit(server, job_id, f"{server.url}/track/{link}", pro, dispatcher)


def test_status_eta_and_last_seen_can_be_read_before_the_map_loads(visit: Visit, chromium_path: str) -> None:
    visit.drive(0.02)
    with chromium(chromium_path) as browser, visiting(browser, "about:blank") as customer:
        customer.page.route("**/api/map", lambda _route: None)  # the map never gets its settings
        customer.page.goto(visit.link)
        customer.sees("#status", "Pat Mason is on the way")
        customer.sees("#eta", "min")
        customer.sees("#contact", "Live")
        customer.sees("#facts", "12 Castle Street")
        assert customer.page.locator(".leaflet-container").count() == 0


def test_the_dot_moves_with_the_phone_and_leaves_a_trail(visit: Visit, chromium_path: str) -> None:
    visit.drive(0.020, 0.019)
    with chromium(chromium_path) as browser, visiting(browser, visit.link) as customer:
        customer.wait_map("trail", "it === '2'")
        visit.drive(0.018)
        customer.wait_map("dot", f"it === '{DOOR[0] + 0.018:.6f},{DOOR[1]:.6f}'")
        assert customer.map_data("trail") == "3"


def test_the_dot_glides_between_fixes(visit: Visit, chromium_path: str) -> None:
    visit.drive(0.020)
    with (
        chromium(chromium_path) as browser,
        visiting(browser, visit.link, reduced_motion="no-preference") as customer,
    ):
        customer.wait_map("dot", "it !== undefined")
        visit.drive(0.019)
        customer.wait_map("dot", f"it > '{DOOR[0] + 0.0191:.6f}' && it < '{DOOR[0] + 0.0199:.6f}'")


def test_the_estimate_falls_as_the_pro_comes_nearer(visit: Visit, chromium_path: str) -> None:
    visit.drive(0.040)
    with chromium(chromium_path) as browser, visiting(browser, visit.link) as customer:
        customer.sees("#eta", "mi away")
        far = customer.text("#eta-more")
        visit.drive(0.010)
        customer.page.wait_for_function(
            f"document.querySelector('#eta-more').textContent !== {far!r}", timeout=10_000
        )
        miles = [float(words.split("·")[1].split()[0]) for words in (far, customer.text("#eta-more"))]
        assert miles[1] < miles[0]


def test_unknown_and_revoked_links_get_one_polite_page(visit: Visit, chromium_path: str) -> None:
    with chromium(chromium_path) as browser:
        with visiting(browser, f"{visit.server.url}/track/nobody-made-this-one") as stranger:
            stranger.sees("h1", "This tracking link is not active")
            unknown = stranger.text("main")
        visit.dispatcher.delete(f"/api/jobs/{visit.job_id}/tracking-link").raise_for_status()
        with visiting(browser, visit.link) as late:
            late.sees("h1", "This tracking link is not active")
            assert late.text("main") == unknown


def test_a_link_that_is_revoked_while_somebody_watches_ends_the_page(
    visit: Visit, chromium_path: str
) -> None:
    visit.drive(0.02)
    with chromium(chromium_path) as browser, visiting(browser, visit.link) as customer:
        customer.sees("#contact", "Live")
        visit.dispatcher.delete(f"/api/jobs/{visit.job_id}/tracking-link").raise_for_status()
        customer.sees("h1", "This tracking link is not active", within_s=3)


def test_the_page_follows_the_visit_to_its_end(visit: Visit, chromium_path: str) -> None:
    visit.drive(0.0005)
    with chromium(chromium_path) as browser, visiting(browser, visit.link) as customer:
        customer.sees("#status", "Pat Mason is on the way")
        visit.move_to("arrived")
        customer.sees("#status", "Pat Mason has arrived")
        assert customer.text("#eta") == ""
        visit.move_to("in_progress")
        customer.sees("#status", "Work is under way")
        visit.move_to("completed")
        customer.sees("h1", "All done")
        assert customer.page.locator("#map").count() == 0


def test_a_customer_without_network_is_told_so_and_catches_up(visit: Visit, chromium_path: str) -> None:
    visit.drive(0.020)
    with chromium(chromium_path) as browser, visiting(browser, visit.link) as customer:
        customer.sees("#contact", "Live")
        customer.context.set_offline(True)
        customer.sees("#own", "You are offline")
        customer.sees("#contact", "Last seen")
        visit.drive(0.019, 0.018)
        customer.context.set_offline(False)
        customer.sees("#contact", "Live")
        assert customer.text("#own") == ""
        customer.wait_map("trail", "it === '3'")


def test_a_server_that_restarts_is_only_a_pause(visit: Visit, chromium_path: str) -> None:
    visit.drive(0.020)
    with chromium(chromium_path) as browser, visiting(browser, visit.link) as customer:
        customer.sees("#contact", "Live")
        visit.server.kill()
        customer.sees("#own", "Reconnecting")
        visit.server.start()
        visit.drive(0.019)
        customer.wait_map("dot", f"it === '{DOOR[0] + 0.019:.6f},{DOOR[1]:.6f}'", within_s=20)
        assert customer.text("#own") == ""


def test_a_phone_that_falls_silent_is_not_called_live(visit: Visit, chromium_path: str) -> None:
    visit.drive(0.020)
    with chromium(chromium_path) as browser, visiting(browser, visit.link) as customer:
        customer.sees("#contact", "Live")
        customer.sees("#contact", "Signal delayed · last seen", within_s=25)
        visit.drive(0.019)
        customer.sees("#contact", "Live")


def test_script_in_a_text_field_is_shown_as_text(
    database_url: str, tmp_path: Path, chromium_path: str
) -> None:
    evil = "<img src=x onerror=\"document.title='owned'\">"

    async def prepare(database: Database) -> UUID:
        job_id = await add_job(database, "en_route")
        async with database.transaction() as conn:
            await conn.execute("UPDATE jobs SET service = $2, address = $2 WHERE id = $1", job_id, evil)
        return job_id

    job_id = with_company(database_url, prepare)
    with serving(tmp_path, database_url) as server, server.http(token(Role.DISPATCHER, "dee")) as dispatcher:
        link = dispatcher.post(f"/api/jobs/{job_id}/tracking-link").raise_for_status().json()["link"]
        with chromium(chromium_path) as browser, visiting(browser, f"{server.url}/track/{link}") as customer:
            customer.sees("#facts", evil)
            assert customer.page.title() != "owned"
