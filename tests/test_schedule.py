"""Appointments: who sets them, what they change, and that no two jobs of one pro meet unseen."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from db.errors import Invalid, NotFound
from db.job_events import events_since
from db.jobs import job_by_id
from db.pain_flags import flags_of_job
from db.pool import Database
from rooms.principal import Principal, Role
from tests.company import add_job, with_company
from tests.effects import shared_company
from tests.fresh import freshened
from tests.scheduling import DEE, book, booked_job, conflicted, look_at_schedule, window
from tracker.jobs.assign import reassign_job
from tracker.jobs.claim import ClaimGate
from tracker.jobs.consequences import EFFECTS, Effect
from tracker.jobs.facts import Actor, StaleVersion
from tracker.jobs.flagging import resolve_by_person
from tracker.jobs.lifecycle import Status, TransitionRefused
from tracker.jobs.transition import Step, move_job
from tracker.local_postgres import PostgresServer

PAT = Principal("pat", Role.PRO)
QUINN = Principal("quinn", Role.PRO)
CLEO = Principal("cleo", Role.CUSTOMER)


@pytest.fixture(scope="module")
def company_url(postgres: PostgresServer, template_database: str) -> Iterator[str]:
    yield from shared_company(postgres, template_database)


@pytest.fixture
def database_url(company_url: str) -> str:
    return freshened(company_url)


def now() -> datetime:
    return datetime.now(UTC)


async def move(database: Database, job_id: UUID, step: Step) -> int:
    return (await move_job(database, DEE, job_id, step, now=now(), link_grace=timedelta(0))).version


async def effects_of(database: Database, job_id: UUID, version: int) -> set[str]:
    async with database.connection() as conn:
        rows = await conn.fetch(
            "SELECT effect FROM outbox WHERE job_id = $1 AND version = $2", job_id, version
        )
    return {row["effect"] for row in rows}


def test_an_accepted_job_becomes_scheduled_and_the_customer_is_told_and_again_is_the_same(
    database_url: str,
) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "accepted")
        first = await book(database, job_id, window(0), PAT, version=3)
        again = await book(database, job_id, window(0), PAT, version=3)
        assert (first.status, first.version, first.changed) == (Status.SCHEDULED, 4, True)
        assert (again.status, again.version, again.changed) == (Status.SCHEDULED, 4, False)
        assert await effects_of(database, job_id, 4) == {*EFFECTS[Status.SCHEDULED]}
        moved = await book(database, job_id, window(1), DEE)
        assert (moved.status, moved.version) == (Status.SCHEDULED, 5)
        assert await effects_of(database, job_id, 5) == {
            Effect.ANNOUNCE,
            Effect.TELL_CUSTOMER_APPOINTMENT,
            Effect.CHECK_SCHEDULE,
        }
        async with database.connection() as conn:
            job = await job_by_id(conn, job_id)
            step, change = await events_since(conn, job_id, 3)
        assert job is not None
        assert (job.window_start, job.window_end) == window(1)
        assert (step.kind, step.to_status, change.kind, change.to_status) == (
            "status",
            "scheduled",
            "window_changed",
            None,
        )
        assert change.data["previous_window"] == step.data["window"] != change.data["window"]

    with_company(database_url, story)


def test_a_window_is_set_before_somebody_has_the_job_and_its_status_stays(database_url: str) -> None:
    async def story(database: Database) -> None:
        for status in ("pending", "open"):
            job_id = await add_job(database, status)
            set_first = await book(database, job_id, window(0))
            assert (set_first.status.value, set_first.changed) == (status, True)
            for stranger in (PAT, CLEO):
                with pytest.raises((NotFound, TransitionRefused)):
                    await book(database, job_id, window(1), stranger)
        waiting = await add_job(database, "pending")
        await move(database, waiting, Step(Status.PENDING_SCHEDULING))
        assert (await book(database, waiting, window(0))).status is Status.SCHEDULED
        given = await reassign_job(database, DEE, waiting, "pat", now=now())
        assert given.status is Status.SCHEDULED

    with_company(database_url, story)


def test_what_cannot_be_scheduled_is_refused_and_nothing_is_written(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "accepted")
        with pytest.raises(StaleVersion) as stale:
            await book(database, job_id, window(0), version=2)
        assert stale.value.facts == {"current": 3}
        for bad in (window(0, 0.1), window(0, 13), window(-24 * 10), window(24 * 500)):
            with pytest.raises(Invalid):
                await book(database, job_id, bad)
        for who in (QUINN, Principal("zoe", Role.CUSTOMER), Principal("link:1", Role.CUSTOMER, str(job_id))):
            with pytest.raises(NotFound):
                await book(database, job_id, window(0), who)
        with pytest.raises(NotFound):
            await book(database, uuid4(), window(0))
        with pytest.raises(TransitionRefused):
            await book(database, job_id, window(0), CLEO)
        for status in ("en_route", "arrived", "in_progress", "completed", "cancelled"):
            late = await add_job(database, status)
            with pytest.raises(TransitionRefused):
                await book(database, late, window(0))
        async with database.connection() as conn:
            job = await job_by_id(conn, job_id)
        assert job is not None
        assert (job.version, job.window_start) == (3, None)

    with_company(database_url, story)


def test_overlapping_jobs_of_one_pro_are_both_flagged_and_cleared_when_one_moves_away(
    database_url: str,
) -> None:
    async def story(database: Database) -> None:
        one, other, third = [await add_job(database, "accepted") for _ in range(3)]
        of_quinn = await add_job(database, "accepted", pro="quinn")
        await book(database, one, window(0))
        assert (await book(database, of_quinn, window(0))).conflicts == ()
        assert (await book(database, third, window(2))).conflicts == ()  # touches, does not meet
        second = await book(database, other, window(1))
        assert second.conflicts == tuple(sorted((one, third)))
        assert (await book(database, other, window(1))).conflicts == second.conflicts  # as before
        assert await conflicted(database, one, other, third, of_quinn) == [True, True, True, False]
        async with database.connection() as conn:
            own = (await events_since(conn, other, second.version - 1))[0]
            theirs = (await events_since(conn, one, 4))[0]
        assert own.data["flags_added"] == ["SCHEDULE_CONFLICT"]
        assert own.data["conflicts_with"] == sorted((str(one), str(third)))
        assert (theirs.kind, theirs.actor_id, theirs.data["conflicts_with"]) == (
            "pain_flags",
            "system",
            [str(other)],
        )
        await book(database, other, window(10))
        assert await conflicted(database, one, other, third) == [False, False, False]

    with_company(database_url, story)


@pytest.mark.parametrize("way", ["released", "cancelled", "completed", "reassigned"])
def test_a_conflict_is_gone_when_one_of_the_jobs_leaves_the_pros_day(database_url: str, way: str) -> None:
    async def story(database: Database) -> None:
        status = "in_progress" if way == "completed" else "accepted"
        one = await booked_job(database, status, window(0))
        other = await add_job(database, "accepted")
        await book(database, other, window(1))
        assert await conflicted(database, one, other) == [True, True]
        if way == "reassigned":
            version = (await reassign_job(database, DEE, one, "quinn", now=now())).version
            assert await conflicted(database, one, other) == [False, True]  # the new pro's at once
        else:
            to = {"released": Status.OPEN, "cancelled": Status.CANCELLED, "completed": Status.COMPLETED}[way]
            version = await move(database, one, Step(to))
        assert Effect.CHECK_SCHEDULE in await effects_of(database, one, version)
        await look_at_schedule(database, one, version)
        await look_at_schedule(database, one, version)  # twice is once
        assert await conflicted(database, one, other) == [False, False]

    with_company(database_url, story)


def test_a_conflict_that_a_dispatcher_settled_is_not_flagged_again(database_url: str) -> None:
    async def story(database: Database) -> None:
        one, other = [await add_job(database, "accepted") for _ in range(2)]
        await book(database, one, window(0))
        await book(database, other, window(1))
        async with database.connection() as conn:
            (flag,) = [flag for flag in await flags_of_job(conn, one) if flag.is_open]
        await resolve_by_person(database, one, flag.id, "he can", actor=Actor.of(DEE), now=now())
        met = await book(database, other, window(0.5))
        assert met.conflicts == (one,)
        assert await conflicted(database, one, other) == [False, True]

    with_company(database_url, story)


def test_of_two_overlapping_appointments_at_once_both_are_flagged_every_time(database_url: str) -> None:
    async def story(database: Database) -> None:
        for number in range(20):
            jobs = [await add_job(database, "accepted") for _ in range(2)]
            hour = 3 * number
            outcomes = await asyncio.gather(
                book(database, jobs[0], window(hour)), book(database, jobs[1], window(hour + 1))
            )
            assert await conflicted(database, *jobs) == [True, True]
            assert {len(outcome.conflicts) for outcome in outcomes} <= {0, 1, 2, 3}
            assert any(outcome.conflicts for outcome in outcomes)

    with_company(database_url, story)


def test_appointments_assignments_cancellations_and_reschedulings_at_once_end_in_flags_that_are_so(
    database_url: str,
) -> None:
    async def story(database: Database) -> None:
        for _ in range(4):
            jobs = [
                await add_job(database, "accepted", pro=pro) for pro in ("pat", "quinn") for _ in range(3)
            ]
            outcomes = await asyncio.gather(
                *(book(database, job_id, window(number % 3)) for number, job_id in enumerate(jobs)),
                reassign_job(database, DEE, jobs[0], "quinn", now=now()),
                reassign_job(database, DEE, jobs[3], "pat", now=now()),
                move(database, jobs[1], Step(Status.CANCELLED)),
                *(book(database, job_id, window(6)) for job_id in jobs[4:]),
                return_exceptions=True,
            )
            failed = {type(one) for one in outcomes if isinstance(one, BaseException)}
            assert failed <= {TransitionRefused}  # of the cancelled one; nothing collided
            async with database.connection() as conn:
                found = [await job_by_id(conn, job_id) for job_id in jobs]
            for job in found:
                assert job is not None
                await look_at_schedule(database, job.id, job.version)
            for job, flagged in zip(found, await conflicted(database, *jobs), strict=True):
                meets = [
                    other for other in found if job and other and other.id != job.id and meet(job, other)
                ]
                assert flagged == bool(meets)
            async with database.connection() as conn:
                await conn.execute("UPDATE jobs SET status = 'cancelled' WHERE id = ANY($1::uuid[])", jobs)

    def meet(one: object, other: object) -> bool:
        active = all(job.status in ("accepted", "scheduled") for job in (one, other))  # type: ignore[attr-defined]
        if not active or one.pro_id != other.pro_id:  # type: ignore[attr-defined]
            return False
        return one.window_start < other.window_end and other.window_start < one.window_end  # type: ignore[attr-defined]

    with_company(database_url, story)


def test_two_overlapping_jobs_claimed_at_once_are_flagged_by_the_look_that_follows(database_url: str) -> None:
    async def story(database: Database) -> None:
        for number in range(10):
            hour = 3 * number
            one = await booked_job(database, "open", window(hour))
            other = await booked_job(database, "open", window(hour + 1))
            gate = ClaimGate()
            claims = await asyncio.gather(*(gate.claim(database, PAT, job, now()) for job in (one, other)))
            assert all(claim.won_now for claim in claims)
            await asyncio.gather(
                *(look_at_schedule(database, claim.job_id, claim.version) for claim in claims)
            )
            assert await conflicted(database, one, other) == [True, True]

    with_company(database_url, story)
