"""Dispatchers' screens hear within a second or two of every change of a job, on whatever node it was made."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from db.pool import Database
from tests.company import found_company, with_database
from tests.errands import connect, job, move, post
from tests.listening import Listener
from tests.running import Process, serving, token, working
from tests.servers import Valkey, start_valkey
from tracker.jobs.facts import SYSTEM, record_fact

DEE = ("dispatcher", "dee")
TOLD_WITHIN_S = 6.0  # gathered for a second; the rest is the test machine's
DEAF_WITHIN_S = 15.0  # six until it is noticed, five between two such words


@dataclass(frozen=True, slots=True)
class Nodes:
    """Two web processes, their worker and their Redis."""

    a: Process
    b: Process
    worker: Process
    valkey: Valkey


@pytest.fixture
def nodes(folder: Path, database_url: str) -> Iterator[Nodes]:
    with_database(database_url, found_company)
    with start_valkey() as valkey:
        a, b = (serving(folder, database_url, valkey.url) for _ in range(2))
        a.launch()
        with b, a, working(folder, database_url, valkey.url) as worker:
            yield Nodes(a, b, worker, valkey)


def times_told(screen: Listener, job_id: str) -> int:
    """How often a screen was told that a job changed."""
    return sum(job_id in (told["jobs"] or ()) for told in screen.all("board_changed"))


async def hears_of(screen: Listener, *job_ids: str) -> None:
    """Returns once a screen was told of all these jobs."""
    for job_id in job_ids:
        await screen.hears(
            "board_changed", lambda told, one=job_id: one in (told["jobs"] or ()), TOLD_WITHIN_S
        )


def order(node: Process) -> str:
    """A new job that was ordered at this node."""
    body = {"customer_id": "cleo", "skill": "tv_mounting", "service": "Mount a TV", "price_cents": 9000}
    place = {"lat": 53.4, "lng": -2.99, "address": "1 Some Street, Liverpool"}
    return str(post(node, "/api/jobs", DEE, {**body, **place, "open": True})["id"])


def flag(node: Process, job_id: str) -> None:
    body = {"type": "SCOPE_MISMATCH", "severity": "HIGH", "note": "two TVs", "version": 3}
    post(node, f"/api/dispatch/jobs/{job_id}/pain-flags", DEE, body)


def tip(node: Process, job_id: str) -> None:
    post(node, f"/api/jobs/{job_id}/tip", ("customer", "cleo"), {"amount_cents": 500, "key": "t1"})


def edit(node: Process, job_id: str) -> None:
    with node.http(token(*DEE)) as http:
        path = f"/api/dispatch/jobs/{job_id}/install-details"
        answer = http.patch(path, json={"version": 3, "wall_type": "BRICK"})
    assert answer.status_code == 200, answer.text


def happen_without_a_word(node: Process, job_id: str) -> None:
    """A job event of a process that died before it could tell: only the outbox knows."""

    async def write(database: Database) -> None:
        async with database.transaction() as conn:
            kind, data = "note", {"text": "by hand"}
            await record_fact(conn, UUID(job_id), kind=kind, data=data, actor=SYSTEM, now=datetime.now(UTC))

    with_database(node.env["DATABASE_URL"], write)


def test_whatever_changes_a_job_on_any_node_is_told_once_on_every_screen(nodes: Nodes) -> None:
    claimed, edited = job(nodes.a, "open"), job(nodes.a, "accepted", pro="quinn")
    flagged, tipped, silent, moved = (job(nodes.a, "accepted") for _ in range(4))

    async def story() -> None:
        async with (
            await connect(nodes.a, *DEE) as here,
            await connect(nodes.b, "admin", "root") as there,
            await connect(nodes.b, *DEE) as elsewhere,
            await connect(nodes.a, "pro", "pat") as pat,
        ):
            for screen in (here, there):
                assert await screen.call("watch_board") == {"ok": True}
            made = await asyncio.to_thread(order, nodes.b)
            await asyncio.to_thread(post, nodes.b, f"/api/jobs/{claimed}/accept", ("pro", "pat"))
            for node, change in ((nodes.a, flag), (nodes.b, tip), (nodes.a, happen_without_a_word)):
                job_id = {flag: flagged, tip: tipped}.get(change, silent)
                await asyncio.to_thread(change, node, job_id)
            await asyncio.to_thread(edit, nodes.b, edited)
            await asyncio.to_thread(move, nodes.a, moved, "en_route")
            every = (made, claimed, edited, flagged, tipped, silent, moved)
            for screen in (here, there):
                await hears_of(screen, *every)
            await here.call("unwatch_board")
            await asyncio.to_thread(move, nodes.b, moved, "arrived")
            await there.hears("board_changed", lambda _: times_told(there, moved) == 2, TOLD_WITHIN_S)
            await asyncio.sleep(1.2)  # the worker says all of it again
            assert times_told(here, moved) == 1
            assert {one: times_told(there, one) for one in every} == {**dict.fromkeys(every, 1), moved: 2}
            for bystander in (elsewhere, pat):
                assert bystander.all("board_changed") == []

    asyncio.run(story())


def test_while_redis_is_away_and_when_it_is_back_screens_are_told_to_read_all_again(nodes: Nodes) -> None:
    job_id = job(nodes.a, "accepted")

    async def story() -> None:
        async with await connect(nodes.a, *DEE) as here, await connect(nodes.b, *DEE) as there:
            for screen in (here, there):
                assert (await screen.call("watch_board"))["ok"]
            nodes.valkey.kill()
            await asyncio.to_thread(move, nodes.a, job_id, "en_route")
            await here.hears("board_changed", lambda told: told["jobs"] in ([job_id], None), TOLD_WITHIN_S)
            await there.hears("board_changed", lambda told: told["jobs"] is None, DEAF_WITHIN_S)
            await asyncio.to_thread(nodes.valkey.restart)
            there.heard.clear()
            await there.hears("board_changed", lambda told: told["jobs"] is None, DEAF_WITHIN_S)
            await asyncio.to_thread(move, nodes.a, job_id, "arrived")
            await there.hears("board_changed", lambda told: told["jobs"] == [job_id])

    asyncio.run(story())
