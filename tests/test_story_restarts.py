"""Deploys and crashes: clients are told to come back, the begun is finished, the decided is told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from db.pool import Database
from rooms.principal import Principal, Role
from tests.company import found_company, with_database
from tests.errands import connect, fix, job, link_to, move, times_kept
from tests.listening import listening
from tests.loads import Pro, driving, more_pros, until
from tests.running import Process, serving, wait_for, working
from tracker.jobs.lifecycle import Status
from tracker.jobs.transition import Step, move_job

PROS = 3
STOPS_WITHIN_S = 12.0  # the engine's drain is 4 s, unfinished handlers get 3
SERVICE_RESTART = 1012  # RFC 6455's registry: the client may reconnect


@pytest.fixture
def company(database_url: str) -> str:
    """A database with a company; returns its URL."""

    async def found(database: Database) -> None:
        await found_company(database, more_pros(PROS))

    with_database(database_url, found)
    return database_url


@pytest.fixture
def web(folder: Path, company: str, valkey_url: str) -> Iterator[Process]:
    """A web process, no worker."""
    with serving(folder, company, valkey_url) as process:
        yield process


def test_a_deploy_under_load_loses_nothing_that_was_acked(web: Process) -> None:
    jobs = {f"pro{number}": job(web, "en_route", pro=f"pro{number}") for number in range(1, PROS + 1)}
    pros = [Pro([web], pro) for pro in jobs]
    codes: list[int | None] = []
    link = link_to(web, jobs["pro1"])

    async def story() -> None:
        async with driving(*pros), await listening(web.url, link=link) as customer:
            await customer.call("watch")
            await until(lambda: all(len(pro.acked) > 5 for pro in pros), "heartbeats being acked")
            assert web.process is not None
            old = web.process
            old.terminate()
            terminated = time.monotonic()
            assert (await customer.hears("drain"))["retry_in_s"] > 0
            await customer.is_cut(STOPS_WITHIN_S)
            codes.append(customer.client._websocket.close_code)
            assert await asyncio.to_thread(old.wait, STOPS_WITHIN_S) == 0
            print(f"the process ended {time.monotonic() - terminated:.1f} s after SIGTERM")
            web.process = None
            await asyncio.to_thread(web.start)
            before = [len(pro.acked) for pro in pros]
            await until(
                lambda: all(len(pro.acked) > count + 3 for pro, count in zip(pros, before, strict=True)),
                "every pro being back",
            )
            since = customer.all("location_update")[-1]
            async with await listening(web.url, link=link) as again:
                back = await again.call("watch", {"since": {key: since[key] for key in ("version", "seq")}})
                assert back["recovered"]
                assert back["missed"]

    asyncio.run(story())
    assert codes == [SERVICE_RESTART]
    for pro in pros:
        assert pro.connects == 2
        assert pro.events.count("drain") == 1
        assert {beat.ack["error"]["retry"] for beat in pro.refused} <= {True}
        assert set(pro.acked) <= set(times_kept(web.env["DATABASE_URL"], jobs[pro.person_id]))
    assert "Traceback" not in web.words()


def test_what_a_killed_process_decided_but_did_not_tell_the_worker_tells(
    web: Process, folder: Path, company: str, valkey_url: str
) -> None:
    job_id = job(web, "accepted")

    async def killed_after_the_commit(database: Database) -> None:
        """A web process up to the commit, and no further."""
        pat = Principal("pat", Role.PRO)
        step = Step(Status.EN_ROUTE)
        now = datetime.now(UTC)
        await move_job(database, pat, UUID(job_id), step, now=now, link_grace=timedelta(hours=1))

    async def story() -> None:
        async with (
            await connect(web, "customer", "cleo") as cleo,
            await connect(web, "pro", "pat") as pat,
        ):
            await cleo.call("watch", {"job_id": job_id})
            await asyncio.to_thread(with_database, company, killed_after_the_commit)
            await pat.call("heartbeat", fix(3000))
            assert cleo.all("status_changed") == []
            with working(folder, company, valkey_url):
                told = await cleo.hears("status_changed", patience_s=15)
                assert (told["status"], told["version"]) == ("en_route", 4)
                await pat.call("heartbeat", fix(2990))
                await cleo.hears("location_update")

    asyncio.run(story())


def test_with_the_worker_killed_changes_are_told_and_its_successor_finishes_the_outbox(
    web: Process, folder: Path, company: str, valkey_url: str
) -> None:
    job_id = job(web, "accepted")

    async def story() -> None:
        async with await connect(web, "customer", "cleo") as cleo:
            await cleo.call("watch", {"job_id": job_id})
            with working(folder, company, valkey_url) as worker:
                await asyncio.to_thread(wait_for, lambda: "worker started" in worker.words(), "the worker")
                worker.kill()
                await asyncio.to_thread(move, web, job_id, "en_route")
                await cleo.hears("status_changed", lambda change: change["status"] == "en_route")
                assert await asyncio.to_thread(waiting, company) == 1
                worker.start()
                await asyncio.to_thread(wait_for, lambda: waiting(company) == 0, "the outbox being empty")
                assert worker.process is not None
                worker.process.terminate()
                assert await asyncio.to_thread(worker.process.wait, 10) == 0
            assert len(cleo.all("status_changed")) == 1  # telling twice is heard once

    asyncio.run(story())


def waiting(database_url: str) -> int:
    """Announcements that are not done."""

    async def count(database: Database) -> int:
        async with database.connection() as conn:
            return int(
                await conn.fetchval(
                    "SELECT count(*) FROM outbox WHERE done_at IS NULL AND effect = 'announce'"
                )
            )

    return with_database(database_url, count)
