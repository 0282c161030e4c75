"""The dispatch page with a thousand moving pros and a thousand jobs: frames a second, and the heap."""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, CDPSession, Page

from bench.app import HOST, ROOT, App, running_app, token
from bench.harness import Report, percentile, short, spread
from bench.pages_fleet import spread as spread_jobs
from bench.pages_fleet import write_streets
from rooms.principal import Role

SIZE = 1000
EVERY_S = 2.0  # a phone that somebody watches is asked for one heartbeat in five seconds
SECONDS = 20
WARM_UP_S = 20.0
HEAP_EVERY_S = 10.0
SCREEN = {"width": 1440, "height": 900}

LOOKED_AT = f"""
A screen of {SCREEN["width"]} × {SCREEN["height"]}; each pro drives at 40 km/h and sends a heartbeat every
{EVERY_S:g} s to the real server, all on this machine. Frames are the browser's: how often in each second the
page could have drawn, for {SECONDS} s. *Drawn* is how often the map did: it draws when something has come
0.4 px farther. *Busy* is the share of the time in which the page's thread had something to do.
"""
# The moments at which the page could draw, and every task that kept it from answering for 50 ms.
WATCH = """
(() => {
  const seen = (window.__frames = { at: [], long_ms: [] });
  const frame = (now) => { seen.at.push(now); requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) seen.long_ms.push(task.duration);
  }).observe({ type: 'longtask' });
  const draw = CanvasRenderingContext2D.prototype.clearRect;
  seen.drawn = 0;
  CanvasRenderingContext2D.prototype.clearRect = function (...box) {
    if (this.canvas.classList.contains('fleet-canvas')) seen.drawn++;
    return draw.apply(this, box);
  };
})();
"""
TAKE = """
() => {
  const { at, long_ms, drawn } = window.__frames;
  Object.assign(window.__frames, { at: [], long_ms: [], drawn: 0 });
  return { at, long_ms, drawn, map: { ...document.getElementById('map').dataset } };
}
"""


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of the page for some seconds. `map` is what the map says is on it."""

    per_second: list[float]
    longest_ms: float
    long_tasks: int
    drawn_per_s: float
    busy: float
    map: dict[str, str]


async def measure_dispatch(report: Report, browser: Browser, *, minutes: float) -> None:
    """Frames at three zooms and while the map is dragged; then the heap for `minutes`."""
    report.say(f"\n## The dispatch page with {SIZE} pros and {SIZE} jobs")
    with tempfile.TemporaryDirectory(prefix="tracker-bench-pages-", dir="/tmp") as folder:
        streets = write_streets(Path(folder))
        center = json.loads(streets.read_text())["center"]
        middle = (center[0], center[1])
        async with running_app(SIZE, MAP_STREETS=str(streets)) as app:
            await spread_jobs(app.database_url, middle)
            with _driving(app, middle) as driven:
                await _look(report, browser, app, minutes)
        report.say(f"\nHeartbeats meanwhile: {driven['sent']} sent, {driven['acked']} acked as accepted.")


async def _look(report: Report, browser: Browser, app: App, minutes: float) -> None:
    page = await browser.new_page(viewport=SCREEN, locale="en-GB")  # type: ignore[arg-type]
    await page.add_init_script(WATCH)
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Performance.enable")
    await page.goto(f"http://{HOST}:{app.port}/dispatch#token={token(Role.DISPATCHER, 'bench')}")
    for _ in range(2):  # the first shows all jobs, the second also those pros who were out of sight
        await page.wait_for_timeout(WARM_UP_S * 500)
        await page.click("[data-fleet=everything]")
    await page.wait_for_timeout(2000)
    looks = {"everything in sight": await _watch(page, devtools)}
    looks["the same, dragged about"] = await _watch(page, devtools, dragging=True)
    await _closer(page, 2)
    looks["a quarter of the city"] = await _watch(page, devtools)
    await _closer(page, 1)
    looks["streets and names"] = await _watch(page, devtools)
    await page.click("[data-fleet=everything]")
    _tell_frames(report, looks)
    await _tell_heap(report, page, devtools, minutes)
    await page.close()


def _tell_frames(report: Report, looks: dict[str, Look]) -> None:
    report.say(" ".join(LOOKED_AT.split()))
    report.rows(
        [
            "what is on the map",
            "pros",
            "jobs",
            "groups",
            "frames/s",
            "of them 5 %",
            "drawn/s",
            "tasks over 50 ms",
            "longest gap, ms",
            "busy",
        ],
        [
            [
                name,
                *(look.map.get(what, "–") for what in ("pros", "jobs", "clusters")),
                spread(look.per_second),
                short(percentile(look.per_second, 5)),
                short(look.drawn_per_s),
                str(look.long_tasks),
                short(look.longest_ms),
                f"{look.busy:.0%}",
            ]
            for name, look in looks.items()
        ],
    )
    for name, look in looks.items():
        report.target(f"frames a second, {name}", look.per_second, least=30)


async def _watch(page: Page, devtools: CDPSession, *, dragging: bool = False) -> Look:
    """Look for `SECONDS`."""
    await page.evaluate(TAKE)
    before, start = await _metrics(devtools), time.perf_counter()
    if dragging:
        await _drag(page, SECONDS)
    else:
        await page.wait_for_timeout(SECONDS * 1000)
    seen = await page.evaluate(TAKE)
    took_s = time.perf_counter() - start
    after = await _metrics(devtools)
    at: list[float] = seen["at"]
    seconds = [int((moment - at[0]) // 1000) for moment in at]
    whole = range(seconds[-1])
    return Look(
        per_second=[float(seconds.count(second)) for second in whole],
        longest_ms=max(b - a for a, b in pairwise(at)),
        long_tasks=len(seen["long_ms"]),
        drawn_per_s=seen["drawn"] / took_s,
        busy=(after["TaskDuration"] - before["TaskDuration"]) / took_s,
        map=seen["map"],
    )


async def _drag(page: Page, seconds: float) -> None:
    """Drag the map in circles."""
    box = await page.locator("#map").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        for dx, dy in ((120, 0), (0, 120), (-120, 0), (0, -120)):
            await page.mouse.move(x, y)
            await page.mouse.down()
            await page.mouse.move(x + dx, y + dy, steps=30)
            await page.mouse.up()


async def _closer(page: Page, times: int) -> None:
    """Zoom in with the keyboard, and let the map come to rest."""
    await page.focus("#map")
    for _ in range(times):
        await page.keyboard.press("Equal")
        await page.wait_for_timeout(600)
    await page.wait_for_timeout(2000)


async def _tell_heap(report: Report, page: Page, devtools: CDPSession, minutes: float) -> None:
    """Force a collection now and then, and see whether what is left grows."""
    samples: list[tuple[float, float]] = []
    start = time.perf_counter()
    while (at_s := time.perf_counter() - start) <= minutes * 60:
        await devtools.send("HeapProfiler.collectGarbage")
        samples.append((at_s / 60, (await _metrics(devtools))["JSHeapUsedSize"] / 1e6))
        await asyncio.sleep(HEAP_EVERY_S)
        await page.evaluate(TAKE)  # what the bench itself keeps is no growth
    sizes = [size for _, size in samples]
    few = max(1, len(sizes) // 5)
    slope = statistics.linear_regression(*zip(*samples, strict=True)).slope if len(samples) > 1 else 0.0
    nodes = (await _metrics(devtools))["Nodes"]
    report.say(
        f"\nThe heap over {minutes:g} minutes with everything in sight, {len(samples)} times after a forced"
        f" collection: {spread(sizes)} MB, {slope * 1000:+.1f} KB a minute (least squares); {nodes:.0f} DOM"
        " nodes at the end."
    )
    ratio = statistics.median(sizes[-few:]) / statistics.median(sizes[:few])
    report.target("last fifth of the heap's sizes ÷ the first", [ratio], most=1.05)


async def _metrics(devtools: CDPSession) -> dict[str, float]:
    answer: dict[str, Any] = await devtools.send("Performance.getMetrics")
    return {each["name"]: each["value"] for each in answer["metrics"]}


@contextmanager
def _driving(app: App, middle: Sequence[float]) -> Iterator[dict[str, Any]]:
    """The pros' phones, a process of their own; what they sent is in the dict afterwards."""
    sockets = [{"auth": {"token": token(Role.PRO, f"pro{n}")}} for n in range(1, SIZE + 1)]
    plan = {
        "host": HOST,
        "port": app.port,
        "sockets": sockets,
        "every_s": EVERY_S,
        "lat": middle[0],
        "lng": middle[1],
    }
    driven: dict[str, Any] = {}
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.pages_fleet"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    try:
        process.stdin.write(json.dumps(plan) + "\n")
        process.stdin.flush()
        json.loads(process.stdout.readline())
        yield driven
        process.stdin.write("\n")
        process.stdin.flush()
        driven |= json.loads(process.stdout.readline())
    finally:
        process.stdin.close()
        process.wait(30)
