"""The pro's page in a demo: a made-up drive stands in for a location far from the city, and says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.demo_city import CITY, demo, visitor_of
from tests.pages import visiting
from tests.running import Process, token
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
def trial(database_url: str, tmp_path: Path, browser: Browser) -> Iterator[Try]:
    with (
        demo(tmp_path, database_url) as web,
        demo_visitor.visiting(visitor_of(web), CITY) as visitor,
    ):
        visit = visitor.next_visit()
        assert visit is not None
        yield Try(web, visit, browser)


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
