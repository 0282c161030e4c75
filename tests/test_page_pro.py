"""The pro's page: real geolocation, a queue that survives, claims and the next step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from playwright.sync_api import Browser, Geolocation, Route

from db.pool import Database
from rooms.principal import Role
from tests.company import DOOR, add_job, with_company
from tests.pages import Visitor, chromium, visiting
from tests.running import Process, serving, token, wait_for

pytestmark = pytest.mark.browser


@dataclass
class Shift:
    """A running server with one job on its way, one open job, and a look at the trail."""

    server: Process
    job_id: UUID
    open_id: UUID
    dispatcher: httpx.Client

    def address(self, pro: str) -> str:
        """The pro's sign-in link."""
        return f"{self.server.url}/pro#token={token(Role.PRO, pro)}"

    def trail(self) -> list[tuple[float, float]]:
        """The kept points of the job, in the order the device recorded them."""
        points = self.dispatcher.get(f"/api/jobs/{self.job_id}/trail").raise_for_status().json()["points"]
        return [(round(point["lat"], 4), round(point["lng"], 4)) for point in points]

    def claim(self, pro: str) -> None:
        """A pro claims the open job on another phone."""
        with self.server.http(token(Role.PRO, pro)) as http:
            http.post(f"/api/jobs/{self.open_id}/accept").raise_for_status()

    def status(self) -> str:
        """The job's status."""
        job = self.dispatcher.get(f"/api/jobs/{self.job_id}").raise_for_status().json()
        return str(job["status"])


@pytest.fixture
def shift(database_url: str, tmp_path: Path) -> Iterator[Shift]:
    async def prepare(database: Database) -> tuple[UUID, UUID]:
        return await add_job(database, "en_route"), await add_job(database, "open", customer="zoe")

    job_id, open_id = with_company(database_url, prepare)
    with (
        serving(tmp_path, database_url) as server,
        server.http(token(Role.DISPATCHER, "dee")) as dispatcher,
    ):
        yield Shift(server, job_id, open_id, dispatcher)


def at(north: float) -> Geolocation:
    """A place north of the door, as a phone reads it."""
    return {"latitude": round(DOOR[0] + north, 4), "longitude": DOOR[1], "accuracy": 9}


def on_duty(browser: Browser, shift: Shift, pro: str = "pat") -> AbstractContextManager[Visitor]:
    """A pro whose browser may read its location."""
    return visiting(browser, shift.address(pro), geolocation=at(0.02), permissions=["geolocation"])


def test_the_browsers_geolocation_reaches_the_trail(shift: Shift, chromium_path: str) -> None:
    with chromium(chromium_path) as browser, on_duty(browser, shift) as pro:
        pro.page.click("#sharing-switch")
        pro.sees("#sharing", "Sharing your location")
        pro.sees("#sharing", "Last sent")
        wait_for(lambda: len(shift.trail()) == 1, "the first position being kept")
        pro.page.wait_for_timeout(1_100)
        pro.context.set_geolocation(at(0.0195))
        wait_for(lambda: len(shift.trail()) == 2, "the second position being kept")
        assert shift.trail() == [(at(north)["latitude"], DOOR[1]) for north in (0.02, 0.0195)]


def test_positions_of_a_dead_spot_are_kept_and_sent_afterwards(shift: Shift, chromium_path: str) -> None:
    with chromium(chromium_path) as browser, on_duty(browser, shift) as pro:
        pro.page.click("#sharing-switch")
        pro.sees("#sharing", "Last sent")
        pro.context.set_offline(True)
        for north in (0.0195, 0.019, 0.0185):
            pro.page.wait_for_timeout(1_200)
            pro.context.set_geolocation(at(north))
        pro.sees("#sharing-queue", "kept on this phone")
        pro.page.wait_for_timeout(1_200)
        pro.context.set_offline(False)
        expected = [(at(north)["latitude"], DOOR[1]) for north in (0.02, 0.0195, 0.019, 0.0185)]
        wait_for(lambda: list(dict.fromkeys(shift.trail())) == expected, "the trail being filled")
        pro.page.locator("#sharing-queue").wait_for(state="hidden")


def test_positions_that_wait_survive_a_reload(shift: Shift, chromium_path: str) -> None:
    with chromium(chromium_path) as browser, on_duty(browser, shift) as pro:
        pro.page.route("**/api/hauler/location", lambda route: route.abort())
        pro.page.click("#sharing-switch")
        pro.sees("#sharing", "Last sent")
        shift.server.kill()
        pro.page.wait_for_timeout(1_200)
        pro.context.set_geolocation(at(0.0195))
        panel = pro.page.locator("#sharing")
        pro.until(lambda: panel.get_attribute("data-queued") != "0", "a position waiting")
        pro.page.wait_for_timeout(300)  # IndexedDB
        shift.server.start()
        pro.page.unroute("**/api/hauler/location")
        pro.context.clear_permissions()  # so that nothing new is read
        pro.page.reload()
        wait_for(lambda: (at(0.0195)["latitude"], DOOR[1]) in shift.trail(), "the kept position arriving")


def test_a_refused_permission_is_said_in_plain_words(shift: Shift, chromium_path: str) -> None:
    with chromium(chromium_path) as browser, visiting(browser, shift.address("pat")) as pro:
        pro.page.click("#sharing-switch")
        pro.sees("#sharing", "Location is blocked")
        pro.sees("#sharing", "site settings")


def test_the_big_button_walks_through_the_job(shift: Shift, chromium_path: str) -> None:
    with chromium(chromium_path) as browser, on_duty(browser, shift) as pro:
        for button, status in (
            ("I have arrived", "arrived"),
            ("Start work", "in_progress"),
            ("Finish the job", "completed"),
        ):
            pro.page.click(f"text={button}")
            wait_for(lambda wanted=status: shift.status() == wanted, f"the job being {status}")
        pro.sees("#jobs", "No jobs right now")


def test_a_double_tap_does_nothing_twice(shift: Shift, chromium_path: str) -> None:
    with chromium(chromium_path) as browser, on_duty(browser, shift) as pro:
        pro.page.dblclick("text=I have arrived")
        pro.sees("#jobs", "Start work")
        assert shift.status() == "arrived"
        assert pro.text("#news") == ""


def test_the_loser_of_a_claim_is_told_kindly_and_the_offer_is_gone(shift: Shift, chromium_path: str) -> None:
    with chromium(chromium_path) as browser, on_duty(browser, shift, "quinn") as loser:

        def too_late(route: Route) -> None:
            shift.claim("pat")
            route.continue_()

        loser.page.route("**/api/jobs/*/accept", too_late)
        loser.page.click("#sharing-switch")
        offer = loser.page.locator(f"[data-offer='{shift.open_id}']")
        offer.locator("button").click()
        loser.sees("#news", "Someone was a moment quicker")
        offer.wait_for(state="detached")


def test_a_claimed_job_leaves_the_other_feeds_by_itself(shift: Shift, chromium_path: str) -> None:
    with (
        chromium(chromium_path) as browser,
        on_duty(browser, shift, "pat") as winner,
        on_duty(browser, shift, "quinn") as other,
    ):
        offer = f"[data-offer='{shift.open_id}']"
        other.page.click("#sharing-switch")
        other.page.locator(offer).wait_for()
        winner.page.click(f"{offer} button")
        winner.sees("#news", "You got the job")
        winner.sees(f"[data-job='{shift.open_id}']", "Accepted")
        other.page.locator(offer).wait_for(state="detached")


def test_a_new_offer_appears_by_itself(shift: Shift, chromium_path: str) -> None:
    with chromium(chromium_path) as browser, on_duty(browser, shift) as pro:
        pro.page.locator(f"[data-offer='{shift.open_id}']").wait_for()
        job = {
            "customer_id": "cleo",
            "skill": "junk_removal",
            "service": "Take away a sofa",
            "lat": DOOR[0],
            "lng": DOOR[1],
            "address": "3 Castle Street",
            "price_cents": 9_900,
            "open": True,
        }
        shift.dispatcher.post("/api/jobs", json=job).raise_for_status()
        pro.sees("#feed", "Take away a sofa")


def test_without_a_token_the_page_asks_to_sign_in(shift: Shift, chromium_path: str) -> None:
    with chromium(chromium_path) as browser:
        with visiting(browser, f"{shift.server.url}/pro") as nobody:
            nobody.sees("h1", "Please sign in again")
        with visiting(browser, f"{shift.server.url}/pro#token=nonsense") as stranger:
            stranger.sees("h1", "Please sign in again")


def test_the_token_does_not_stay_in_the_address(shift: Shift, chromium_path: str) -> None:
    with chromium(chromium_path) as browser, on_duty(browser, shift) as pro:
        pro.sees("#jobs", "I have arrived")
        assert "token" not in pro.page.url
        pro.page.reload()
        pro.sees("#jobs", "I have arrived")
