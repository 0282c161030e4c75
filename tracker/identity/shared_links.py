"""Passing a visit on: its customer makes links for others, sees which there are, and takes them back."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.errors import Conflict, NotFound
from db.jobs import Job, job_by_id, lock_job
from db.need_job import NoSuchJob
from db.pool import Connection, Database
from db.shared_links import SharedLink, add_shared_link, revoke_shared_link, shared_links_of_job
from db.tracking_links import link_by_id
from rooms.principal import Principal
from tracker.identity.links import RANDOM_BYTES, JobEnded, LinkRefused, customer_behind, hash_of
from tracker.jobs.lifecycle import LINK_ENDS, Party, party_of
from tracker.jobs.transition import facts_of

MOST_SHARED = 5  # of one job: a household and its neighbours, not the public


class TooManyShared(Conflict):
    """This visit is shared as often as it may be; stop one of the shared links first."""

    code = "too_many_shared_links"


@dataclass(frozen=True, slots=True)
class NewShared:
    """A new shared link; `token` is shown once."""

    token: str
    link: SharedLink


async def share(database: Database, principal: Principal, job_id: UUID, now: datetime) -> NewShared:
    """One more link to the live visit, for the job's customer to pass on.

    Raises NotFound (also for a stranger), JobEnded, TooManyShared, LinkRefused for an own link that was
    revoked meanwhile, Unavailable.
    """

    async def work(conn: Connection) -> NewShared:
        # Revoking all links takes the same lock: none is made behind its back.
        job = await _of_customer(conn, principal, await lock_job(conn, job_id))
        if principal.is_link:
            own = await link_by_id(conn, principal.link_id)
            if own is None or not own.is_alive(now):
                raise LinkRefused
        if job.status in LINK_ENDS:
            raise JobEnded
        if len(await shared_links_of_job(conn, job.id, now)) >= MOST_SHARED:
            raise TooManyShared(at_most=MOST_SHARED)
        token = secrets.token_urlsafe(RANDOM_BYTES)
        link = await add_shared_link(conn, job.id, hash_of(token), created_by=principal.id, now=now)
        return NewShared(token, link)

    return await database.in_transaction(work)


async def list_shared(
    database: Database, principal: Principal, job_id: UUID, now: datetime
) -> list[SharedLink]:
    """The shared links that are alive, oldest first. Raises NotFound (also for a stranger), Unavailable."""
    async with database.connection() as conn:
        job = await _of_customer(conn, principal, await job_by_id(conn, job_id))
        return await shared_links_of_job(conn, job.id, now)


async def stop_sharing(
    database: Database, principal: Principal, job_id: UUID, link_id: int, now: datetime
) -> None:
    """End one shared link. Raises NotFound (also for a stranger, and when it is dead), Unavailable."""
    async with database.transaction() as conn:
        job = await _of_customer(conn, principal, await job_by_id(conn, job_id))
        if not await revoke_shared_link(conn, job.id, link_id, now):
            raise NotFound("There is no such shared link.")


async def _of_customer(conn: Connection, principal: Principal, job: Job | None) -> Job:
    """The job, for its customer and for the customer's own link. Raises NotFound for everybody else."""
    if job is not None:
        caller = await customer_behind(conn, job, principal)
        if party_of(caller, facts_of(job)) is Party.OWN_CUSTOMER:
            return job
    raise NoSuchJob
