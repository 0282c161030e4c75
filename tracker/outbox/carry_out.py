"""One try of one effect: is it still of use, run it against the clock, and say how it ended."""

from __future__ import annotations

import asyncio
import logging
import math
import random
from datetime import datetime

from db.errors import Problem
from db.outbox import Ending, OutboxRow
from tracker.effects.task import Executor, GiveUp, Postpone, Task, Tools
from tracker.jobs.consequences import EXPIRES_AFTER, Effect
from tracker.outbox.pace import pace_of

log = logging.getLogger("tracker.worker")

MAX_ATTEMPTS = 15  # with the pauses below: two and a half hours
LONGEST_PAUSE_S = 1800.0
LONGEST_WAIT_S = 90 * 86_400.0  # of a postponed one


class Done:
    """It took place."""


class TooLate:
    """It would be of no use any more; it was not begun."""


async def carry_out(
    executor: Executor, tools: Tools, row: OutboxRow, now: datetime
) -> Done | TooLate | Ending:
    """Try once. Never raises, except when it is cancelled."""
    effect = Effect(row.effect)
    if has_outlived(row.effect, row.queued_at, row.expires_at, now):
        return TooLate()
    if row.attempts > MAX_ATTEMPTS:  # the last try took its worker with it
        return Ending(row, f"its worker died {MAX_ATTEMPTS} times over it", None)
    task = Task(effect, row.job_id, row.version, row.subject, row.attempts, now)
    timeout_s = pace_of(effect).timeout_s
    clock = asyncio.timeout(timeout_s)
    try:
        async with clock:
            await executor(tools, task)
    except Postpone as later:
        return Ending(row, plain(f"waits: {later}"), sensible_pause_s(later.retry_in_s), counts=False)
    except GiveUp as final:
        return Ending(row, plain(str(final)), None)
    except asyncio.CancelledError:
        if _is_cancelled():
            raise
        return _failed(row, "cancelled itself")
    except Problem as error:
        return _failed(row, f"{error.code}: {error.detail}")
    except Exception as error:
        if clock.expired():
            return _failed(row, f"timed out after {timeout_s:g} s")
        log.exception("effect %s of %s failed", row.effect, row.job_id or row.subject)
        return _failed(row, f"{type(error).__name__}: {error}")
    return Done()


def _is_cancelled() -> bool:
    """Whether somebody wants this task to end; else an executor waited for something that was cancelled."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def has_outlived(effect: str, queued_at: datetime, expires_at: datetime | None, now: datetime) -> bool:
    """Whether an effect has outlived its use, by its kind's limit or by its own."""
    limits = [queued_at + after for kind, after in EXPIRES_AFTER.items() if kind.value == effect]
    return any(now >= limit for limit in [*limits, expires_at] if limit is not None)


def _failed(row: OutboxRow, reason: str) -> Ending:
    return Ending(row, plain(reason), retry_pause_s(row.attempts))


def retry_pause_s(attempts: int) -> float | None:
    """Seconds until the next try after `attempts` failed ones, doubling to half an hour; None: give up."""
    if attempts >= MAX_ATTEMPTS:
        return None
    return min(LONGEST_PAUSE_S, 2.0**attempts) * random.uniform(0.8, 1.2)


def sensible_pause_s(seconds: float) -> float:
    """What an executor asked for, if the database can count so far; else the longest pause."""
    return min(max(seconds, 0.0), LONGEST_WAIT_S) if math.isfinite(seconds) else LONGEST_PAUSE_S


def plain(reason: str) -> str:
    """A reason that the database can hold: one odd character in it must not keep other endings from it."""
    return reason.encode("utf-8", "replace").decode().replace("\0", "")[:500]
