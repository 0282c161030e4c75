"""Open jobs around a place, by the skill lanes of `jobs.lane` (docs/feed.md).

Every skill has its own strip of the plane, so one partial GiST index answers "nearest open jobs of
this skill in this window" in order. A search is one such sub-select per skill and window. PostgreSQL
merges their sorted outputs (Merge Append) and stops after `rows` of them in all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple, Protocol
from uuid import UUID

from db.pool import Connection

LANE_WIDTH_M = 5e7  # as in the generated column: wider than the world's 4.0e7


class Window(Protocol):
    """A rectangle of the Mercator map and the point that rows are ordered from, in map metres."""

    @property
    def x(self) -> float: ...
    @property
    def y(self) -> float: ...
    @property
    def x_min(self) -> float: ...
    @property
    def x_max(self) -> float: ...
    @property
    def y_min(self) -> float: ...
    @property
    def y_max(self) -> float: ...


class OpenJob(NamedTuple):
    """An open job as the feed reads it. `map_m` is its distance on the Mercator map, in map metres."""

    id: UUID
    skill_no: int
    service: str
    approximate_address: str
    lat: float
    lng: float
    price_cents: int
    window_start: datetime | None
    window_end: datetime | None
    opened_at: datetime | None
    map_m: float


async def skills_of(conn: Connection, pro_id: str) -> dict[int, str]:
    """The pro's certified skills: number → code. Empty for somebody unknown."""
    rows = await conn.fetch(
        "SELECT skill_no, code FROM pro_skills JOIN skills USING (skill_no) WHERE pro_id = $1", pro_id
    )
    return {row["skill_no"]: row["code"] for row in rows}


async def nearest_open(
    conn: Connection, skill_nos: Iterable[int], windows: Sequence[Window], rows: int | None
) -> list[OpenJob]:
    """At most `rows` open jobs of the skills in the windows, nearest on the map first (None: all).

    The windows differ in x only: the second is the same disc seen from the other side of 180°.
    """
    lanes: list[float] = []
    for skill_no in skill_nos:
        shift = skill_no * LANE_WIDTH_M
        for window in windows:
            lanes += (window.x + shift, window.x_min + shift, window.x_max + shift)
    if not lanes:
        return []
    y = windows[0]
    found = await conn.fetch(_nearest_sql(len(lanes) // 3), rows, y.y, y.y_min, y.y_max, *lanes)
    return [OpenJob._make(row) for row in found]


@lru_cache(maxsize=256)
def _nearest_sql(branches: int) -> str:
    """The statement for so many (skill, window) pairs. $1 rows, $2–$4 y, then x, x_min, x_max for each.

    A sub-select per lane, because `skill_no = ANY (…)` cannot drive an index scan in distance order.
    Every parameter is cast: a generic plan must know its operators' types.
    """
    lane = """(SELECT id, skill_no, service, approximate_address, lat, lng, price_cents,
           window_start, window_end, opened_at, lane <-> point(${x}::float8, $2::float8) AS map_m
    FROM jobs
    WHERE status = 'open'
      AND lane <@ box(point(${x_min}::float8, $3::float8), point(${x_max}::float8, $4::float8))
    ORDER BY lane <-> point(${x}::float8, $2::float8) LIMIT $1::bigint)"""
    lanes = [lane.format(x=n, x_min=n + 1, x_max=n + 2) for n in range(5, 5 + 3 * branches, 3)]
    return "SELECT * FROM (" + "\nUNION ALL\n".join(lanes) + ") AS near ORDER BY map_m LIMIT $1::bigint"
