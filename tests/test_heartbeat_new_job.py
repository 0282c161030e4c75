"""A pro's new job: its first heartbeats may come before this node has heard that there is one."""

from __future__ import annotations

from uuid import uuid4

import pytest

from db.pool import Database
from tests.company import add_job, with_company
from tests.receiving import at, fix, receiving
from tracker.positions.receive import NotYourJob


def test_a_heartbeat_for_a_job_claimed_on_another_node_a_moment_ago_is_kept(database_url: str) -> None:
    async def work(database: Database) -> None:
        async with receiving(database) as (receiver, heard):
            await receiver.receive("pat", [fix(0, 0)], at(0))  # this node knows pat now, without jobs
            job = await add_job(database, "accepted")  # elsewhere; nobody tells this node
            ack = await receiver.receive("pat", [fix(10, 2, job_id=str(job))], at(2))
            assert (ack["accepted"], ack["rejected"]) == (1, [])
            assert len(heard.dots(job)) == 1

    with_company(database_url, work)


def test_a_job_that_is_not_the_pros_is_still_refused(database_url: str) -> None:
    async def work(database: Database) -> None:
        async with receiving(database) as (receiver, _):
            await receiver.receive("pat", [fix(0, 0)], at(0))
            with pytest.raises(NotYourJob):
                await receiver.receive("pat", [fix(10, 2, job_id=str(uuid4()))], at(2))

    with_company(database_url, work)
