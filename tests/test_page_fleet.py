"""The dispatchers' map: groups, single pros, clicks, signals, who leaves it, and a page nobody looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, WebSocket

from db.pool import Database
from db.seeding import SeedPerson, write_people
from rooms.principal import Role
from tests.company import DOOR, add_job, found_company, with_database
from tests.pages import DESK, METRES, Phone, Visitor, visiting
from tests.running import Process, serving, token

pytestmark = pytest.mark.browser

LAST = """
INSERT INTO last_positions (pro_id, session_no, seq, recorded_at, received_at, lat_e7, lng_e7)
VALUES ($1, 1, 1, now() - $4 * interval '1 s', now() - $4 * interval '1 s', round($2 * 1e7), round($3 * 1e7))
"""
COUNT_DRAWINGS = """
window.drawn = 0;
const clear = CanvasRenderingContext2D.prototype.clearRect;
CanvasRenderingContext2D.prototype.clearRect = function (...box) {
  if (this.canvas.classList.contains('fleet-canvas')) window.drawn++;
  return clear.apply(this, box);
};
"""
TURN = """
(state) => {
  Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}
"""


@dataclass
class Company:
    """A server, and what the tests do behind its back."""

    server: Process
    browser: Browser

    def job(self, status: str) -> str:
        """A job of Pat's at the door."""

        async def add(database: Database) -> str:
            return str(await add_job(database, status))

        return with_database(self.server.env["DATABASE_URL"], add)

    def pros(self, count: int, *, apart_m: float = 0.0, silent_s: float = 0.0, name: str = "Pro") -> None:
        """Pros on duty, in a square around the door, who were last heard so long ago."""

        async def add(database: Database) -> None:
            people = [
                SeedPerson(f"pro{n}", "pro", f"{name} {n}", None, f"p{n}@x.example", []) for n in range(count)
            ]
            side = max(1, round(count**0.5))
            async with database.transaction() as conn:
                await write_people(conn, people)
                for n, person in enumerate(people):
                    north, east = (n % side - side / 2) * apart_m, (n // side - side / 2) * apart_m
                    place = (DOOR[0] + north / METRES, DOOR[1] + east / METRES / 0.6)
                    await conn.execute(LAST, person.id, *place, silent_s)

        with_database(self.server.env["DATABASE_URL"], add)

    @contextmanager
    def desk(self) -> Iterator[Visitor]:
        """Dee, who signs in."""
        with visiting(self.browser, "about:blank", viewport=DESK, locale="en-US") as visitor:
            visitor.page.add_init_script(COUNT_DRAWINGS)
            visitor.page.goto(f"{self.server.url}/dispatch#token={token(Role.DISPATCHER, 'dee')}")
            yield visitor


@pytest.fixture
def company(database_url: str, tmp_path: Path, browser: Browser) -> Iterator[Company]:
    with_database(database_url, found_company)
    with serving(tmp_path, database_url) as server:
        yield Company(server, browser)


def on_map(dee: Visitor, **wanted: Callable[[int], bool]) -> None:
    """Wait until the map says so of its `pros`, `jobs` and `clusters`."""

    def says_so() -> bool:
        return all(
            dee.map_data(what) != "" and is_so(int(dee.map_data(what))) for what, is_so in wanted.items()
        )

    dee.until(says_so, f"{', '.join(wanted)} as wanted on the map")


def click_the_middle(dee: Visitor) -> None:
    """Click where the map's middle is."""
    box = dee.page.locator("#map").bounding_box()
    assert box
    dee.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def test_two_hundred_pros_are_a_group_from_afar_and_single_close_up(company: Company) -> None:
    company.pros(200, apart_m=25)
    with company.desk() as dee:
        on_map(dee, pros=lambda n: n == 200, clusters=lambda n: n == 1)
        dee.sees("#fleet", "200 pros in sight")
        click_the_middle(dee)  # closer, as near as it takes to tell them apart
        on_map(dee, pros=lambda n: n > 20, clusters=lambda n: n == 0)
        dee.page.click("[data-fleet=everything]")
        on_map(dee, pros=lambda n: n == 200)


def test_a_click_on_a_pro_opens_the_job_at_hand(company: Company) -> None:
    job_id = company.job("en_route")
    with company.desk() as dee:
        on_map(dee, jobs=lambda n: n == 1)
        with company.server.http(token(Role.PRO, "pat")) as pat:
            Phone(pat, DOOR).drive(0.0)
        dee.sees("#fleet", "1 pro in sight · 1 job")
        click_the_middle(dee)
        dee.sees("#panel", "Mount a 55-inch TV")
        assert f"job={job_id}" in dee.page.url


def test_a_lost_signal_is_named_and_listed_first_and_can_be_switched_off(company: Company) -> None:
    company.pros(1, silent_s=600, name="<b>Silent</b>")
    company.job("open")
    with company.desk() as dee:
        dee.sees("#fleet", "1 pro in sight · 1 signal lost · 1 job")
        dee.page.click("[data-fleet=list]")
        first = dee.page.locator(".fleet-list li").first
        assert first.locator("strong").inner_text() == "<b>Silent</b> 0 · Signal lost"
        dee.page.keyboard.press("Escape")
        assert dee.page.evaluate("document.activeElement.dataset.fleet") == "list"
        dee.page.click("[data-layer=lost]")
        dee.sees("#fleet", "0 pros in sight · 1 job")
        dee.page.reload()
        dee.sees("#fleet", "0 pros in sight · 1 job")


def test_a_pro_who_goes_off_duty_leaves_the_map_at_once(company: Company) -> None:
    with company.desk() as dee, company.server.http(token(Role.PRO, "pat")) as pat:
        dee.sees("#fleet", "0 pros in sight")
        Phone(pat, DOOR).drive(0.0)
        dee.sees("#fleet", "1 pro in sight")
        pat.patch("/api/me", json={"on_duty": False}).raise_for_status()
        dee.sees("#fleet", "0 pros in sight", within_s=5)


def test_a_page_that_nobody_looks_at_draws_nothing_and_is_told_nothing(company: Company) -> None:
    ticks: list[str] = []

    def listen(socket: WebSocket) -> None:
        socket.on(
            "framereceived", lambda frame: ticks.append(str(frame)) if "fleet_tick" in str(frame) else None
        )

    with (
        visiting(company.browser, "about:blank", viewport=DESK, reduced_motion="no-preference") as dee,
        company.server.http(token(Role.PRO, "pat")) as pat,
    ):
        dee.page.on("websocket", listen)
        dee.page.add_init_script(COUNT_DRAWINGS)
        dee.page.goto(f"{company.server.url}/dispatch#token={token(Role.DISPATCHER, 'dee')}")
        phone = Phone(pat, DOOR)
        dee.sees("#fleet", "0 pros in sight")
        phone.drive(0.0010)
        dee.sees("#fleet", "1 pro in sight")
        phone.drive(0.0008)  # the first may have come with the answer to `watch_fleet`
        dee.until(lambda: len(ticks) > 0, "a tick while somebody looks")
        dee.page.evaluate(TURN, "hidden")
        dee.page.wait_for_timeout(300)
        before = (dee.page.evaluate("window.drawn"), len(ticks))
        assert min(before) > 0
        phone.drive(0.0005, 0.0002)
        dee.page.wait_for_timeout(2500)
        assert (dee.page.evaluate("window.drawn"), len(ticks)) == before
        dee.page.evaluate(TURN, "visible")
        phone.drive(0.0)
        dee.until(lambda: len(ticks) > before[1], "a tick")
        assert dee.page.evaluate("window.drawn") > before[0]
