"""Whose trail a job shows: its pro's to its pro and its customer, everybody's to dispatch only."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from db.jobs import job_by_id
from db.pool import Database
from rooms.membership import VISIBLE_STATUSES
from rooms.principal import Principal, Role
from tests.company import add_job, with_company
from tests.receiving import at, fix, receiving
from tracker.jobs.assign import reassign_job
from tracker.jobs.lifecycle import Status
from tracker.jobs.transition import Step, move_job
from tracker.snapshots import Snapshots

PAT = Principal("pat", Role.PRO)
QUINN = Principal("quinn", Role.PRO)
CLEO = Principal("cleo", Role.CUSTOMER)
DEE = Principal("dee", Role.DISPATCHER)


async def trails(database: Database, job_id: UUID, principal: Principal) -> tuple[int, int]:
    """How many points the page of the trail and the snapshot show."""
    snapshots = Snapshots(database, visible=VISIBLE_STATUSES)
    async with database.connection() as conn:
        job = await job_by_id(conn, job_id)
        assert job is not None
        page = await snapshots.trail(conn, job, principal, after=None, limit=100)
    _, ack = await snapshots.read(principal, job_id, None)
    return len(page), len(ack(True)["snapshot"]["trail"])


def test_the_next_pro_and_the_customer_do_not_see_where_the_former_pro_went(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "accepted", pro="pat")
        async with receiving(database) as (receiver, _):
            await receiver.receive("pat", [fix(i * 10, i * 2) for i in range(5)], at(10))
            assert await trails(database, job_id, PAT) == (5, 5)
            await reassign_job(database, DEE, job_id, "quinn", now=at(10))
            assert await trails(database, job_id, QUINN) == (0, 0)
            grace = timedelta(hours=1)
            await move_job(database, QUINN, job_id, Step(Status.EN_ROUTE), now=at(11), link_grace=grace)
            await receiver.receive("quinn", [fix(100, 20), fix(110, 22)], at(23))
            assert await trails(database, job_id, QUINN) == (2, 2)
            assert await trails(database, job_id, CLEO) == (2, 2)
            assert await trails(database, job_id, DEE) == (7, 7)

    with_company(database_url, story)
