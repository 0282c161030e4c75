"""From starting an already set-up demo to the first live dot on a customer's page, in headless Chromium.

The browser is already running, as a person's would be; its page is opened the moment the demo has
written its links.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from bench.app import ROOT, free_port
from bench.harness import Report, Sample, take_turns
from tracker.bootstrap import find_chromium

RUNS = 5
PATIENCE_S = 60.0
LIVE_DOT = ".vehicle.is-live"
NAME = "demo"


def options(parser: argparse.ArgumentParser) -> None:
    """Nothing to set."""


async def run(arguments: argparse.Namespace) -> Report:  # noqa: ARG001
    """One start that sets up, then the measured ones on the same data."""
    report = Report("demo_start", "Starting the demo")
    chromium = find_chromium()
    if not chromium:
        report.say("There is no Chromium on this machine; it was left out.")
        return report
    report.say(f"{RUNS} starts of a demo whose data is there, with its page in headless Chromium.")
    with tempfile.TemporaryDirectory(prefix="tracker-bench-demo-", dir="/tmp") as folder:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            await _start(Path(folder), browser)
            turns = await take_turns({NAME: lambda: _start(Path(folder), browser)}, RUNS)
            await browser.close()
    report.table(turns, {"links": "links printed after s", "dot": "live dot on the page after s"})
    report.target("seconds to the first live dot", turns.values(NAME, "dot"), most=10)
    return report


async def _start(folder: Path, browser: Browser) -> Sample:
    """Start the demo, look at its page, end it."""
    links = folder / ".tracker" / "demo.json"
    links.unlink(missing_ok=True)
    start = time.perf_counter()
    async with _demo(folder) as process:
        while not links.exists():
            if process.returncode is not None or time.perf_counter() - start > PATIENCE_S:
                raise RuntimeError("the demo did not start:\n" + (folder / "demo.log").read_text())
            await asyncio.sleep(0.01)
        linked = time.perf_counter() - start
        page = await browser.new_page()
        await page.goto(json.loads(links.read_text())["links"]["moving"], wait_until="commit")
        await page.wait_for_selector(LIVE_DOT, timeout=PATIENCE_S * 1000)
        dot = time.perf_counter() - start
        await page.close()
    return {"links": linked, "dot": dot}


@asynccontextmanager
async def _demo(folder: Path) -> AsyncIterator[Process]:
    """`tracker demo` with its data in `folder`; ended as by Ctrl-C."""
    with (folder / "demo.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tracker.cli", "demo", "--port", str(free_port())),
            cwd=folder,
            env={**os.environ, "WEB_DIST": str(ROOT / "web" / "dist")},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        await asyncio.wait_for(process.wait(), PATIENCE_S)
