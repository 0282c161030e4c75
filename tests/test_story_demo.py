"""Somebody who has read nothing runs the demo, opens the three links that it prints, and completes a job."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.demo_city import CITY, metres
from tests.pages import DESK, Visitor, chromium, visiting
from tests.ports import free_port
from tests.pro_phone import sign
from tests.running import ROOT, wait_for
from tracker.city.people import VISITOR

pytestmark = pytest.mark.browser
STARTS_WITHIN_S = 40.0


@contextmanager
def running_demo(folder: Path) -> Iterator[Path]:
    """`tracker demo` with its data in `folder`, ended as by Ctrl-C; yields what it prints."""
    said = folder / "said"
    dist = os.environ.get("WEB_DIST", str(ROOT / "web" / "dist"))
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    with said.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tracker.cli", "demo", "--pros", "3", "--port", str(free_port())],
            cwd=folder,
            env={**environment, "WEB_DIST": dist, "PYTHONPATH": str(ROOT)},
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        ready = re.compile("Ctrl-C stops everything")
        wait_for(
            lambda: process.poll() is not None or ready.search(said.read_text()), "the links", STARTS_WITHIN_S
        )
        assert process.poll() is None, said.read_text()
        yield said
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(20)


def link(said: Path, page: str) -> str:
    """The newest link to a page that was printed."""
    found: list[str] = re.findall(rf"http\S+/{page}[/#]\S+", said.read_text())
    return found[-1]


def test_a_stranger_completes_a_job_with_the_three_printed_links(folder: Path, chromium_path: str) -> None:
    with running_demo(folder) as said, chromium(chromium_path) as browser:
        first = link(said, "track")
        with (
            visiting(browser, first, viewport=DESK, locale="en-US") as customer,
            visiting(browser, link(said, "pro"), viewport=DESK, locale="en-US") as pro,
            visiting(browser, link(said, "dispatch"), viewport=DESK, locale="en-US") as dispatch,
        ):
            dispatch.sees("#panel", "Ivy Bishop")
            pro.sees("#demo", "Simulated drive")  # nobody is asked for a location that is nowhere near
            tap(pro, "Set off")
            customer.sees("#status", "Ivy Bishop is on the way")
            customer.sees("#contact", "Live")
            the_van_drives(customer)
            tap(pro, "I have arrived")
            customer.sees("#status", "Ivy Bishop is at your door")
            tap(pro, "Sample photo")
            tap(pro, "Start work")
            dispatch.sees("#panel", "Working")
            tap(pro, "Sample photo")
            pro.page.locator(".is-first >> text=Sample photo").wait_for(state="detached")
            tap(pro, "Sign on screen")
            sign(pro)
            tap(pro, "Finish the job")
            customer.sees("h1", "All done", within_s=20)
            customer.sees("#receipt", "Paid. Thank you.", within_s=20)
            # And another job waits: its customer's link is printed.
            pro.page.locator(".is-first >> text=Set off").wait_for(timeout=15_000)
            wait_for(lambda: link(said, "track") != first, "the next customer's link")


def the_van_drives(customer: Visitor) -> None:
    """From the pro's home, along the streets."""
    customer.until(lambda: dot_of(customer) is not None, "the dot on the customer's map")
    began, home = dot_of(customer), CITY.person[VISITOR].home
    assert began is not None
    assert metres(began, (home.lat, home.lng)) < 150
    customer.until(lambda: metres(dot_of(customer) or began, began) > 25, "the van driving", within_s=20)


def dot_of(customer: Visitor) -> tuple[float, float] | None:
    """Where the customer's map has the dot."""
    lat, _, lng = customer.map_data("dot").partition(",")
    return (float(lat), float(lng)) if lng else None


def tap(pro: Visitor, words: str) -> None:
    """The first thing on the page that says this, once it takes taps."""
    pro.page.locator(f".is-first button:not([aria-disabled]):has-text('{words}')").first.click()
