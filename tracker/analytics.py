"""The company's figures, by day and for a range of days; the days are the company's own.

`db/analytics.py` says what each figure means; `docs/analytics.md` says it to the reader.
"""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from db.analytics import (
    ArrivalFigures,
    ClaimFigures,
    JobFigures,
    arrival_figures,
    claim_figures,
    job_figures,
    jobs_by_status,
)
from db.analytics_money import (
    MessageFigures,
    MoneyFigures,
    RatingFigures,
    message_figures,
    money_figures,
    owed_to_pros,
    rating_figures,
)
from db.errors import Busy, Invalid
from db.pool import Database

MAX_DAYS = 366
USUAL_DAYS = 30
STATEMENT_TIMEOUT_S = 15.0  # a year of a large company is more than any request's two seconds
YEARS = range(2000, 2100)
MOST_AT_ONCE = 4  # reports asked for: one is made, the others wait; who waits longer has asked again


class TooManyReports(Busy):
    """Several reports are being made already; ask again in a moment."""

    code = "too_many_reports"


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything there is to say about a day, or about a range of days."""

    jobs: JobFigures
    claims: ClaimFigures
    arrivals: ArrivalFigures
    money: MoneyFigures
    ratings: RatingFigures
    messages: MessageFigures


@dataclass(frozen=True, slots=True)
class Report:
    """`days` has every day from `first` to `last`; `statuses` and `owed_cents` are of this moment."""

    first: date
    last: date
    statuses: Mapping[str, int]
    owed_cents: int
    total: Figures
    days: Mapping[date, Figures]


class Analyst:
    """One per process; one report at a time, on a connection of its own: nothing else waits for it."""

    def __init__(self, database: Database, zone: ZoneInfo) -> None:
        """`database` is the analyst's own, with `STATEMENT_TIMEOUT_S`; whoever made it closes it."""
        self._database = database
        self._zone = zone
        self._turn = asyncio.Semaphore(1)
        self._asked = 0

    def today(self, now: datetime) -> date:
        """The company's day."""
        return now.astimezone(self._zone).date()

    async def report(self, first: date, last: date) -> Report:
        """All figures of these days. Raises TooManyReports, Unavailable."""
        if self._asked >= MOST_AT_ONCE:
            raise TooManyReports(retry_after_s=5)
        self._asked += 1
        try:
            return await self._report(first, last)
        finally:
            self._asked -= 1

    async def _report(self, first: date, last: date) -> Report:
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        *starts, end = [begin_of(day, self._zone) for day in [*days, last + timedelta(days=1)]]
        async with self._turn, self._database.connection() as conn:
            statuses, owed_cents = await jobs_by_status(conn), await owed_to_pros(conn)
            jobs = await job_figures(conn, starts, end)
            claims = await claim_figures(conn, starts, end)
            arrivals = await arrival_figures(conn, starts, end)
            money = await money_figures(conn, starts, end)
            ratings = await rating_figures(conn, starts, end)
            messages = await message_figures(conn, starts, end)

        def of(day: int | None) -> Figures:
            return Figures(
                jobs=jobs.get(day, JobFigures()),
                claims=claims.get(day, ClaimFigures()),
                arrivals=arrivals.get(day, ArrivalFigures()),
                money=money.get(day, MoneyFigures()),
                ratings=ratings.get(day, RatingFigures()),
                messages=messages.get(day, MessageFigures()),
            )

        by_day = {day: of(number) for number, day in enumerate(days)}
        return Report(first, last, statuses, owed_cents, total=of(None), days=by_day)


def range_of(first: date | None, last: date | None, today: date) -> tuple[date, date]:
    """The days that are asked for, both included: up to today, and from 30 days before that.

    Raises Invalid for a range that is empty, longer than a year, or in another age.
    """
    last = last or today
    if last.year not in YEARS or (first is not None and first.year not in YEARS):
        raise Invalid(f"from and to lie between the years {YEARS[0]} and {YEARS[-1]}.", field="from")
    first = first or last - timedelta(days=USUAL_DAYS - 1)
    if not 0 <= (last - first).days < MAX_DAYS:
        raise Invalid(f"from must not be after to, and both at most {MAX_DAYS} days.", field="from")
    return first, last


def begin_of(day: date, zone: ZoneInfo) -> datetime:
    """The moment a day begins, UTC. Where clocks leap over midnight, it is the moment of the leap."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def report_csv(report: Report) -> str:
    """A row per day and one for the range, as RFC 4180. A cell is a date, a number, empty, or 'total'."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(["day", *_cells(report.total)])
    for day, figures in report.days.items():
        rows.writerow([day.isoformat(), *_cells(figures).values()])
    rows.writerow(["total", *_cells(report.total).values()])
    return out.getvalue()


def _cells(figures: Figures) -> dict[str, Any]:
    """`jobs_created`, `claims_median_s`, …"""
    return {
        f"{group.name}_{field.name}": getattr(getattr(figures, group.name), field.name)
        for group in fields(figures)
        for field in fields(getattr(figures, group.name))
    }
