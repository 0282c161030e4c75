"""What a node remembers about pros: bounded, fresh, and never a step behind a change it was told of."""

from __future__ import annotations

import asyncio

import pytest

from db.active_jobs import active_jobs_of
from db.pool import Database
from tests.company import add_job, with_company
from tests.receiving import at, fix, receiving, set_status
from tracker.positions import live_pros
from tracker.positions.receive import NotYourJob


def test_a_change_told_during_a_lookup_is_looked_up_again(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(database: Database) -> None:
        job = await add_job(database, "in_progress")
        async with receiving(database) as (receiver, _):

            async def change_meanwhile(conn, pro_ids):  # type: ignore[no-untyped-def]
                found = await active_jobs_of(conn, pro_ids)
                monkeypatch.setattr(live_pros, "active_jobs_of", active_jobs_of)
                await set_status(database, job, "completed")
                receiver.refresh_jobs("pat")  # the lookup under way has read the old status already
                return found

            monkeypatch.setattr(live_pros, "active_jobs_of", change_meanwhile)
            with pytest.raises(NotYourJob):
                await receiver.receive("pat", [fix(0, 0, job_id=str(job))], at(0))

    with_company(database_url, work)


def test_pros_in_use_are_kept_fresh_without_their_asking(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_pros, "REFRESH_TICK_S", 0.05)
    monkeypatch.setattr(live_pros, "REFRESH_S", 0.1)

    async def work(database: Database) -> None:
        async with receiving(database) as (receiver, heard):
            await receiver.receive("pat", [fix(0, 0)], at(0))
            job = await add_job(database, "en_route", at=(54.0, -2.99))
            heard.watched.add(job)
            await asyncio.sleep(0.5)
            assert heard.of("policy")[-1] == ("pat", {"interval_s": 5, "min_displacement_m": 10})

    with_company(database_url, work)


def test_pros_long_silent_and_too_many_pros_are_forgotten(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_pros, "REFRESH_TICK_S", 0.05)

    async def work(database: Database) -> None:
        job = await add_job(database, "en_route")
        async with receiving(database) as (receiver, heard):
            monkeypatch.setattr(live_pros, "MOST_PROS", 1)
            await receiver.receive("pat", [fix(0, 0)], at(0))
            await receiver.receive("quinn", [fix(0, 0)], at(0))
            assert len(receiver._pros) == 1
            await receiver.receive("pat", [fix(0, 0), fix(10, 2)], at(2))  # loaded anew, as on another node
            assert [dot["seq"] for dot in heard.dots(job)] == [fix(0, s)["recorded_at"] for s in (0, 2)]
            monkeypatch.setattr(live_pros, "FORGET_AFTER_S", 0.1)
            await asyncio.sleep(0.3)
            assert len(receiver._pros) == 0
            await receiver.sweep_contacts(at(500))
            assert len(heard.of("contact_changed")) == 1  # live, once

    with_company(database_url, work)


def test_many_sessions_of_one_pro_cost_a_bounded_memory(database_url: str) -> None:
    async def work(database: Database) -> None:
        async with receiving(database) as (receiver, _):
            batch = [fix(i, i, session=f"phone{i}") for i in range(40)]
            assert (await receiver.receive("pat", batch, at(60)))["accepted"] == 40
            assert (await receiver.receive("pat", [fix(41, 61, session="new")], at(61)))["accepted"] == 1
            assert len(receiver._pros.get("pat").sessions) <= 9

    with_company(database_url, work)
