"""A pro's phone in a real browser: an office of its own, one Chromium, and what happens at the server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, Geolocation, Locator

from db.pool import Database
from tests.company import DOOR
from tests.office import Office, open_office
from tests.pages import Visitor, visiting
from tests.running import token
from tests.unharmed import DEE
from tracker.local_postgres import PostgresServer

MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script>"


@dataclass
class Depot:
    """The office, and a browser for the phones of its pros."""

    office: Office
    browser: Browser

    @property
    def phones_url(self) -> str:
        """Where the phones find the server."""
        return self.office.server.url

    @contextmanager
    def phone(self, pro: str = "pat", *, script: str | None = None, **options: Any) -> Iterator[Visitor]:
        """A pro who opens the sign-in link and lets the browser read the location; `script` runs before."""
        address = f"{self.phones_url}/pro#token={token('pro', pro)}"
        settings = {"geolocation": at(0.02), "permissions": ["geolocation"], **options}
        if script is None:
            with visiting(self.browser, address, **settings) as visitor:
                yield visitor
            return
        with visiting(self.browser, "about:blank", **settings) as visitor:
            visitor.context.add_init_script(script)
            visitor.page.goto(address)
            yield visitor

    def job(self, status: str, **facts: Any) -> str:
        """A new job that has come to `status`; its id."""
        return self.office.job(status, **facts)

    def write(self, work: Callable[[Database], Awaitable[Any]]) -> Any:
        """Work on the database behind the server's back."""
        return self.office.write(work)

    def status(self, job_id: str) -> str:
        """The job's status, as dispatch sees it."""
        return str(self.office.call(DEE, "GET", f"/api/jobs/{job_id}")["status"])

    def steps(self, job_id: str) -> list[dict[str, Any]]:
        """The job's status events, oldest first."""
        events = self.office.call(DEE, "GET", f"/api/dispatch/jobs/{job_id}/events")["events"]
        found = [event for event in events if event["kind"] == "status"]
        return sorted(found, key=lambda event: int(event["version"]))

    def trail(self, job_id: str) -> list[tuple[float, float]]:
        """The kept points of the job, in the order the phone recorded them."""
        points = self.office.call(DEE, "GET", f"/api/jobs/{job_id}/trail")["points"]
        return [(round(point["lat"], 4), round(point["lng"], 4)) for point in points]

    def evidence(self, job_id: str) -> list[str]:
        """The kinds of the job's evidence, sorted."""
        kept = self.office.call(DEE, "GET", f"/api/jobs/{job_id}/evidence")["evidence"]
        return sorted(piece["kind"] for piece in kept)


@contextmanager
def open_depot(postgres: PostgresServer, template: str, browser: Browser) -> Iterator[Depot]:
    """An office for a whole file of tests, and their browser."""
    with open_office(postgres, template, browser) as office:
        yield Depot(office, browser)


def at(north: float) -> Geolocation:
    """A place north of the door, as a phone reads it."""
    return {"latitude": round(DOOR[0] + north, 4), "longitude": DOOR[1], "accuracy": 9}


def go_on_duty(phone: Visitor) -> None:
    """Share the location, whatever the switch says: the seeded pros are on duty, on no device yet."""
    phone.page.locator("#sharing-again").click()
    phone.sees("#sharing", "Location sent")


def card(phone: Visitor, job_id: str) -> Locator:
    """The card of a job."""
    return phone.page.locator(f"[data-job='{job_id}']")


def next_step(phone: Visitor, job_id: str, words: str) -> None:
    """Tap the big button, once it says this and takes taps."""
    phone.page.locator(f"[data-key='{job_id}:next']:not([aria-disabled])", has_text=words).click()


def sign(phone: Visitor) -> None:
    """Draw something on the open signature pad and hand it in."""
    scrawl(phone)
    phone.page.click("#signature .button-main")


def scrawl(phone: Visitor) -> None:
    """Draw something on the open signature pad."""
    box = phone.page.locator(".signature-pad").bounding_box()
    assert box is not None
    phone.page.mouse.move(box["x"] + 40, box["y"] + 80)
    phone.page.mouse.down()
    phone.page.mouse.move(box["x"] + 140, box["y"] + 30, steps=6)
    phone.page.mouse.move(box["x"] + 220, box["y"] + 110, steps=6)
    phone.page.mouse.up()
