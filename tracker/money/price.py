"""The final price: what a job costs after all, set by dispatch with a reason until the job is completed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from db.errors import Conflict
from db.need_job import lock_needed_job
from db.payers import write_final_price
from db.pool import Connection, Database
from tracker.jobs.facts import Actor, record_fact
from tracker.jobs.lifecycle import Status
from tracker.money.books import DONE, price_of


class PriceIsFinal(Conflict):
    """This job is over; its price stays. Money goes back by a refund."""

    code = "price_is_final"


async def set_final_price(
    database: Database,
    actor: Actor,
    job_id: UUID,
    *,
    final_price_cents: int,
    version: int,
    reason: str,
    now: datetime,
) -> int:
    """Write the price that the capture will take; the job's new version.

    Raises NotFound, PriceIsFinal, StaleVersion (the job has changed since `version`), Unavailable.
    """

    async def work(conn: Connection) -> int:
        job = await lock_needed_job(conn, job_id)
        if job.status in (*DONE, Status.CANCELLED):
            raise PriceIsFinal
        data = {"from_cents": price_of(job), "to_cents": final_price_cents, "reason": reason}
        new_version = await record_fact(
            conn, job_id, kind="price_changed", data=data, actor=actor, now=now, expected_version=version
        )
        await write_final_price(conn, job_id, final_price_cents)
        return new_version

    return await database.in_transaction(work)
