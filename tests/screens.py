"""The README's pictures: one job of the demo, from its three sides, while its pro is on the way.

    python -m tests.screens      takes a minute; writes docs/screens

The demo runs in a folder of its own, from nothing, and is ended afterwards.
"""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page

from tests.pages import DESK, PHONE, chromium
from tests.ports import free_port
from tests.postgres import open_folder
from tests.running import ROOT, wait_for
from tracker.bootstrap import find_chromium
from tracker.settings import STATE_FOLDER

SCREENS = ROOT / "docs" / "screens"
ON_THE_WAY_S = 30.0  # a trail to look at; the demo's drives take a minute and a half
STEP = 3  # of 255: colours are rounded, which nobody sees and makes files smaller; white stays white
LARGEST = 200_000  # bytes of a picture


def main() -> None:
    """Run the demo, walk its job to the road, and take the pictures."""
    path = find_chromium()
    assert path is not None, "no Chromium on this machine"
    with demo() as links, chromium(path) as browser:
        pro = visit(browser, links["pro"], viewport=PHONE, device_scale_factor=2)
        customer = visit(browser, links["customer"], viewport=PHONE, device_scale_factor=2)
        desk = visit(browser, links["dispatch"], viewport=DESK)
        pro.locator("#jobs .step", has_text="Set off").click()
        customer.locator("#map[data-dot]").wait_for()
        time.sleep(ON_THE_WAY_S)
        desk.locator("#panel h2").wait_for()
        for page, name in ((customer, "track-phone"), (pro, "pro-phone"), (desk, "dispatch")):
            take(page, SCREENS / f"{name}.png")


@contextmanager
def demo() -> Iterator[dict[str, str]]:
    """A demo of one's own; its links."""
    with open_folder() as folder:
        told = folder / STATE_FOLDER / "demo.json"
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tracker.cli", "demo", "--port", str(free_port())],
                cwd=folder,
                env={**_environment(), "WEB_DIST": str(ROOT / "web" / "dist")},
                stdout=log,
                stderr=log,
            )
        try:
            wait_for(told.exists, "the demo", patience_s=120)
            links: dict[str, str] = json.loads(told.read_text(encoding="utf-8"))["links"]
            yield links
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def _environment() -> dict[str, str]:
    """Nothing of this machine's own settings, so that everybody takes the same pictures."""
    return {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}


def visit(browser: Browser, url: str, **options: Any) -> Page:
    """A page that somebody in the demo's country opens."""
    context: BrowserContext = browser.new_context(locale="en-US", **options)
    page = context.new_page()
    page.goto(url)
    return page


def take(page: Page, file: Path) -> None:
    """Keep what is on the screen, small enough for a README."""
    shot = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    shot.point(lambda part: (part + STEP // 2) // STEP * STEP).save(file, optimize=True)
    size = file.stat().st_size
    assert size <= LARGEST, f"{file.name} has {size} bytes"


if __name__ == "__main__":
    main()
