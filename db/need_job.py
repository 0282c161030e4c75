"""A job that must be there: read, or locked, or the one refusal that says that it is not."""

from __future__ import annotations

from uuid import UUID

from db.errors import NotFound
from db.jobs import Job, job_by_id, lock_job
from db.pool import Connection


class NoSuchJob(NotFound):
    """There is no such job."""


async def need_job(conn: Connection, job_id: UUID) -> Job:
    """One job. Raises NoSuchJob."""
    job = await job_by_id(conn, job_id)
    if job is None:
        raise NoSuchJob
    return job


async def lock_needed_job(conn: Connection, job_id: UUID) -> Job:
    """One job, locked until the transaction ends (see `lock_job`). Raises NoSuchJob."""
    job = await lock_job(conn, job_id)
    if job is None:
        raise NoSuchJob
    return job
