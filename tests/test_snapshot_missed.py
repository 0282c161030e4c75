"""What a returning watcher missed: every event has the status that the job had after it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from db.pool import Database
from rooms.principal import Principal, Role
from rooms.sockets import Since
from tests.company import add_job, with_company
from tracker.jobs.facts import SYSTEM, record_fact
from tracker.jobs.lifecycle import Status
from tracker.jobs.transition import Step, move_job
from tracker.snapshots import Snapshots

PAT = Principal("pat", Role.PRO)


def test_a_fact_that_was_missed_tells_the_status_that_it_left_the_job_in_and_nothing_of_itself(
    database_url: str,
) -> None:
    async def story(database: Database) -> None:
        job_id, now = await add_job(database, "en_route"), datetime.now(UTC)

        async def fact() -> None:
            data = {"type": "SCOPE_MISMATCH", "note": "not for the customer"}
            async with database.transaction() as conn:
                await record_fact(conn, job_id, kind="pain_flag_added", data=data, actor=SYSTEM, now=now)

        await fact()
        for status in (Status.ARRIVED, Status.IN_PROGRESS):
            step = Step(status)
            await move_job(database, PAT, job_id, step, now=now, link_grace=timedelta(hours=1))
            await fact()
        watcher = Principal("link:1", Role.CUSTOMER, str(job_id))
        snapshots = Snapshots(database, visible=frozenset({"en_route", "arrived", "in_progress"}))
        _, ack = await snapshots.read(watcher, job_id, Since(4, 0))
        back = ack(True)
        assert back["recovered"]
        told = [
            (one["data"]["version"], one["data"]["status"], one["data"]["previous"]) for one in back["missed"]
        ]
        assert told == [
            (5, "en_route", None),
            (6, "arrived", "en_route"),
            (7, "arrived", None),
            (8, "in_progress", "arrived"),
            (9, "in_progress", None),
        ]
        assert "not for the customer" not in str(back)

    with_company(database_url, story)
