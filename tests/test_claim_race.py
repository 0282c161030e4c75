"""One winner per job, whatever the race; the loser is told, and the winner's retry is answered as before."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from db.errors import Forbidden, NotFound, Unavailable
from db.job_events import broken_links, events_since
from db.jobs import job_by_id
from db.pool import Database
from db.seeding import SeedPerson, write_people
from rooms.principal import Principal, Role
from tests.company import add_job, with_company
from tracker.jobs.claim import Claimed, ClaimGate, JobTaken, decide_claim
from tracker.jobs.consequences import EFFECTS
from tracker.jobs.lifecycle import Status
from tracker.jobs.transition import Step, move_job

PAT = Principal("pat", Role.PRO)
QUINN = Principal("quinn", Role.PRO)
DEE = Principal("dee", Role.DISPATCHER)
_NO_GRACE = timedelta(0)


def now() -> datetime:
    return datetime.now(UTC)


async def fifty_pros(database: Database) -> list[Principal]:
    pros = [SeedPerson(f"p{n}", "pro", f"Pro {n}", None, None, ["tv_mounting"]) for n in range(50)]
    async with database.transaction() as conn:
        await write_people(conn, pros)
    return [Principal(pro.id, Role.PRO) for pro in pros]


@pytest.mark.parametrize("gated", [True, False])
def test_of_fifty_pros_who_claim_at_once_exactly_one_wins(database_url: str, gated: bool) -> None:
    async def race(database: Database) -> None:
        pros = await fifty_pros(database)
        for _ in range(5):
            job_id = await add_job(database)
            gate = ClaimGate()

            async def claim(pro: Principal, gate: ClaimGate = gate, job_id=job_id) -> object:  # type: ignore[no-untyped-def]
                try:
                    if gated:
                        return await gate.claim(database, pro, job_id, now())
                    return await decide_claim(database, pro.id, job_id, now())
                except Unavailable:  # fifty wait for eight connections: a phone asks again
                    return await claim(pro, gate, job_id)

            outcomes = await asyncio.gather(*(claim(pro) for pro in pros), return_exceptions=True)
            assert Counter(type(outcome) for outcome in outcomes) == {Claimed: 1, JobTaken: 49}
            winner = pros[[type(outcome) for outcome in outcomes].index(Claimed)]
            async with database.connection() as conn:
                job = await job_by_id(conn, job_id)
                events = await events_since(conn, job_id, 0)
                assert job is not None
                assert (job.status, job.pro_id) == ("accepted", winner.id)
                assert [event.to_status for event in events] == ["pending", "open", "accepted"]
                assert await broken_links(conn) == []
                effects = await conn.fetch("SELECT effect FROM outbox WHERE job_id = $1", job_id)
                assert {row["effect"] for row in effects} == {*EFFECTS[Status.ACCEPTED]}
                assert len(effects) == len(EFFECTS[Status.ACCEPTED])

    with_company(database_url, race)


def test_the_winners_retry_is_answered_as_before_even_after_setting_out(database_url: str) -> None:
    async def story(database: Database) -> None:
        gate, job_id = ClaimGate(), await add_job(database)
        first = await gate.claim(database, PAT, job_id, now())
        again = await gate.claim(database, PAT, job_id, now())
        assert (first.version, first.won_now) == (3, True)
        assert (again.version, again.won_now) == (3, False)
        await move_job(database, PAT, job_id, Step(Status.EN_ROUTE), now=now(), link_grace=_NO_GRACE)
        later = await gate.claim(database, PAT, job_id, now())
        assert (later.version, later.won_now) == (3, False)
        with pytest.raises(JobTaken, match=r"Too slow! Job already taken\."):
            await gate.claim(database, QUINN, job_id, now())

    with_company(database_url, story)


def test_a_pro_without_the_skill_or_suspended_does_not_get_the_job(database_url: str) -> None:
    async def story(database: Database) -> None:
        gate = ClaimGate()
        job_id = await add_job(database, skill="gutter_cleaning")
        with pytest.raises(Forbidden):
            await gate.claim(database, PAT, job_id, now())
        other = await add_job(database)
        async with database.connection() as conn:
            await conn.execute("UPDATE people SET suspended_at = now() WHERE id = 'pat'")
        with pytest.raises(Forbidden):
            await gate.claim(database, PAT, other, now())
        assert (await gate.claim(database, QUINN, other, now())).won_now

    with_company(database_url, story)


def test_customers_and_dispatchers_cannot_claim_and_an_unknown_job_is_not_found(database_url: str) -> None:
    async def story(database: Database) -> None:
        gate, job_id = ClaimGate(), await add_job(database)
        for principal in (DEE, Principal("cleo", Role.CUSTOMER)):
            with pytest.raises(Forbidden):
                await gate.claim(database, principal, job_id, now())
        with pytest.raises(NotFound):
            await gate.claim(database, PAT, uuid4(), now())

    with_company(database_url, story)


def test_claim_cancel_and_assign_at_once_end_in_one_consistent_job(database_url: str) -> None:
    async def story(database: Database) -> None:
        for _ in range(20):
            gate, job_id = ClaimGate(), await add_job(database)
            outcomes = await asyncio.gather(
                gate.claim(database, PAT, job_id, now()),
                move_job(database, DEE, job_id, Step(Status.CANCELLED), now=now(), link_grace=_NO_GRACE),
                move_job(
                    database,
                    DEE,
                    job_id,
                    Step(Status.ACCEPTED, pro_id="quinn"),
                    now=now(),
                    link_grace=_NO_GRACE,
                ),
                return_exceptions=True,
            )
            async with database.connection() as conn:
                job = await job_by_id(conn, job_id)
                events = await events_since(conn, job_id, 0)
                assert await broken_links(conn) == []
            assert job is not None
            assert job.version == len(events) == events[-1].version
            assert job.status == events[-1].to_status
            for before, after in itertools.pairwise(events):
                assert after.from_status == before.to_status
            assert any(not isinstance(outcome, BaseException) for outcome in outcomes)

    with_company(database_url, story)
