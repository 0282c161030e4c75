"""The customer's page on slow 4G with nothing cached: when there are words to read, and when a dot."""

from __future__ import annotations

import gzip
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Browser, Page

from bench.app import HOST, App, fetch, running_app, token
from bench.harness import Report, Sample, Turns, take_turns
from bench.slow_link import SLOW_4G, slow_link
from rooms.principal import Role

RUNS = 7
PATIENCE_MS = 30_000
PHONE = {"width": 390, "height": 844}
DIST = Path(__file__).resolve().parent.parent / "web" / "dist"
MOST_BYTES = 100_000

# Chromium's developer tools, preset "Slow 4G" (front_end/core/sdk/NetworkManager.ts): 150 ms × 3.75, because
# each request is delayed once where a network delays each round trip; 1.6 Mbit/s and 750 kbit/s, × 0.9.
DEVTOOLS_SLOW_4G = {
    "offline": False,
    "latency": 150 * 3.75,
    "downloadThroughput": 1_600_000 / 8 * 0.9,
    "uploadThroughput": 750_000 / 8 * 0.9,
}
WAYS = """
A phone's screen, a new browser profile each time, nothing in its cache. *network*: a proxy of our own in
front of the server, as slow as Lighthouse's slow 4G (150 ms there and back, 1.6 Mbit/s down, 750 kbit/s up)
for all that passes, websockets too. *requests*: the preset Slow 4G of Chromium's developer tools, which
answers each request 562.5 ms late, and websockets as the browser pleases. CPU ÷ 4: Chromium's emulation of a
processor that is four times slower than this one.
"""
# Notes when the visit's own words stand in the card, and when the dot is on the map.
WATCH = """
(() => {
  const times = (window.__times = {});
  const note = (name) => { times[name] ??= performance.now(); };
  const look = () => {
    const status = document.getElementById('status');
    if (status) window.__before ??= status.textContent;
    if (status && status.textContent !== window.__before) requestAnimationFrame(() => note('words'));
    if (document.querySelector('.vehicle')) requestAnimationFrame(() => note('dot'));
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
})();
"""
READ = """
() => ({
  ...window.__times,
  first: performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
  scripts: performance.getEntriesByType('resource')
    .filter((one) => new URL(one.name).pathname.endsWith('.js'))
    .map((one) => [one.startTime, one.encodedBodySize]),
})
"""


@dataclass(frozen=True, slots=True)
class Way:
    """At which port, delayed by the browser or not, on a processor how much slower."""

    port: int
    delayed: bool
    slower: int


async def measure_customer(report: Report, browser: Browser) -> None:
    """Seven visits each way, in turns."""
    report.say("\n## The customer's page")
    _weigh(report)
    async with running_app(1) as app:
        path = await _visit(app)
        async with slow_link(app.port, SLOW_4G) as slow_port:
            ways = {
                "network": Way(slow_port, delayed=False, slower=1),
                "network, CPU ÷ 4": Way(slow_port, delayed=False, slower=4),
                "requests": Way(app.port, delayed=True, slower=1),
                "requests, CPU ÷ 4": Way(app.port, delayed=True, slower=4),
            }
            turns = await take_turns({name: _going(browser, way, path) for name, way in ways.items()}, RUNS)
    report.say(" ".join(WAYS.split()))
    report.table(
        turns,
        {
            "first": "first paint with content, s",
            "words": "the visit in words, s",
            "dot": "the dot, s",
            "kb": "JS until then, KB",
        },
    )
    _hold(report, turns)


def _hold(report: Report, turns: Turns) -> None:
    report.target("seconds to readable content, network", turns.values("network", "words"), most=1.0)
    report.target("seconds to the first dot, network", turns.values("network", "dot"), most=2.5)
    report.target("seconds to the first paint, requests", turns.values("requests", "first"), most=1.0)
    report.target("seconds to the first dot, requests", turns.values("requests", "dot"), most=2.5)


def _weigh(report: Report) -> None:
    """All scripts that the page can ever load, as the server sends them."""
    page = (DIST / "track.html").read_text()
    names = reachable(re.findall(r"assets/([\w.-]+\.js)", page), DIST / "assets")
    size = sum(len(gzip.compress((DIST / "assets" / name).read_bytes(), 9)) for name in names)
    report.say(f"All that it can ever load: {len(names)} scripts.\n")
    report.target("KB of JavaScript, gzipped, in all", [size / 1000], most=MOST_BYTES / 1000)
    report.say()


def reachable(names: list[str], folder: Path) -> set[str]:
    """These scripts and all that any of them names."""
    found: set[str] = set()
    waiting = [name for name in names if (folder / name).exists()]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        named = re.findall(r"[\w.-]+\.js", (folder / name).read_text())
        waiting.extend(other for other in named if (folder / other).exists())
    return found


async def _visit(app: App) -> str:
    """A job with a pro near its door; the path of its page."""
    (job_id,) = await fetch(app.database_url, "SELECT id::text FROM jobs")
    async with httpx.AsyncClient(base_url=f"http://{HOST}:{app.port}") as http:
        staff = {"Authorization": f"Bearer {token(Role.ADMIN, 'bench')}"}
        pro = {"Authorization": f"Bearer {token(Role.PRO, 'pro1')}"}
        link = (
            (await http.post(f"/api/jobs/{job_id[0]}/tracking-link", headers=staff)).raise_for_status().json()
        )
        place = {"lat": 53.51, "lng": -2.91, "accuracy": 8, "heading": 140, "speed": 9}
        (await http.post("/api/hauler/location", json=place, headers=pro)).raise_for_status()
    return f"/track/{link['link']}"


def _going(browser: Browser, way: Way, path: str) -> Callable[[], Awaitable[Sample]]:
    async def go() -> Sample:
        context = await browser.new_context(viewport=PHONE, device_scale_factor=2, locale="en-GB")  # type: ignore[arg-type]
        try:
            page = await context.new_page()
            await page.add_init_script(WATCH)
            devtools = await context.new_cdp_session(page)
            if way.slower > 1:
                await devtools.send("Emulation.setCPUThrottlingRate", {"rate": way.slower})
            if way.delayed:
                await devtools.send("Network.enable")
                await devtools.send("Network.emulateNetworkConditions", DEVTOOLS_SLOW_4G)
            await page.goto(f"http://{HOST}:{way.port}{path}", wait_until="commit", timeout=PATIENCE_MS)
            return _sample(await _times(page))
        finally:
            await context.close()

    return go


async def _times(page: Page) -> dict[str, Any]:
    await page.wait_for_selector(".vehicle", state="attached", timeout=PATIENCE_MS)
    while True:
        times: dict[str, Any] = await page.evaluate(READ)
        if {"words", "dot"} <= set(times):
            return times
        await page.wait_for_timeout(20)


def _sample(times: dict[str, Any]) -> Sample:
    """Seconds since the navigation began, and KB of scripts that were asked for before the dot was there."""
    scripts = [size for start, size in times["scripts"] if start <= times["dot"]]
    seconds = {name: times[name] / 1000 for name in ("first", "words", "dot")}
    return {**seconds, "kb": sum(scripts) / 1000}
