"""The claim: many pros want one open job, exactly one gets it, every other one is told so at once.

The conditional UPDATE in `db.jobs.claim_open_job` is the authority. The gate in front of it only saves
the database from a stampede: while one claim of a job is being decided in this process, the others wait
for its outcome instead of queueing at the row lock (docs/bench shows what that is worth).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.errors import Conflict, Forbidden
from db.job_events import version_of_claim
from db.jobs import claim_open_job
from db.need_job import need_job
from db.pool import Database
from rooms.principal import Principal, Role
from tracker.jobs.consequences import EFFECTS
from tracker.jobs.lifecycle import Status

GATE_SIZE = 10_000  # jobs under claim at once in one process


class JobTaken(Conflict):
    """Too slow! Job already taken."""

    code = "job_taken"


@dataclass(frozen=True, slots=True)
class Claimed:
    """The winner's answer; `won_now` is False when a retry is answered as before."""

    job_id: UUID
    version: int
    won_now: bool


class ClaimGate:
    """One decision at a time per job in this process. It remembers nothing after the decision."""

    def __init__(self) -> None:
        self._deciding: dict[UUID, asyncio.Future[str | None]] = {}

    async def claim(self, database: Database, principal: Principal, job_id: UUID, now: datetime) -> Claimed:
        """Claim a job for a pro.

        Raises JobTaken, Forbidden (not a pro, lacks the skill, suspended), NotFound, Unavailable.
        """
        if principal.role is not Role.PRO:
            raise Forbidden("Only a pro can take a job.")
        while (deciding := self._deciding.get(job_id)) is not None:
            winner = await asyncio.shield(deciding)
            if winner is not None and winner != principal.id:
                raise JobTaken
            # Nobody won, or it was me: whoever comes first decides next, and the others wait for that.
        if len(self._deciding) >= GATE_SIZE:
            return await decide_claim(database, principal.id, job_id, now)
        outcome: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._deciding[job_id] = outcome
        winner = None
        try:
            claimed = await decide_claim(database, principal.id, job_id, now)
            winner = principal.id
            return claimed
        finally:
            del self._deciding[job_id]
            outcome.set_result(winner)


async def decide_claim(database: Database, pro_id: str, job_id: UUID, now: datetime) -> Claimed:
    """Let the database decide. Raises as `ClaimGate.claim` does."""
    async with database.connection() as conn:
        effects = [effect.value for effect in EFFECTS[Status.ACCEPTED]]
        version = await claim_open_job(conn, job_id, pro_id, now, effects)
        if version is not None:
            return Claimed(job_id, version, won_now=True)
        job = await need_job(conn, job_id)
        if job.pro_id == pro_id and job.status != Status.CANCELLED.value:
            claimed_at = await version_of_claim(conn, job_id, pro_id)  # whatever was recorded since
            return Claimed(job_id, claimed_at or job.version, won_now=False)
    if job.status == Status.OPEN.value:
        raise Forbidden("You cannot take this job: it needs a skill you do not have.")
    raise JobTaken
