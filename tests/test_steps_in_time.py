"""Steps keep their order in time, whatever a phone's clock says; assigning twice is once."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from db.job_events import events_since
from db.jobs import Job, job_by_id
from db.pool import Database
from rooms.principal import Principal, Role
from tests.company import add_job, with_company
from tests.receiving import at
from tracker.jobs.assign import reassign_job
from tracker.jobs.lifecycle import Status
from tracker.jobs.transition import Step, move_job

PAT = Principal("pat", Role.PRO)
DEE = Principal("dee", Role.DISPATCHER)


async def read(database: Database, job_id: UUID) -> Job:
    async with database.connection() as conn:
        job = await job_by_id(conn, job_id)
    assert job is not None
    return job


def test_a_tap_dated_before_the_last_step_does_not_open_the_trail_from_before_it(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "accepted")
        before = await read(database, job_id)
        assert before.accepted_at is not None
        dated = before.accepted_at - timedelta(hours=5)  # the phone's clock was wrong, or somebody tries
        step = Step(Status.EN_ROUTE, occurred_at=dated)
        await move_job(database, PAT, job_id, step, now=at(0), link_grace=timedelta(hours=1))
        assert (await read(database, job_id)).en_route_at == before.accepted_at
        async with database.connection() as conn:
            (event,) = await events_since(conn, job_id, before.version)
        assert event.occurred_at == dated  # the record keeps what the device said

    with_company(database_url, story)


def test_assigning_a_scheduled_job_to_its_own_pro_again_changes_nothing(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "scheduled", pro="pat")
        version = (await read(database, job_id)).version
        for _ in range(2):
            moved = await reassign_job(database, DEE, job_id, "pat", now=at(0))
            assert (moved.status, moved.version, moved.changed) == (Status.SCHEDULED, version, False)
        assert (await reassign_job(database, DEE, job_id, "quinn", now=at(0))).changed

    with_company(database_url, story)
