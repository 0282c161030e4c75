"""The pro's page in a demo: a made-up drive stands in for a location far from the city, and says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.pages import DESK, Visitor, chromium, visiting
from tests.running import Process, token
from tests.test_demo_visitor import CITY, demo, metres, visitor_of
from tracker import demo_visitor
from tracker.city.people import VISITOR
from tracker.demo_visitor import Visit

pytestmark = pytest.mark.browser


@dataclass
class Try:
    """A demo with one job for its visitor, who sits at a desk far away and lets no page know where."""

    web: Process
    visit: Visit
    browser: Browser


@pytest.fixture
def trial(database_url: str, tmp_path: Path, chromium_path: str) -> Iterator[Try]:
    with (
        demo(tmp_path, database_url) as web,
        demo_visitor.visiting(visitor_of(web), CITY) as visitor,
        chromium(chromium_path) as browser,
    ):
        visit = visitor.next_visit()
        assert visit is not None
        yield Try(web, visit, browser)


def drawn_dot(customer: Visitor) -> tuple[float, float] | None:
    """Where the customer's map has the dot."""
    lat, _, lng = customer.map_data("dot").partition(",")
    return (float(lat), float(lng)) if lng else None


def test_a_stranger_without_a_location_is_driven_to_the_customer_and_hands_in_drawn_photos(
    trial: Try,
) -> None:
    visit, job = trial.visit, f"[data-job='{trial.visit.job_id}']"
    with (
        visiting(trial.browser, visit.links["pro"], viewport=DESK, locale="en-US") as pro,
        visiting(trial.browser, visit.links["customer"], viewport=DESK, locale="en-US") as customer,
    ):
        pro.sees("#demo", "Simulated drive")
        pro.sees("#sharing", "Location sent")  # nobody was asked for anything
        pro.page.click(f"{job} >> text=Set off")
        pro.until(lambda: drawn_dot(customer) is not None, "the dot on the customer's map")
        began = drawn_dot(customer)
        assert began is not None
        home = CITY.person["pro-40"].home
        assert metres(began, (home.lat, home.lng)) < 120
        pro.until(lambda: metres(drawn_dot(customer) or began, began) > 25, "the van driving", within_s=20)
        pro.page.click(f"{job} >> text=I have arrived")
        pro.page.click(f"{job} >> text=Sample photo")
        pro.page.locator(f"{job} .thumbs [data-waits=false]", has_text="Before").wait_for()
        pro.page.click(f"{job} >> text=Start work")
        pro.page.click(f"{job} >> text=Sample photo")
        pro.page.locator(f"{job} .thumbs [data-waits=false]", has_text="After").wait_for()
        assert pro.page.locator(f"{job} >> text=Sample photo").count() == 0


def test_the_visitor_may_have_their_own_location_and_a_real_server_asks_for_it(trial: Try) -> None:
    with visiting(trial.browser, trial.visit.links["pro"], permissions=[]) as pro:
        pro.sees("#sharing", "Location sent")
        pro.page.click("#demo [role=switch]")
        pro.sees("#demo", "where your device really is")
        pro.sees("#sharing", "Location is blocked")
        pro.page.reload()
        pro.sees("#demo", "where your device really is")
        pro.page.click("#demo [role=switch]")
        pro.sees("#sharing", "Location sent")

        trial.web.stop()
        del trial.web.env["DEMO_CITY"]
        trial.web.start()
        with trial.web.http(token("pro", VISITOR)) as http:
            assert http.get("/api/me").json()["demo"] is False
            assert http.get("/api/demo/drive").status_code == 404
        pro.page.reload()
        pro.sees("#sharing", "Location is blocked")
        pro.page.locator("#demo").wait_for(state="detached")
        kept: str | None = pro.page.evaluate("() => localStorage.getItem('tracker.drive')")
        assert kept is None
