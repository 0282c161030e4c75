"""The pages' speed: the customer's on a slow mobile network, the dispatchers' with a thousand moving pros."""

from __future__ import annotations

import argparse

from playwright.async_api import async_playwright

from bench.harness import Report
from bench.pages_customer import measure_customer
from bench.pages_dispatch import measure_dispatch
from tracker.bootstrap import find_chromium

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def options(parser: argparse.ArgumentParser) -> None:
    """How long the heap is watched."""
    parser.add_argument("--minutes", type=float, default=10, help="how long pages watches the heap (10)")


async def run(arguments: argparse.Namespace) -> Report:
    """Both pages in one headless Chromium, one after the other."""
    report = Report("pages", "Speed of the pages")
    chromium = find_chromium()
    if not chromium:
        report.say("There is no Chromium on this machine; it was left out.")
        return report
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        report.say(f"Headless Chromium {browser.version}, without a GPU: the processor draws everything.")
        await measure_customer(report, browser)
        await measure_dispatch(report, browser, minutes=arguments.minutes)
        await browser.close()
    return report
