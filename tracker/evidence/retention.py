"""Evidence of jobs that ended long ago is taken away by the calendar, as dispatch takes away a piece."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from db.evidence import Evidence, note_loose_files, remove_old_evidence
from db.pool import Connection, Database
from tracker.jobs.facts import SYSTEM, record_fact

RETENTION = "retention"  # who removed it, and why
AT_ONCE = 50  # pieces per transaction
MOST_PER_RUN = 1000  # their files are deleted in the same hour, well within the effect's timeout


async def retire_evidence(database: Database, keep_days: int, now: datetime) -> int:
    """Remove evidence that is `keep_days` old, of jobs that ended so long ago; returns how many pieces.

    The row stays, and says so; its files are condemned in the same transaction, and the next sweep deletes
    them. At most MOST_PER_RUN: the rest is for the next run. Raises Unavailable; again does no harm.
    """
    before, retired = now - timedelta(days=keep_days), 0

    async def work(conn: Connection) -> int:
        pieces = await remove_old_evidence(conn, before, by=RETENTION, at=now, limit=AT_ONCE)
        keys = [key for one in pieces for key in (one.store_key, one.thumb_key)]
        await note_loose_files(conn, keys, delete_after=now, condemned=True)
        for job_id, of_job in sorted(_by_job(pieces).items()):  # jobs are locked in the order of their ids
            await record_fact(
                conn,
                job_id,
                kind="evidence_removed",
                data={"evidence_ids": [str(one.id) for one in of_job], "reason": RETENTION},
                actor=SYSTEM,
                now=now,
            )
        return len(pieces)

    while retired < MOST_PER_RUN:
        found = await database.in_transaction(work)
        retired += found
        if found < AT_ONCE:
            break
    return retired


def _by_job(pieces: list[Evidence]) -> dict[UUID, list[Evidence]]:
    jobs: dict[UUID, list[Evidence]] = {}
    for one in pieces:
        jobs.setdefault(one.job_id, []).append(one)
    return jobs
