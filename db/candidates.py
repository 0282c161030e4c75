"""Who could take a job: pros with its skill, where they were last, and what they have on their hands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.active_jobs import ACTIVE
from db.pool import Connection


@dataclass(frozen=True, slots=True)
class Candidate:
    """A pro who has the skill and is not suspended; `conflicts` counts jobs in the same window."""

    id: str
    name: str
    on_duty: bool
    rating_sum: int
    rating_count: int
    active_jobs: int
    conflicts: int
    lat: float | None
    lng: float | None
    seen_at: datetime | None


async def candidates_for(conn: Connection, job_id: UUID) -> list[Candidate]:
    """The pros who could take a job, in no particular order. Empty for a job that does not exist."""
    rows = await conn.fetch(
        f"""
        SELECT p.id, p.name, p.on_duty, p.rating_sum, p.rating_count, busy.active_jobs, busy.conflicts,
               l.lat_e7 / 1e7::float8 AS lat, l.lng_e7 / 1e7::float8 AS lng, l.received_at AS seen_at
        FROM jobs j
        JOIN pro_skills k ON k.skill_no = j.skill_no
        JOIN people p ON p.id = k.pro_id AND p.role = 'pro' AND p.suspended_at IS NULL
        LEFT JOIN last_positions l ON l.pro_id = p.id
        CROSS JOIN LATERAL (
            SELECT count(*)::int AS active_jobs,
                   (count(*) FILTER (WHERE o.window_start < j.window_end
                                       AND o.window_end > j.window_start))::int AS conflicts
            FROM jobs o WHERE o.pro_id = p.id AND o.id <> j.id AND o.status IN {ACTIVE}) busy
        WHERE j.id = $1
        """,
        job_id,
    )
    return [Candidate(**dict(row.items())) for row in rows]


async def skill_name(conn: Connection, code: str) -> str:
    """What people call a skill of the catalogue."""
    name: str = await conn.fetchval("SELECT name FROM skills WHERE code = $1", code)
    return name
