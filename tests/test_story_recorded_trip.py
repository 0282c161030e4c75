"""Real input: a recorded afternoon of eight buses in Liverpool, played as pros through the public socket."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest

from db.pool import Database
from db.seeding import SeedPerson, write_people
from tests.company import add_job, with_company, with_database
from tests.listening import listening
from tests.pages import PHONE, chromium, visiting
from tests.running import ROOT, Process, serving, token
from tracker.replay.reading import read_traces
from tracker.replay.traces import Trace, TraceFix

RECORDING = ROOT / "tests" / "data" / "liverpool_bus_route14.csv"
POINTS = 1533
TRIP = ("4720", "1111")  # a vehicle and one of its trips, from terminus to terminus
PNG_MAGIC = b"\x89PNG"


def replay(web: Process, pro_id: str, *options: str) -> subprocess.Popen[str]:
    """`tracker replay` as an operator would run it."""
    source = [str(RECORDING), "--vehicle", pro_id, "--url", web.url, "--token", token("pro", pro_id)]
    words = ["replay", *source, *options]
    return subprocess.Popen(
        [sys.executable, "-m", "tracker.cli", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def traces() -> dict[str, Trace]:
    return {trace.vehicle: trace for trace in read_traces(RECORDING)}


def link_of(web: Process, job_id: str) -> str:
    with web.http(token("dispatcher", "dee")) as http:
        answer = http.post(f"/api/jobs/{job_id}/tracking-link").raise_for_status().json()
    return str(answer["link"])


def trail(web: Process, job_id: str) -> list[dict[str, object]]:
    """Every kept point of a job with its verdict."""
    with web.http(token("dispatcher", "dee")) as http:
        answer = http.get(f"/api/jobs/{job_id}/trail", params={"all": "true", "limit": 5000})
        return list(answer.raise_for_status().json()["points"])


@pytest.fixture
def buses(database_url: str, folder: Path) -> Iterator[tuple[Process, dict[str, str]]]:
    """A server, and for each vehicle a pro of the same name with a job where its recording ends."""

    async def prepare(database: Database) -> dict[str, str]:
        ends = {vehicle: trace.fixes[-1] for vehicle, trace in traces().items()}
        people = [SeedPerson(v, "pro", f"Bus {v}", None, None, ["tv_mounting"]) for v in ends]
        async with database.transaction() as conn:
            await write_people(conn, people)
        jobs: dict[str, UUID] = {
            vehicle: await add_job(
                database, "en_route", pro=vehicle, at=(end.lat, end.lng), began_ago_s=3 * 3600
            )
            for vehicle, end in ends.items()
        }
        return {vehicle: str(job_id) for vehicle, job_id in jobs.items()}

    jobs = with_company(database_url, prepare)
    with serving(folder, database_url) as web:
        yield web, jobs


def test_all_1533_recorded_points_are_in_the_trails_point_for_point(
    buses: tuple[Process, dict[str, str]],
) -> None:
    web, jobs = buses
    recorded = traces()
    assert sum(len(trace.fixes) + trace.repeated for trace in recorded.values()) == POINTS
    offline = {"4722": ("--offline", "600,900"), "4841": ("--offline", "1200,600")}
    players = {v: replay(web, v, "--speed", "max", "--quiet", *offline.get(v, ())) for v in recorded}
    for vehicle, player in players.items():
        words, _ = player.communicate(timeout=60)
        assert player.returncode == 0, f"vehicle {vehicle}: {words}"
    on_trail = 0
    for vehicle, trace in recorded.items():
        kept = trail(web, jobs[vehicle])
        assert [shape(point) for point in kept] == [shape_of(fix) for fix in trace.fixes]
        assert spacing(kept) == [
            round((fix.recorded_at - trace.fixes[0].recorded_at).total_seconds(), 3) for fix in trace.fixes
        ]
        on_trail += sum(point["verdict"] in ("good", "stale") for point in kept)
    assert on_trail >= 0.97 * POINTS  # what is not is kept with its verdict all the same


def test_the_recorded_trip_moves_the_dot_on_the_page_and_its_estimate_falls(
    buses: tuple[Process, dict[str, str]], chromium_path: str, tmp_path: Path
) -> None:
    web, jobs = buses
    vehicle, trip = TRIP
    fixes = [fix for fix in traces()[vehicle].fixes if fix.trip == trip]
    put_door_at_end_of_trip(web, jobs[vehicle], fixes[-1])
    link = link_of(web, jobs[vehicle])

    async def ride() -> list[dict[str, object]]:
        async with await listening(web.url, link=link) as customer:
            await customer.call("watch")
            options = ("--trip", trip, "--speed", "400", "--offline", "600,200", "--quiet")
            player = await asyncio.to_thread(replay, web, vehicle, *options)
            words, _ = await asyncio.to_thread(player.communicate, None, 60)
            assert player.returncode == 0, words
            last = fixes[-1]
            await customer.hears(
                "location_update", lambda dot: (dot["lat"], dot["lng"]) == (last.lat, last.lng)
            )
            await customer.hears("trail_changed")
            return customer.all("location_update")

    dots = asyncio.run(ride())
    assert [dot["seq"] for dot in dots] == sorted({dot["seq"] for dot in dots})  # type: ignore[type-var]
    etas = [dot["eta"]["seconds"] for dot in dots]  # type: ignore[index]
    quarter = len(etas) // 4
    assert etas[0] > max(etas[-quarter:])
    assert etas[-1] < 60
    with chromium(chromium_path) as browser, visiting(browser, f"{web.url}/track/{link}") as customer:
        customer.sees_dot_at(fixes[-1].lat, fixes[-1].lng)
        customer.sees("#contact", "Live")
        assert int(customer.map_data("trail")) >= 0.95 * len(fixes)
        picture = tmp_path / "trip.png"
        customer.page.set_viewport_size(PHONE)
        customer.page.screenshot(path=picture)
        assert picture.read_bytes().startswith(PNG_MAGIC)


def put_door_at_end_of_trip(web: Process, job_id: str, end: TraceFix) -> None:
    """The job is where this trip ends, not where the vehicle's day ends."""

    async def move(database: Database) -> None:
        async with database.connection() as conn:
            await conn.execute(
                "UPDATE jobs SET lat = $2, lng = $3 WHERE id = $1", UUID(job_id), end.lat, end.lng
            )

    with_database(web.env["DATABASE_URL"], move)


def shape(point: dict[str, object]) -> tuple[object, object, object]:
    return point["lat"], point["lng"], point["heading"]


def shape_of(fix: TraceFix) -> tuple[object, object, object]:
    return fix.lat, fix.lng, fix.heading_deg


def spacing(points: list[dict[str, object]]) -> list[float]:
    """Seconds since the first point."""
    times = [datetime.fromisoformat(str(point["recorded_at"])) for point in points]
    return [round((time - times[0]).total_seconds(), 3) for time in times]
