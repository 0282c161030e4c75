"""Whatever dies in the middle of a claim or a step: it happened once or not at all, and a retry finds out."""

from __future__ import annotations

import asyncio
import random
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest

from bench.raw_http import RawHttp
from db.jobs import NewJob
from db.pool import Database
from rooms.principal import Principal, Role
from tests.company import add_job, with_company
from tests.patience import BUSY_S
from tests.postgres import PrivatePostgres
from tests.raw_socket import refusal_of
from tests.running import Process, serving, token, wait_for
from tests.unharmed import Person, asked, call, forget_database, job_in
from tracker.jobs.assign import reassign_job
from tracker.jobs.intake import take_in
from tracker.jobs.lifecycle import Status
from tracker.jobs.transition import Step, move_job

DEE = Principal("dee", Role.DISPATCHER)
PAT = Principal("pat", Role.PRO)
MOST_STATEMENTS = 20
ROUNDS = 4
CLAIMERS = 8


class Died(Exception):
    """The process died here."""


class Mortal:
    """A connection whose process dies before its n-th statement."""

    def __init__(self, connection: Any, statements: int) -> None:
        self._connection = connection
        self._left = statements

    def __getattr__(self, name: str) -> Any:
        if name in ("execute", "executemany", "fetch", "fetchrow", "fetchval"):
            if self._left == 0:
                raise Died
            self._left -= 1
        return getattr(self._connection, name)


class MortalDatabase:
    """A database for a process that dies before its n-th statement, or right before the commit."""

    def __init__(self, database: Database, statements: int) -> None:
        self._database = database
        self.statements = statements

    async def in_transaction(self, work: Any) -> Any:
        async with self._database.transaction() as conn:
            mortal = Mortal(conn, self.statements)
            result = await work(mortal)
            if mortal._left == 0:
                raise Died  # all is written and nothing committed
            return result


NEW = NewJob(
    reference="order-9",
    customer_id="cleo",
    skill="tv_mounting",
    service="Mount a TV",
    notes=None,
    lat=53.4,
    lng=-2.9,
    address="1 Some Street",
    approximate_address="Some Street",
    price_cents=100,
    order_required=False,
    window_start=None,
    window_end=None,
    status="open",
)
EVERYTHING = """
    SELECT concat((SELECT string_agg(jobs::text, ',' ORDER BY id) FROM jobs),
                  (SELECT count(*) FROM job_events), (SELECT count(*) FROM outbox))
"""


@pytest.mark.parametrize("what", ["a step", "an assignment", "an order"])
def test_a_process_that_dies_after_any_statement_has_done_nothing(database_url: str, what: str) -> None:
    async def attempt(database: Any, job_id: UUID) -> None:
        now = datetime.now(UTC)
        if what == "a step":
            step = Step(to=Status.COMPLETED)
            await move_job(database, PAT, job_id, step, now=now, link_grace=timedelta(hours=1))
        elif what == "an assignment":
            await reassign_job(database, DEE, job_id, "quinn", now=now)
        else:
            await take_in(database, DEE, NEW, now=now)

    async def story(database: Database) -> None:
        job_id = await add_job(database, "in_progress" if what == "a step" else "accepted")

        async def everything() -> object:
            async with database.connection() as conn:
                return await conn.fetchval(EVERYTHING)

        before = await everything()
        deaths = 0
        for statements in range(MOST_STATEMENTS):
            try:
                await attempt(cast(Database, MortalDatabase(database, statements)), job_id)
            except Died:
                deaths += 1
                assert await everything() == before, f"after {statements} statements"
            else:
                break
        assert 3 <= deaths < MOST_STATEMENTS
        assert await everything() != before

    with_company(database_url, story)


def test_a_process_killed_among_claims_and_completions_leaves_one_winner_and_one_completion(
    folder: Path, database_url: str
) -> None:
    async def found(_: Database) -> None:
        """The company is enough."""

    with_company(database_url, found)
    claimers: list[Person] = [("pro", f"killed{number}") for number in range(CLAIMERS)]
    with serving(folder, database_url) as web:
        for _, person_id in claimers:
            record = {"role": "pro", "name": "A pro", "skills": ["tv_mounting"]}
            assert (
                call(web, ("dispatcher", "dee"), "PUT", f"/api/dispatch/people/{person_id}", record)[0] == 200
            )
        try:
            for _ in range(ROUNDS):
                offered, worked_on = job_in(web, "open"), job_in(web, "in_progress")
                version = int(asked(web, "SELECT version FROM jobs WHERE id = $1", worked_on))
                accept, status = f"/api/jobs/{offered}/accept", f"/api/jobs/{worked_on}/status"
                told = asyncio.run(killed_meanwhile(web, claimers, accept, status))
                web.start()
                again = {who: call(web, who, "POST", accept)[0] for who in claimers}
                winners = [who for who, answer in again.items() if answer == 200]
                assert len(winners) == 1, again
                assert [who for who, answer in told.items() if answer == 200] in ([], winners)
                assert asked(web, "SELECT pro_id FROM jobs WHERE id = $1", offered) == winners[0][1]
                accepted = "SELECT count(*) FROM job_events WHERE job_id = $1 AND to_status = 'accepted'"
                assert asked(web, accepted, offered) == 1
                completed = call(web, ("pro", "pat"), "POST", status, {"status": "completed"})
                assert completed[1] == {"success": True, "status": "completed", "version": version + 1}
        finally:
            forget_database(database_url)


async def killed_meanwhile(
    web: Process, claimers: list[Person], accept: str, status: str
) -> dict[Person, int]:
    """All claim, one completes, and the process is killed at some moment; what each was told (0: nothing)."""

    async def claim(who: Person) -> tuple[Person, int]:
        async with RawHttp(web.port or 0) as http:
            return who, (await http.ask("POST", accept, {"Authorization": f"Bearer {token(*who)}"})).status

    async def complete() -> None:
        headers = {"Authorization": f"Bearer {token('pro', 'pat')}", "Content-Type": "application/json"}
        async with RawHttp(web.port or 0) as http:
            await http.ask("POST", status, headers, b'{"status":"completed"}')

    claims = [asyncio.create_task(claim(who)) for who in claimers]
    completion = asyncio.create_task(complete())
    await asyncio.sleep(random.uniform(0, 0.06))
    web.kill()
    await completion
    return dict(await asyncio.gather(*claims))


def test_without_a_database_everybody_is_told_to_come_back_and_soon_is_served(
    folder: Path, postgres_server: PrivatePostgres
) -> None:
    async def found(database: Database) -> UUID:
        return await add_job(database, "en_route")

    job_id = with_company(postgres_server.url, found)
    with serving(folder, postgres_server.url) as web:
        postgres_server.kill()
        begun = time.monotonic()
        told = asyncio.run(refusal_of(web, {"token": token("customer", "somebody new")}))
        assert time.monotonic() - begun < 2 + BUSY_S
        assert told["data"] == {"code": "unavailable", "retry": True}
        for who, path in (("admin", f"/api/jobs/{job_id}"), ("pro", "/api/hauler/feed?lat=53&lng=-3")):
            begun = time.monotonic()
            with web.http(token(who, f"{who}-nobody-knows")) as http:
                answer = http.get(path)
            assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
            assert int(answer.headers["retry-after"]) >= 1
            assert time.monotonic() - begun < 2 + BUSY_S
        postgres_server.start()

        def served() -> bool:
            with web.http(token("dispatcher", "dee")) as http:
                return http.get(f"/api/jobs/{job_id}").status_code == 200

        wait_for(served, "being served again", 2)
        assert "Traceback" not in web.words()
