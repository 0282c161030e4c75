"""A status change: written with its event and its effects or not at all, and twice is once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from db.errors import Forbidden, Invalid, NotFound
from db.job_events import broken_links, events_since
from db.jobs import Job, job_by_id
from db.pool import Database
from db.tracking_links import add_link
from rooms.principal import Principal, Role
from tests.company import add_job, with_company
from tests.effects import shared_company
from tests.fresh import freshened
from tracker.jobs.assign import reassign_job
from tracker.jobs.consequences import EFFECTS
from tracker.jobs.facts import SYSTEM, record_fact
from tracker.jobs.lifecycle import Status, TransitionRefused
from tracker.jobs.transition import Moved, Step, labour_minutes, move_job, pay_job
from tracker.local_postgres import PostgresServer

PAT = Principal("pat", Role.PRO)
QUINN = Principal("quinn", Role.PRO)
CLEO = Principal("cleo", Role.CUSTOMER)
DEE = Principal("dee", Role.DISPATCHER)
GRACE = timedelta(hours=24)


@pytest.fixture(scope="module")
def company_url(postgres: PostgresServer, template_database: str) -> Iterator[str]:
    yield from shared_company(postgres, template_database)


@pytest.fixture
def database_url(company_url: str) -> str:
    return freshened(company_url)


def now() -> datetime:
    return datetime.now(UTC)


async def move(database: Database, who: Principal, job_id: UUID, step: Step) -> Moved:
    return await move_job(database, who, job_id, step, now=now(), link_grace=GRACE)


async def read(database: Database, job_id: UUID) -> Job:
    async with database.connection() as conn:
        job = await job_by_id(conn, job_id)
        assert await broken_links(conn) == []
    assert job is not None
    return job


async def outbox_of(database: Database, job_id: UUID) -> list[tuple[int, str]]:
    async with database.connection() as conn:
        rows = await conn.fetch("SELECT version, effect FROM outbox WHERE job_id = $1 ORDER BY 1, 2", job_id)
    return [tuple(row) for row in rows]


def test_a_pro_walks_a_job_to_its_end_and_every_step_is_recorded(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "accepted")
        for status in (Status.EN_ROUTE, Status.ARRIVED, Status.IN_PROGRESS, Status.COMPLETED):
            await move(database, PAT, job_id, Step(status))
        job = await read(database, job_id)
        assert (job.status, job.version) == ("completed", 7)
        assert job.en_route_at is not None
        assert job.en_route_at < job.arrived_at < job.started_at < job.finished_at  # type: ignore[operator]
        assert await outbox_of(database, job_id) == [
            (version, effect)
            for version, status in enumerate(
                (Status.EN_ROUTE, Status.ARRIVED, Status.IN_PROGRESS, Status.COMPLETED), start=4
            )
            for effect in sorted(EFFECTS[status])
        ]

    with_company(database_url, story)


def test_completing_fixes_the_price_and_the_labour_minutes_and_only_the_money_side_pays(
    database_url: str,
) -> None:
    async def pay(database: Database, job_id: UUID) -> int | None:
        async with database.transaction() as conn:
            return await pay_job(conn, job_id, now=now())

    async def story(database: Database) -> None:
        job_id, priced = [await add_job(database, "in_progress", began_ago_s=3600) for _ in range(2)]
        async with database.connection() as conn:
            await conn.execute("UPDATE jobs SET final_price_cents = 15000 WHERE id = $1", priced)
            assert await add_link(conn, job_id, b"h" * 32, created_by="dee", expires_at=None)
        assert await pay(database, job_id) is None
        for one in (job_id, priced):
            await move(database, PAT, one, Step(Status.COMPLETED))
        job = await read(database, job_id)
        assert (job.final_price_cents, (await read(database, priced)).final_price_cents) == (12_000, 15_000)
        assert job.labour_minutes == 55  # begun five minutes after the first step
        for who in (DEE, PAT, CLEO):
            with pytest.raises(TransitionRefused):
                await move(database, who, job_id, Step(Status.PAID))
        paid = await asyncio.gather(*(pay(database, job_id) for _ in range(5)))
        assert sorted(str(version) for version in paid) == ["8", "None", "None", "None", "None"]
        job = await read(database, job_id)
        assert (job.status, job.paid_at is not None) == ("paid", True)
        assert {effect for version, effect in await outbox_of(database, job_id) if version == 8} == {
            *EFFECTS[Status.PAID]
        }
        async with database.connection() as conn:
            (event,) = await events_since(conn, job_id, 7)
            links = await conn.fetch("SELECT expires_at FROM tracking_links")
        assert (event.actor_id, event.from_status, event.to_status) == ("money", "completed", "paid")
        assert links[0]["expires_at"] > now() + GRACE / 2  # the customer keeps the link for its grace

    with_company(database_url, story)


@pytest.mark.parametrize(
    ("seconds", "minutes"), [(0, 0), (29, 0), (31, 1), (3600, 60), (5429, 90), (-5, 0), (86_400 * 3, 4320)]
)
def test_labour_is_counted_in_whole_minutes(seconds: int, minutes: int) -> None:
    assert labour_minutes(now(), now() + timedelta(seconds=seconds)) == minutes
    assert labour_minutes(None, now()) is None


def test_a_step_is_answered_as_before_whatever_was_recorded_since(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id, released = [await add_job(database, "accepted") for _ in range(2)]
        first = await move(database, PAT, job_id, Step(Status.EN_ROUTE))
        back = await move(database, PAT, released, Step(Status.OPEN))
        for one in (job_id, released):
            async with database.transaction() as conn:
                await record_fact(conn, one, kind="note", data={}, actor=SYSTEM, now=now())
        again = await move(database, PAT, job_id, Step(Status.EN_ROUTE))
        assert (again.version, again.changed) == (first.version, False)
        again = await move(database, PAT, released, Step(Status.OPEN))
        assert (again.version, again.changed) == (back.version, False)

    with_company(database_url, story)


def test_twenty_completions_at_once_are_one(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "in_progress")
        moves = await asyncio.gather(
            *(move(database, PAT, job_id, Step(Status.COMPLETED)) for _ in range(20))
        )
        assert {moved.version for moved in moves} == {7}
        assert sum(moved.changed for moved in moves) == 1
        assert await outbox_of(database, job_id) == [(7, one) for one in sorted(EFFECTS[Status.COMPLETED])]

    with_company(database_url, story)


def test_two_different_steps_at_once_take_turns(database_url: str) -> None:
    async def story(database: Database) -> None:
        for _ in range(10):
            job_id = await add_job(database, "en_route")
            await asyncio.gather(
                move(database, PAT, job_id, Step(Status.ARRIVED)),
                move(database, DEE, job_id, Step(Status.CANCELLED)),
                return_exceptions=True,
            )
            job = await read(database, job_id)
            assert job.status == "cancelled"
            assert job.version in (5, 6)

    with_company(database_url, story)


def test_a_refused_step_changes_nothing_and_names_the_allowed_ones(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "accepted")
        with pytest.raises(TransitionRefused) as refused:
            await move(database, PAT, job_id, Step(Status.COMPLETED))
        assert refused.value.as_ack()["error"] == {
            "code": "transition_refused",
            "message": "A job that is accepted cannot become completed.",
            "retry": False,
            "current": "accepted",
            "allowed": ["scheduled", "en_route", "in_progress", "open"],
        }
        assert (await read(database, job_id)).version == 3
        assert await outbox_of(database, job_id) == []

    with_company(database_url, story)


def test_a_strangers_job_does_not_exist_for_them(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "accepted")
        for stranger in (
            QUINN,
            Principal("zoe", Role.CUSTOMER),
            Principal("link:1", Role.CUSTOMER, job_id=str(job_id)),
        ):
            with pytest.raises(NotFound):
                await move(database, stranger, job_id, Step(Status.CANCELLED))

    with_company(database_url, story)


def test_an_open_job_is_taken_by_claiming_and_not_by_naming_a_status(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database)
        with pytest.raises(Forbidden, match="accept"):
            await move(database, PAT, job_id, Step(Status.ACCEPTED))

    with_company(database_url, story)


def test_an_offline_tap_keeps_its_own_time_beside_the_servers(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "accepted")
        tapped = now() - timedelta(minutes=17)
        await move(database, PAT, job_id, Step(Status.EN_ROUTE, occurred_at=tapped))
        async with database.connection() as conn:
            event = (await events_since(conn, job_id, 3))[0]
        assert event.occurred_at == tapped
        assert event.recorded_at > tapped + timedelta(minutes=16)
        assert (await read(database, job_id)).en_route_at == tapped

    with_company(database_url, story)


@pytest.mark.parametrize("off_by", [timedelta(hours=1), timedelta(days=-8)])
def test_a_clock_that_cannot_be_right_is_refused(database_url: str, off_by: timedelta) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "accepted")
        with pytest.raises(Invalid, match="occurred_at"):
            await move(database, PAT, job_id, Step(Status.EN_ROUTE, occurred_at=now() + off_by))

    with_company(database_url, story)


def test_a_released_job_is_open_again_without_its_pro_and_the_retry_is_answered_as_before(
    database_url: str,
) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "accepted")
        first = await move(database, PAT, job_id, Step(Status.OPEN))
        again = await move(database, PAT, job_id, Step(Status.OPEN))
        assert (first.version, first.changed) == (4, True)
        assert (again.version, again.changed) == (4, False)
        job = await read(database, job_id)
        assert (job.status, job.pro_id, job.accepted_at) == ("open", None, None)

    with_company(database_url, story)


def test_a_pro_who_turns_back_is_no_longer_on_the_way(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "en_route")
        async with database.connection() as conn:
            await conn.execute("UPDATE jobs SET promised_arrival_at = now()")
        await move(database, PAT, job_id, Step(Status.ACCEPTED))
        job = await read(database, job_id)
        assert (job.status, job.pro_id, job.en_route_at) == ("accepted", "pat", None)
        assert job.promised_arrival_at is None

    with_company(database_url, story)


def test_a_dispatcher_gives_a_job_to_another_pro_until_the_first_sets_out(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "accepted")
        moved = await reassign_job(database, DEE, job_id, "quinn", now=now())
        again = await reassign_job(database, DEE, job_id, "quinn", now=now())
        assert (moved.changed, again.changed) == (True, False)
        assert (await read(database, job_id)).pro_id == "quinn"
        async with database.connection() as conn:
            event = (await events_since(conn, job_id, 3))[0]
        assert event.data == {"pro_id": "quinn", "previous_pro_id": "pat"}
        driving = await add_job(database, "en_route")
        with pytest.raises(TransitionRefused, match="turn the job back"):
            await reassign_job(database, DEE, driving, "quinn", now=now())

    with_company(database_url, story)


@pytest.mark.parametrize("pro_id", ["cleo", "nobody"])
def test_a_job_is_not_given_to_somebody_who_is_no_pro(database_url: str, pro_id: str) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database)
        with pytest.raises(Invalid, match="pro_id"):
            await reassign_job(database, DEE, job_id, pro_id, now=now())

    with_company(database_url, story)


def test_a_pro_cannot_smuggle_in_a_pro_id(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "en_route")
        with pytest.raises(Invalid, match="pro_id"):
            await move(database, PAT, job_id, Step(Status.ACCEPTED, pro_id="quinn"))

    with_company(database_url, story)
