"""`tracker serve --workers 2`: two processes behind one port, no stickiness, and nobody notices."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.company import found_company, with_database
from tests.errands import connect, fix, job, link_to, move, times_kept
from tests.listening import Listener, listening
from tests.running import Process, serving, wait_for

SOCKETS = 8  # all on one of two processes: once in 128 runs; then the story is still true


@pytest.fixture
def web(folder: Path, database_url: str, valkey_url: str) -> Iterator[Process]:
    """One port, two processes."""
    with_database(database_url, found_company)
    with serving(folder, database_url, valkey_url, workers=2) as process:
        yield process


def workers_of(web: Process) -> list[int]:
    """The pids of the processes that answer requests; the supervisor and its helpers are not among them."""
    assert web.process is not None
    pid = web.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text()]


def test_several_processes_behind_one_port_are_one_server(web: Process) -> None:
    job_id = job(web, "accepted")
    link = link_to(web, job_id)

    async def story() -> None:
        customers: list[Listener] = [await listening(web.url, link=link) for _ in range(SOCKETS)]
        pats = [await connect(web, "pro", "pat") for _ in range(2)]
        for customer in customers:
            assert (await customer.call("watch"))["ok"]
        await asyncio.to_thread(move, web, job_id, "en_route")
        for customer in customers:
            assert (await customer.hears("status_changed"))["status"] == "en_route"
        for number in range(6):
            heartbeat = fix(3000 - 50 * number, ago_s=30 - 5 * number)
            assert (await pats[number % 2].call("heartbeat", heartbeat))["accepted"] == 1
        for customer in customers:
            await customer.hears("location_update", lambda dot: dot["seq"] == heartbeat["recorded_at"])
        presence = await pats[0].hears("presence_changed", lambda told: told["watchers"] == SOCKETS)
        assert presence["job_id"] == job_id
        for client in (*customers, *pats):
            await client.client.close()

    asyncio.run(story())


def test_a_killed_worker_is_replaced_and_its_clients_come_back(web: Process) -> None:
    job_id = job(web, "en_route")
    link = link_to(web, job_id)
    before = workers_of(web)
    assert len(before) == 2

    async def story() -> None:
        customers = [await listening(web.url, link=link) for _ in range(SOCKETS)]
        for customer in customers:
            await customer.call("watch")
        async with await connect(web, "pro", "pat") as pat:
            assert (await pat.call("heartbeat", fix(3000, ago_s=10)))["accepted"] == 1
        os.kill(before[0], signal.SIGKILL)
        await asyncio.to_thread(wait_for, lambda: replaced(web, before[0]), "a new worker")
        lost = [customer for customer in customers if customer.client.closed.is_set()]
        kept = [customer for customer in customers if not customer.client.closed.is_set()]
        back = [await listening(web.url, link=link) for _ in lost]
        for customer in back:
            assert (await customer.call("watch"))["ok"]
        newest = fix(2900)
        async with await connect(web, "pro", "pat") as pat:
            assert (await pat.call("heartbeat", newest))["accepted"] == 1
            for customer in (*kept, *back):
                await customer.hears("location_update", lambda dot: dot["seq"] == newest["recorded_at"])
        for customer in (*kept, *back):
            await customer.client.close()

    asyncio.run(story())
    assert len(times_kept(web.env["DATABASE_URL"], job_id)) == 2


def test_workers_end_with_their_supervisor_also_when_it_is_killed(web: Process) -> None:
    assert web.process is not None
    os.kill(web.process.pid, signal.SIGKILL)
    wait_for(lambda: not answers(web), "the port falling silent", 10)
    web.process.wait(1)
    web.process = None
    with web:  # the next start finds its port free
        assert answers(web)


def replaced(web: Process, pid: int) -> bool:
    """Whether two workers run, none of them `pid`."""
    workers = workers_of(web)
    return len(workers) == 2 and pid not in workers and all_answer(web)


def all_answer(web: Process) -> bool:
    """Whether ten requests in a row, each on a connection of its own, are answered at once."""
    started = time.monotonic()
    return all(answers(web) for _ in range(10)) and time.monotonic() - started < 2


def answers(web: Process) -> bool:
    """Whether a new connection is served."""
    try:
        return httpx.get(f"{web.url}/healthz", timeout=1).status_code == 200
    except httpx.TransportError:
        return False
