"""Keeping home scores up to date: one home when a job is completed, every home each night."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any
from uuid import UUID

from db.home_scores import (
    SCORED,
    HomeScoreRow,
    customers_after,
    finished_jobs,
    home_scores_of,
    lock_customers,
    score_catalogue,
    was_scored,
    write_home_scores,
)
from db.jobs import lock_job
from db.outbox import add_task
from db.pool import Connection, Database
from db.times import iso
from tracker.jobs.consequences import Effect
from tracker.jobs.facts import SYSTEM, record_fact
from tracker.reputation.home_score import GONE_AFTER, DoneJob, HomeScore, score_home

PAGE = 200  # homes whose rows are locked at once, for some tens of milliseconds


async def score_after(database: Database, job_id: UUID, *, now: datetime) -> None:
    """Score the home of a completed job, and record on the job what it did to the score; twice is once.

    Lock order: job, people (as in `reviews.py`). Raises Unavailable.
    """

    async def work(conn: Connection) -> None:
        job = await lock_job(conn, job_id)
        if job is None or await was_scored(conn, job_id):
            return
        home = job.customer_id
        await lock_customers(conn, [home])
        catalogue = await score_catalogue(conn)
        jobs = (await _done_jobs(conn, [home], now))[home]
        after = score_home(jobs, catalogue, now)
        if all(item.job.id != job_id for item in after.items):
            return  # the catalogue has nothing for it
        before = score_home((one for one in jobs if one.id != job_id), catalogue, now)
        await write_home_scores(conn, [_row(home, after, now)])
        await record_fact(
            conn,
            job_id,
            kind=SCORED,
            data={"before": before.tenths / 10, "after": after.tenths / 10},
            actor=SYSTEM,
            now=now,
        )

    await database.in_transaction(work)


async def score_page(database: Database, subject: str, *, now: datetime) -> int:
    """Score one page of homes, and queue the page after it in the same transaction; how many homes.

    `subject` is the run (`2026-11-21`), and after a space the customer that the page before ended with. So a
    run that is killed goes on where it was, and none of its steps takes long, however many homes there are.
    """
    run, _, after = subject.partition(" ")

    async def work(conn: Connection) -> int:
        homes = await customers_after(conn, after, PAGE)
        await lock_customers(conn, homes)
        known = await home_scores_of(conn, homes)
        catalogue = await score_catalogue(conn)
        jobs = await _done_jobs(conn, homes, now)
        rows = [_row(home, score_home(jobs[home], catalogue, now), now) for home in homes]
        await write_home_scores(conn, [row for row in rows if row.items or row.customer_id in known])
        if len(homes) == PAGE:
            await add_task(conn, Effect.NIGHTLY_HOME_SCORES.value, f"{run} {homes[-1]}")
        return len(homes)

    return await database.in_transaction(work)


async def _done_jobs(conn: Connection, homes: list[str], now: datetime) -> dict[str, list[DoneJob]]:
    jobs: dict[str, list[DoneJob]] = defaultdict(list)
    for job in await finished_jobs(conn, homes, now - GONE_AFTER):
        jobs[job.customer_id].append(DoneJob(job.id, job.service, job.skill, job.finished_at))
    return jobs


def _row(home: str, score: HomeScore, now: datetime) -> HomeScoreRow:
    items: list[dict[str, Any]] = [
        {
            "job_id": str(item.job.id),
            "service": item.job.service,
            "skill": item.job.skill,
            "points": item.points,
            "counts": item.tenths / 10,
            "finished_at": iso(item.job.finished_at),
            "fades_from": iso(item.fades_from),
            "gone_at": iso(item.gone_at),
        }
        for item in score.items
    ]
    return HomeScoreRow(home, score.tenths, items, now)
