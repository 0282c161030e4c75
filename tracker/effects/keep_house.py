"""The `keep_house` effect, once an hour: room for the days to come; what has had its time is forgotten."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from db.errors import Problem
from db.outbox import forget_ended
from db.pool import Connection, Database
from db.positions import drop_partitions_before, ensure_partitions
from db.retention import (
    forget_external_events,
    forget_notifications,
    forget_sandbox_objects,
    forget_sessions,
    forget_subscriptions,
)
from tracker.effects.task import Task, Tools
from tracker.evidence.retention import retire_evidence
from tracker.evidence.sweep import sweep_orphans

PARTITIONS_PAST_DAYS = 8  # an offline phone may bring fixes this old
PARTITIONS_AHEAD_DAYS = 3
JOB_EFFECTS_KEPT = timedelta(days=7)  # long enough to look into what happened
OTHER_EFFECTS_KEPT = timedelta(
    days=40
)  # their rows keep a week's payouts or a message from being queued again
WEBHOOKS_KEPT = timedelta(days=90)
SANDBOX_KEPT = timedelta(days=30)
AT_ONCE = 2000  # rows per transaction, well within the statement timeout
SESSIONS_AT_ONCE = 200  # each is looked for in every day's partition


async def keep_house(tools: Tools, task: Task) -> None:
    """Do all of it. A step that fails does not keep the others from being done; it is tried again later."""
    problems = []
    for step in (
        _partitions,
        _trails,
        _sessions,
        _effects,
        _webhooks,
        _messages,
        _sandbox,
        _evidence,
        _files,
    ):
        try:
            await step(tools, task.now)
        except Problem as problem:
            problems.append(problem)
    if problems:
        raise problems[0]


async def make_partitions(database: Database, now: datetime, past_days: int = PARTITIONS_PAST_DAYS) -> None:
    """Partitions for every day that a heartbeat may name from now on. Raises Unavailable."""
    async with database.connection() as conn:
        await ensure_partitions(conn, now, past_days, PARTITIONS_AHEAD_DAYS)


async def _partitions(tools: Tools, now: datetime) -> None:
    past_days = min(PARTITIONS_PAST_DAYS, tools.settings.trail_retention_days)
    await make_partitions(tools.database, now, past_days)


async def _trails(tools: Tools, now: datetime) -> None:
    async with tools.database.connection() as conn:
        await drop_partitions_before(conn, _trails_begin(tools, now).date())


async def _sessions(tools: Tools, now: datetime) -> None:
    before = _trails_begin(tools, now) - timedelta(days=PARTITIONS_PAST_DAYS)
    last: int | None = 0
    while last is not None:
        async with tools.database.connection() as conn:
            last = await forget_sessions(conn, before, after_no=last, limit=SESSIONS_AT_ONCE)


async def _effects(tools: Tools, now: datetime) -> None:
    async def of_jobs(conn: Connection) -> int:
        return await forget_ended(conn, now - JOB_EFFECTS_KEPT, of_jobs=True, limit=AT_ONCE)

    async def others(conn: Connection) -> int:
        return await forget_ended(conn, now - OTHER_EFFECTS_KEPT, of_jobs=False, limit=AT_ONCE)

    await _all(tools.database, of_jobs)
    await _all(tools.database, others)


async def _webhooks(tools: Tools, now: datetime) -> None:
    await _all(tools.database, lambda conn: forget_external_events(conn, now - WEBHOOKS_KEPT, limit=AT_ONCE))


async def _messages(tools: Tools, now: datetime) -> None:
    """What is forgotten cannot be told again: `notify` knows no news that is older."""
    before = now - timedelta(days=tools.settings.message_retention_days)
    await _all(tools.database, lambda conn: forget_notifications(conn, before, limit=AT_ONCE))
    await _all(tools.database, lambda conn: forget_subscriptions(conn, now, limit=AT_ONCE))


async def _sandbox(tools: Tools, now: datetime) -> None:
    await _all(tools.database, lambda conn: forget_sandbox_objects(conn, now - SANDBOX_KEPT, limit=AT_ONCE))


async def _evidence(tools: Tools, now: datetime) -> None:
    await retire_evidence(tools.database, tools.settings.evidence_retention_days, now)


async def _files(tools: Tools, now: datetime) -> None:
    await sweep_orphans(tools.providers.store, tools.database, now)


def _trails_begin(tools: Tools, now: datetime) -> datetime:
    return now - timedelta(days=tools.settings.trail_retention_days)


async def _all(database: Database, forget: Callable[[Connection], Awaitable[int]]) -> None:
    """Forget some at a time, until there are no more."""
    forgotten = AT_ONCE
    while forgotten == AT_ONCE:
        async with database.connection() as conn:
            forgotten = await forget(conn)
