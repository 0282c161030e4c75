"""Who is on the dispatchers' map, with which job, and how a screen hears of who falls silent or goes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx

from db.pool import Database
from tests import errands
from tests.company import DOOR, add_job, found_company, with_company, with_database
from tests.listening import listening
from tests.receiving import at, fix, receiving, set_status
from tests.running import Process, serving, token
from tracker.positions.contact import Contact
from tracker.positions.forms import job_at_hand
from tracker.positions.live_pro import ActiveJob

BOX = [DOOR[1] - 0.2, DOOR[0] - 0.2, DOOR[1] + 0.2, DOOR[0] + 0.2]
PAT, DEE = ("pro", "pat"), ("dispatcher", "dee")


async def set_duty(database: Database, *, on_duty: bool) -> None:
    """Change Pat's duty behind everybody's back."""
    async with database.connection() as conn:
        await conn.execute("UPDATE people SET on_duty = $1 WHERE id = 'pat'", on_duty)


def test_the_map_hears_that_a_pro_fell_silent_and_came_back(database_url: str) -> None:
    async def work(database: Database) -> None:
        await add_job(database, "en_route")
        async with receiving(database) as (receiver, heard):
            await receiver.receive("pat", [fix(0, 0)], at(0))
            for second in range(200):
                await receiver.sweep_contacts(at(second))
            await receiver.receive("pat", [fix(1, 201)], at(201))
            told = [place["contact"] for _, place in heard.of("fleet")]
            assert told == [Contact.LIVE, Contact.DELAYED, Contact.LOST, Contact.LIVE]
            assert {place["lat"] for _, place in heard.of("fleet")[:3]} == {53.4}

    with_company(database_url, work)


def test_who_is_off_duty_is_on_the_map_only_with_a_job(database_url: str) -> None:
    async def work(database: Database) -> None:
        job = await add_job(database, "in_progress")
        await set_duty(database, on_duty=False)
        async with receiving(database) as (receiver, heard):
            await receiver.receive("pat", [fix(0, 0)], at(0))
            assert [place["job_id"] for _, place in heard.of("fleet")] == [str(job)]
            await set_status(database, job, "completed")
            receiver.refresh_jobs("pat")
            await receiver.receive("pat", [fix(1, 1)], at(1))
            assert heard.of("left_fleet") == [("pat", (53.4, -2.99))]
            assert len(heard.of("fleet")) == 1  # kept, and told to nobody
            await set_duty(database, on_duty=True)
            receiver.refresh_jobs("pat")
            await receiver.receive("pat", [fix(2, 2)], at(2))
            assert [place["job_id"] for _, place in heard.of("fleet")[1:]] == [None]

    with_company(database_url, work)


def test_the_job_at_hand_is_the_one_that_has_come_farthest(database_url: str) -> None:
    async def work(database: Database) -> None:
        jobs = {status: await add_job(database, status) for status in ("scheduled", "en_route", "accepted")}
        async with receiving(database) as (receiver, heard):
            await receiver.receive("pat", [fix(0, 0)], at(0))
            assert heard.of("fleet")[0][1]["job_id"] == str(jobs["en_route"])

    with_company(database_url, work)
    nothing: list[ActiveJob] = []
    assert job_at_hand(nothing) is None


def test_a_screen_hears_at_once_who_goes_off_duty_or_is_suspended(folder: Path, database_url: str) -> None:
    with_database(database_url, found_company)
    with serving(folder, database_url) as web:
        asyncio.run(_go_and_come(web))


async def _go_and_come(web: Process) -> None:
    async with (
        await listening(web.url, token=token(*PAT)) as pat,
        await listening(web.url, token=token(*DEE)) as dee,
    ):

        async def in_sight() -> list[str]:
            answer = await dee.call("watch_fleet", {"bbox": BOX})
            return [place["pro_id"] for place in answer["positions"]]

        assert await in_sight() == []
        await pat.call("heartbeat", errands.fix(100))
        tick = await dee.hears("fleet_tick")
        assert ([place["pro_id"] for place in tick["positions"]], tick["gone"]) == (["pat"], [])
        await _call(web, PAT, "PATCH", "/api/me", json={"on_duty": False})
        tick = await dee.hears("fleet_tick", lambda each: bool(each["gone"]))
        assert (tick["positions"], tick["gone"]) == ([], ["pat"])
        assert await in_sight() == []
        await _call(web, PAT, "PATCH", "/api/me", json={"on_duty": True})
        assert await in_sight() == ["pat"]
        dee.heard.clear()
        await _call(web, DEE, "POST", "/api/dispatch/people/pat/suspend")
        await dee.hears("fleet_tick", lambda each: each["gone"] == ["pat"])
        assert await in_sight() == []


async def _call(web: Process, who: tuple[str, str], method: str, path: str, **what: Any) -> None:
    async with httpx.AsyncClient(base_url=web.url) as http:
        headers = {"Authorization": f"Bearer {token(*who)}"}
        (await http.request(method, path, headers=headers, **what)).raise_for_status()
