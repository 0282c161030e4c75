"""What a person decides about an effect that was put aside: another try, or none."""

from __future__ import annotations

from datetime import datetime

from db.dead_letters import Letter, discard, letter_by_id, revive
from db.errors import Conflict, NotFound
from db.jobs import lock_job
from db.pool import Connection, Database
from rooms.principal import Principal
from tracker.jobs.facts import Actor, record_fact
from tracker.outbox.carry_out import has_outlived


class NotDead(Conflict):
    """This effect is not a dead letter; there is nothing to decide."""

    code = "not_dead"


class TooLateToRetry(Conflict):
    """It is too late for this effect to be of use; discard it."""

    code = "too_late_to_retry"


async def retry_letter(database: Database, principal: Principal, row_id: int, *, now: datetime) -> None:
    """Let the worker try a dead letter again, with all its tries. Again: as before.

    Raises NotFound, NotDead, TooLateToRetry, Unavailable.
    """
    async with database.transaction() as conn:
        letter = await _locked(conn, row_id)
        if letter.dead_at is None:
            if letter.retried_by is None or letter.discarded:
                raise NotDead
            return
        if has_outlived(letter.effect, letter.queued_at, letter.expires_at, now):
            raise TooLateToRetry
        await revive(conn, row_id, principal.id)


async def discard_letter(
    database: Database, principal: Principal, row_id: int, reason: str, *, now: datetime
) -> None:
    """Let a dead letter go, for a reason; its job's record says who did and why. Again: as before.

    Raises NotFound, NotDead, Unavailable.
    """

    async def work(conn: Connection) -> None:
        job_id = (await _letter(conn, row_id)).job_id
        if job_id is not None:  # the job first, as everybody locks
            await lock_job(conn, job_id)
        letter = await _locked(conn, row_id)
        if letter.discarded:
            return
        if letter.dead_at is None:
            raise NotDead
        if job_id is not None:
            await record_fact(
                conn,
                job_id,
                kind="effect_discarded",
                data={"effect": letter.effect, "reason": reason, "problem": letter.reason},
                actor=Actor.of(principal),
                now=now,
            )
        await discard(conn, row_id, f"discarded by {principal.id}: {reason}")

    await database.in_transaction(work)


async def _locked(conn: Connection, row_id: int) -> Letter:
    return await _letter(conn, row_id, lock=True)


async def _letter(conn: Connection, row_id: int, *, lock: bool = False) -> Letter:
    letter = await letter_by_id(conn, row_id, lock=lock)
    if letter is None:
        raise NotFound("There is no such effect.")
    return letter
