"""The pages in a real browser: Chromium without a window, and what it complains about."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",  # the tests may run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
METRES = 111_000.0  # in a degree of latitude
RETURNS_WITHIN_S = 30.0  # 15 s at most between two tries, and Chromium holds some back a little more
PACE_M_S = 40.0
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}
# What Chromium itself writes when a test cuts the network; everything else is a fault of the page.
NETWORK_WORDS = ("net::ERR_", "WebSocket connection to", "Failed to load resource")


@dataclass
class Visitor:
    """One person's browser, and what went wrong in it."""

    page: Page
    context: BrowserContext
    complaints: list[str] = field(default_factory=list)

    def hear(self, message: ConsoleMessage) -> None:
        """Keep errors of the console that are not about a network that the test cut."""
        if message.type == "error" and not any(word in message.text for word in NETWORK_WORDS):
            self.complaints.append(message.text)

    def text(self, selector: str) -> str:
        """What is written there now; empty when it is hidden."""
        found = self.page.locator(selector)
        return found.inner_text() if found.count() and found.is_visible() else ""

    def sees(self, selector: str, words: str, *, within_s: float = 10.0) -> None:
        """Wait until an element shows these words."""
        self.page.locator(selector, has_text=words).first.wait_for(state="visible", timeout=within_s * 1000)

    def map_data(self, name: str) -> str:
        """What the map says of itself: `dot` (lat,lng), `seq`, `trail` (points) or `pros`; "" for nothing."""
        return self.page.locator("#map").get_attribute(f"data-{name}") or ""

    def until(self, condition: Callable[[], bool], what: str, *, within_s: float = 10.0) -> None:
        """Wait until `condition()` is true, while the page goes on.

        Playwright's own `wait_for_function` evaluates text, which the pages' policy rightly forbids.
        """
        deadline = time.monotonic() + within_s
        while not condition():
            assert time.monotonic() < deadline, f"{what} did not happen within {within_s:.0f} s"
            self.page.wait_for_timeout(40)

    def sees_dot_at(self, lat: float, lng: float, *, within_s: float = 10.0) -> None:
        """Wait until the dot stands at this place."""
        place = f"{lat:.6f},{lng:.6f}"
        self.until(lambda: self.map_data("dot") == place, f"the dot at {place}", within_s=within_s)

    def sees_trail_of(self, points: int) -> None:
        """Wait until the trail has so many points."""
        self.until(lambda: self.map_data("trail") == str(points), f"a trail of {points} points")


@dataclass
class Phone:
    """A pro's phone that drives straight towards a door from the north, at a van's pace."""

    http: httpx.Client
    door: tuple[float, float]
    north: float = 0.02  # degrees of latitude from the door
    # Some time ago, so that a minute of driving need not be waited for.
    recorded_at: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(seconds=30))

    def drive(self, *norths: float) -> None:
        """Send positions north of the door, in one batch."""
        positions = []
        for north in norths:
            self.recorded_at += timedelta(seconds=1 + abs(north - self.north) * METRES / PACE_M_S)
            self.north = north
            place = {"lat": self.door[0] + north, "lng": self.door[1], "accuracy": 8}
            positions.append({**place, "recorded_at": self.recorded_at.isoformat()})
        answer = self.http.post("/api/hauler/location", json={"positions": positions})
        assert answer.json()["accepted"] == len(norths), answer.text


@contextmanager
def chromium(path: str) -> Iterator[Browser]:
    """A Chromium of one's own. This thread can run no event loop meanwhile; `tests.aside` has another."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visiting(browser: Browser, url: str, **options: Any) -> Iterator[Visitor]:
    """A person who opens a page. Fails when the page threw, or broke its content security policy."""
    settings = {"viewport": PHONE, "locale": "en-GB", "reduced_motion": "reduce", **options}
    context = browser.new_context(**settings)
    visitor = Visitor(context.new_page(), context)
    visitor.page.on("console", visitor.hear)
    visitor.page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
    visitor.page.goto(url)
    try:
        yield visitor
    finally:
        context.close()  # the browser is for others too
    assert not visitor.complaints, visitor.complaints
