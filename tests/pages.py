"""The pages in a real browser: Chromium without a window, and what it complains about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

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

    def map_data(self, name: str) -> str | None:
        """What the map says of itself: `dot` (lat,lng), `seq`, `trail` (points) or `pros`."""
        return self.page.locator("#map").get_attribute(f"data-{name}")

    def wait_map(self, name: str, test: str, *, within_s: float = 10.0) -> None:
        """Wait until the map's `name` makes the JavaScript expression `test` over `it` true."""
        script = (
            f"(() => {{ const it = document.querySelector('#map')?.dataset['{name}']; return {test}; }})()"
        )
        self.page.wait_for_function(script, timeout=within_s * 1000)


@contextmanager
def chromium(path: str) -> Iterator[Browser]:
    """A Chromium of one's own. Nothing else may run an event loop in this thread meanwhile."""
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
    yield visitor
    context.close()
    assert visitor.complaints == []
