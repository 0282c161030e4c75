"""Who tries the demo has a pro of their own: a job always waits for it, and its drives are made up."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from db.pool import Database
from rooms.principal import Role
from tests.company import with_database
from tests.demo_city import CITY, demo, metres, visitor_of
from tests.running import SECRET, Process, token
from tracker.city.made_up_drive import made_up_drive, standing_at
from tracker.city.people import VISITOR
from tracker.demo_pros import who_drives
from tracker.demo_seed import seed_city
from tracker.demo_visitor import visiting
from tracker.settings import Settings

A_DOOR = CITY.person["customer-17"].home


def test_a_job_waits_for_the_visitor_until_it_is_done_and_then_another(
    database_url: str, tmp_path: Path
) -> None:
    with demo(tmp_path, database_url) as web, visiting(visitor_of(web), CITY) as visitor:
        first = visitor.next_visit()
        assert first is not None
        assert visitor.next_visit() is None
        with visiting(visitor_of(web), CITY) as started_again:
            same = started_again.next_visit()
        assert same is not None
        assert same.job_id == first.job_id
        with web.http(token(Role.PRO, VISITOR)) as pro:
            (job,) = pro.get("/api/me/jobs").json()["jobs"]
            assert (job["id"], job["status"]) == (first.job_id, "accepted")
            the_links_are_of_one_job(web, same.links, job["service"])
            for status in ("en_route", "arrived", "in_progress", "completed"):
                pro.post(f"/api/jobs/{job['id']}/status", json={"status": status}).raise_for_status()
        drives_are_made_up(web)
        another = visitor.next_visit()
        assert another is not None
        assert another.job_id != first.job_id
    with visiting(visitor_of(web), CITY) as again, pytest.raises(httpx.HTTPError):
        again.next_visit()  # the server is gone: said, not guessed


def the_links_are_of_one_job(web: Process, links: dict[str, str], service: str) -> None:
    with httpx.Client(base_url=web.url) as customer:
        link = links["customer"].rpartition("/")[2]
        headers = {"Authorization": f"Link {link}"}
        job_id = links["dispatch"].rpartition("=")[2]
        seen = customer.get(f"/api/jobs/{job_id}", headers=headers).raise_for_status().json()
        assert seen["service"] == service
        for page in ("pro", "dispatch"):
            signed_in = {"Authorization": f"Bearer {links[page].partition('token=')[2].partition('&')[0]}"}
            assert customer.get(f"/api/jobs/{job_id}", headers=signed_in).is_success
            assert links[page].startswith(f"{web.url}/{page}#")


def drives_are_made_up(web: Process) -> None:
    with web.http(token(Role.PRO, VISITOR)) as pro:
        assert pro.get("/api/me").json()["demo"] is True
        home = CITY.person[VISITOR].home
        (at_home,) = pro.get("/api/demo/drive").json()["fixes"]
        assert metres((at_home["lat"], at_home["lng"]), (home.lat, home.lng)) < 15
        there = {"to_lat": A_DOOR.lat, "to_lng": A_DOOR.lng}
        assert len(pro.get("/api/demo/drive", params=there).json()["fixes"]) > 60
        assert pro.get("/api/demo/drive", params={"lat": 41.3}).status_code == 422
    with web.http(token(Role.CUSTOMER, "customer-1")) as customer:
        assert customer.get("/api/demo/drive").status_code == 403


def test_the_visitors_pro_is_nobody_elses(database_url: str) -> None:
    async def story(database: Database) -> list[str]:
        await seed_city(database, CITY, datetime.now(UTC))
        settings = Settings.from_env({"DATABASE_URL": "postgresql://x/x", "TRACKER_SECRET": SECRET})
        return [one.pro_id for one in await who_drives(settings, database, CITY, 40)]

    simulated = with_database(database_url, story)
    assert VISITOR not in simulated
    assert len(simulated) >= 39
    waiting = {job.status for job in CITY.jobs if job.pro_id == VISITOR}
    assert waiting <= {"completed"}


def test_a_made_up_drive_keeps_to_the_streets_and_ends_at_the_door() -> None:
    home = CITY.person[VISITOR].home
    fixes = made_up_drive(CITY.network, (home.lat, home.lng), (A_DOOR.lat, A_DOOR.lng))
    assert (fixes[0].speed_mps, fixes[-1].speed_mps) == (0.0, 0.0)
    assert metres((fixes[0].lat, fixes[0].lng), (home.lat, home.lng)) < 15
    assert metres((fixes[-1].lat, fixes[-1].lng), (A_DOOR.lat, A_DOOR.lng)) < 15
    for before, after in itertools.pairwise(fixes):
        assert metres((before.lat, before.lng), (after.lat, after.lng)) < 30  # a second at 60 mph
        street = CITY.network.nearest(after.lat, after.lng)
        assert metres((street.lat, street.lng), (after.lat, after.lng)) < 15  # a phone's error
    berlin = standing_at(CITY.network, (52.5, 13.4))
    assert metres((berlin.lat, berlin.lng), (CITY.network.plane.lat, CITY.network.plane.lng)) < 12_000
