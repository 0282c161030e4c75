"""What happened to jobs, by day: figures for dispatch, each from the rows themselves.

Every function takes the days as the moments they begin (`starts`, ascending), and the moment the last one
ends. It returns the figures by day, 0 for the first, and under None those of the whole range, which no sum of
days would give: a median of medians is none. A day of which there is nothing to say is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import asyncpg

from db.pool import Connection

F = TypeVar("F")
Days = Mapping[int | None, F]
RANGE = "{0} >= ($1::timestamptz[])[1] AND {0} < $2::timestamptz"


@dataclass(frozen=True, slots=True)
class JobFigures:
    """Jobs that were created, completed and cancelled; each counts on the day that it happened."""

    created: int = 0
    completed: int = 0
    cancelled: int = 0


@dataclass(frozen=True, slots=True)
class ClaimFigures:
    """From offer to acceptance, of the jobs accepted that day. Who was given back counts anew."""

    claimed: int = 0
    median_s: float | None = None
    p90_s: float | None = None


@dataclass(frozen=True, slots=True)
class ArrivalFigures:
    """Arrivals against their appointment windows and against what the customer was told on the way.

    On time is no later than the window's end; early is before its beginning, and on time as well.
    `eta_median_min` is positive when pros came later than promised; `eta_p90_min` is of the error's size.
    """

    arrivals: int = 0
    with_window: int = 0
    on_time: int = 0
    on_time_share: float | None = None
    early: int = 0
    early_median_min: float | None = None
    late: int = 0
    late_median_min: float | None = None
    with_promise: int = 0
    eta_median_min: float | None = None
    eta_p90_min: float | None = None
    eta_within_5_min_share: float | None = None


def by_day(kind: type[F], rows: list[asyncpg.Record]) -> Days[F]:
    """Rows with a `day` as `width_bucket` counts, from 1, or null for the whole range."""
    found: dict[int | None, F] = {}
    for row in rows:
        facts: dict[str, Any] = dict(row.items())
        day = facts.pop("day")
        found[None if day is None else day - 1] = kind(**facts)
    return found


async def jobs_by_status(conn: Connection) -> dict[str, int]:
    """How many jobs there are now in each status that has any."""
    rows = await conn.fetch("SELECT status, count(*) AS jobs FROM jobs GROUP BY status ORDER BY status")
    return {row["status"]: row["jobs"] for row in rows}


async def job_figures(conn: Connection, starts: list[datetime], end: datetime) -> Days[JobFigures]:
    """Jobs by what happened to them."""
    happened = " UNION ALL ".join(
        f"SELECT '{what}' AS what, {column} AS at FROM jobs WHERE {RANGE.format(column)}"
        for what, column in (
            ("created", "created_at"),
            ("completed", "finished_at"),
            ("cancelled", "cancelled_at"),
        )
    )
    rows = await conn.fetch(
        f"""
        SELECT day, count(*) FILTER (WHERE what = 'created') AS created,
               count(*) FILTER (WHERE what = 'completed') AS completed,
               count(*) FILTER (WHERE what = 'cancelled') AS cancelled
        FROM (SELECT what, width_bucket(at, $1) AS day FROM ({happened}) h) d
        GROUP BY GROUPING SETS ((day), ())
        """,
        starts,
        end,
    )
    return by_day(JobFigures, rows)


async def claim_figures(conn: Connection, starts: list[datetime], end: datetime) -> Days[ClaimFigures]:
    """How long offers waited."""
    rows = await conn.fetch(
        f"""
        SELECT day, count(*) AS claimed, percentile_cont(0.5) WITHIN GROUP (ORDER BY waited_s) AS median_s,
               percentile_cont(0.9) WITHIN GROUP (ORDER BY waited_s) AS p90_s
        FROM (SELECT width_bucket(accepted_at, $1) AS day,
                     extract(epoch FROM accepted_at - opened_at)::float8 AS waited_s
              FROM jobs WHERE {RANGE.format("accepted_at")} AND opened_at <= accepted_at) c
        GROUP BY GROUPING SETS ((day), ())
        """,
        starts,
        end,
    )
    return by_day(ClaimFigures, rows)


async def arrival_figures(conn: Connection, starts: list[datetime], end: datetime) -> Days[ArrivalFigures]:
    """How punctual pros were, and how right their ETAs."""
    rows = await conn.fetch(
        f"""
        SELECT day, count(*) AS arrivals, count(late_min) AS with_window,
               count(*) FILTER (WHERE late_min <= 0) AS on_time,
               avg((late_min <= 0)::int)::float8 AS on_time_share,
               count(*) FILTER (WHERE early_min > 0) AS early,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY early_min)
                   FILTER (WHERE early_min > 0) AS early_median_min,
               count(*) FILTER (WHERE late_min > 0) AS late,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY late_min)
                   FILTER (WHERE late_min > 0) AS late_median_min,
               count(error_min) AS with_promise,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY error_min) AS eta_median_min,
               percentile_cont(0.9) WITHIN GROUP (ORDER BY abs(error_min)) AS eta_p90_min,
               avg((abs(error_min) <= 5)::int)::float8 AS eta_within_5_min_share
        FROM (SELECT width_bucket(arrived_at, $1) AS day,
                     extract(epoch FROM arrived_at - window_end)::float8 / 60 AS late_min,
                     extract(epoch FROM window_start - arrived_at)::float8 / 60 AS early_min,
                     extract(epoch FROM arrived_at - promised_arrival_at)::float8 / 60 AS error_min
              FROM jobs WHERE {RANGE.format("arrived_at")}) a
        GROUP BY GROUPING SETS ((day), ())
        """,
        starts,
        end,
    )
    return by_day(ArrivalFigures, rows)
