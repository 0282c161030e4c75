"""Work that comes round: which periods have begun, and queueing each once however many workers look.

A period is a row in the outbox whose subject names it, like `2026-11-21T05` or `2026-W47`. Only the period
that has begun last is queued: workers that were all down for two days run tonight's work once, not twice. The
weekly payouts that nobody ran on their day are run when a worker is back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from db.errors import Unavailable
from db.outbox import add_task
from tracker.effects.task import Tools
from tracker.jobs.consequences import Effect
from tracker.settings import Settings

log = logging.getLogger("tracker.worker")

LOOK_EVERY_S = 20.0
AGAIN_S = 1.0  # when the database is away
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

HOURLY: tuple[Effect, ...] = (
    Effect.KEEP_HOUSE,
    Effect.WATCH_HOLDS,
)  # hours of UTC: no clock change moves them
# Times of the company's own clock.
NIGHTLY: Mapping[Effect, time] = MappingProxyType(
    {Effect.NIGHTLY_HOME_SCORES: time(3), Effect.RECONCILE_MONEY: time(4)}
)
WEEKLY: Mapping[Effect, time] = MappingProxyType({Effect.WEEKLY_PAYOUTS: time(6)})  # on PAYOUT_DAY


@dataclass(frozen=True, slots=True)
class Period:
    """One run of one effect."""

    effect: Effect
    subject: str


def due(now: datetime, settings: Settings) -> list[Period]:
    """The period of each kind that has begun last.

    The local clock decides, so a day has one period: in a night when the clock jumps over the time, it begins
    with the jump; in one when the clock shows the time twice, it begins with the first.
    """
    local = now.astimezone(ZoneInfo(settings.time_zone)).replace(tzinfo=None)
    payout_day = WEEKDAYS.index(settings.payout_day)
    return [
        *(Period(effect, f"{now.astimezone(UTC):%Y-%m-%dT%H}") for effect in HOURLY),
        *(Period(effect, last_day(local, at).isoformat()) for effect, at in NIGHTLY.items()),
        *(Period(effect, week_of(last_day(local, at, payout_day))) for effect, at in WEEKLY.items()),
    ]


def last_day(local: datetime, at: time, weekday: int | None = None) -> date:
    """The latest day (a Monday for `weekday` 0) whose `at` is not after `local`, both of one clock."""
    day = local.date() if local.time() >= at else local.date() - timedelta(days=1)
    return day if weekday is None else day - timedelta(days=(day.weekday() - weekday) % 7)


def week_of(day: date) -> str:
    """The ISO 8601 week: `2026-W53` has the first days of 2027."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


class Calendar:
    """Queues what is due; every worker has one."""

    def __init__(self, tools: Tools, kinds: Collection[Effect]) -> None:
        self._tools = tools
        self._kinds = kinds  # a release queues what it can carry out
        self._queued: list[Period] = []

    async def run(self) -> None:
        """Look for ever; run it as a task."""
        while True:
            try:
                await self.queue_due(datetime.now(UTC))
                await asyncio.sleep(LOOK_EVERY_S)
            except Unavailable:
                await asyncio.sleep(AGAIN_S)
            except Exception:
                log.exception("the calendar was not kept; trying again")
                await asyncio.sleep(LOOK_EVERY_S)

    async def queue_due(self, now: datetime) -> None:
        """Queue the periods that have begun, each once for ever. Raises Unavailable."""
        begun = [period for period in due(now, self._tools.settings) if period.effect in self._kinds]
        new = [period for period in begun if period not in self._queued]
        if new:
            async with self._tools.database.transaction() as conn:
                for period in new:  # in one order everywhere, so that workers do not wait for each other
                    if await add_task(conn, period.effect.value, period.subject):
                        log.info("queued %s of %s", period.effect.value, period.subject)
        self._queued = begun
