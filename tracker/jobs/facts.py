"""Recording a fact about a job that is no status change: an edit, money that moved, a photo that came.

Each is a job event of its own with the next version, so that the record has no hole and everybody who has
the job open learns that it changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from db.errors import Conflict
from db.job_events import append_event
from db.jobs import bump_version
from db.need_job import lock_needed_job
from db.outbox import add_effects
from db.pool import Connection
from rooms.principal import Principal
from tracker.jobs.consequences import Effect


class StaleVersion(Conflict):
    """Somebody changed this job since you read it; read it again, then decide."""

    code = "stale_version"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: a person, or a part of the system."""

    id: str
    role: str

    @classmethod
    def of(cls, principal: Principal) -> Actor:
        """The person who is calling."""
        return cls(principal.id, principal.role.value)


SYSTEM = Actor("system", "system")  # a rule, the calendar
MONEY = Actor("money", "system")  # what a payment provider told us


async def record_fact(
    conn: Connection,
    job_id: UUID,
    *,
    kind: str,
    data: dict[str, Any],
    actor: Actor,
    now: datetime,
    expected_version: int | None = None,
    effects: tuple[Effect, ...] = (),
) -> int:
    """Append a job event in the caller's transaction, queue its announcement and `effects`; the new version.

    Locks the job. With `expected_version`, raises StaleVersion (with the current one) when the job has
    changed since. Raises NotFound. `data` is shown to dispatch and kept for ever: no secrets.
    """
    job = await lock_needed_job(conn, job_id)
    if expected_version is not None and job.version != expected_version:
        raise StaleVersion(current=job.version)
    version = await bump_version(conn, job_id)
    await append_event(
        conn,
        job_id=job_id,
        version=version,
        kind=kind,
        from_status=None,
        to_status=None,
        actor_id=actor.id,
        actor_role=actor.role,
        occurred_at=now,
        data=data,
    )
    await add_effects(conn, job_id, version, [Effect.ANNOUNCE.value, *(one.value for one in effects)])
    return version
