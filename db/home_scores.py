"""Home scores: the catalogue of points, the completed jobs of a home, the score last computed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from db.pool import Connection

SCORED = "home_scored"  # the kind of the job event that records what a job did to its home's score
MOST_JOBS = 500  # of one home, the newest: far beyond what reaches the cap, and an end to a row's size


@dataclass(frozen=True, slots=True)
class FinishedJob:
    """A completed job of a customer."""

    customer_id: str
    id: UUID
    service: str
    skill: str
    finished_at: datetime


@dataclass(frozen=True, slots=True)
class HomeScoreRow:
    """A score as it was computed. `items` say why."""

    customer_id: str
    score_tenths: int
    items: list[dict[str, Any]]
    computed_at: datetime


async def score_catalogue(conn: Connection) -> dict[str, int]:
    """Points by skill."""
    rows = await conn.fetch("SELECT skill, points FROM score_catalogue ORDER BY skill")
    return {row["skill"]: row["points"] for row in rows}


async def replace_catalogue(conn: Connection, points: Mapping[str, int]) -> bool:
    """Make this the whole catalogue; False when it was so already. Two at once take turns."""
    await conn.execute("LOCK TABLE score_catalogue IN SHARE ROW EXCLUSIVE MODE")
    if await score_catalogue(conn) == dict(points):
        return False
    await conn.execute("DELETE FROM score_catalogue WHERE skill <> ALL($1::text[])", list(points))
    await conn.execute(
        "INSERT INTO score_catalogue (skill, points) SELECT * FROM unnest($1::text[], $2::integer[])"
        " ON CONFLICT (skill) DO UPDATE SET points = excluded.points",
        list(points),
        list(points.values()),
    )
    return True


async def lock_customers(conn: Connection, person_ids: list[str]) -> None:
    """Lock homes, in the order of their ids, so that what is computed from their jobs is written in turn."""
    await conn.execute(
        "SELECT FROM people WHERE id = ANY($1::text[]) ORDER BY id FOR NO KEY UPDATE", person_ids
    )


async def was_scored(conn: Connection, job_id: UUID) -> bool:
    """Whether a job's effect on its home's score is recorded already."""
    return bool(
        await conn.fetchval(
            "SELECT EXISTS (SELECT FROM job_events WHERE job_id = $1 AND kind = $2)", job_id, SCORED
        )
    )


async def customers_after(conn: Connection, after: str, limit: int) -> list[str]:
    """The next customers in the order of their ids."""
    rows = await conn.fetch(
        "SELECT id FROM people WHERE role = 'customer' AND id > $1 ORDER BY id LIMIT $2", after, limit
    )
    return [row["id"] for row in rows]


async def finished_jobs(conn: Connection, customer_ids: list[str], since: datetime) -> list[FinishedJob]:
    """The newest completed jobs of these customers, at most MOST_JOBS each, finished after a moment."""
    rows = await conn.fetch(
        """
        SELECT c.id AS customer_id, j.id, j.service, j.skill, j.finished_at
        FROM unnest($1::text[]) c (id),
             LATERAL (SELECT j.id, j.service, s.code AS skill, j.finished_at
                      FROM jobs j JOIN skills s USING (skill_no)
                      WHERE j.customer_id = c.id AND j.status IN ('completed', 'paid') AND j.finished_at > $2
                      ORDER BY j.finished_at DESC, j.id LIMIT $3) j
        """,
        customer_ids,
        since,
        MOST_JOBS,
    )
    return [FinishedJob(**dict(row.items())) for row in rows]


async def home_score_of(conn: Connection, customer_id: str) -> HomeScoreRow | None:
    """The score of a home as it was last computed, or None before its first job."""
    rows = await home_scores_of(conn, [customer_id])
    return rows.get(customer_id)


async def home_scores_of(conn: Connection, customer_ids: list[str]) -> dict[str, HomeScoreRow]:
    """The same for many, by customer."""
    rows = await conn.fetch(
        "SELECT customer_id, (score * 10)::integer AS score_tenths, items::text AS items, computed_at"
        " FROM home_scores WHERE customer_id = ANY($1::text[])",
        customer_ids,
    )
    return {
        row["customer_id"]: HomeScoreRow(
            row["customer_id"], row["score_tenths"], json.loads(row["items"]), row["computed_at"]
        )
        for row in rows
    }


async def write_home_scores(conn: Connection, scores: list[HomeScoreRow]) -> None:
    """Keep these; the homes are locked."""
    await conn.executemany(
        """
        INSERT INTO home_scores (customer_id, score, items, computed_at)
        VALUES ($1, $2::integer / 10.0, $3::text::jsonb, $4)
        ON CONFLICT (customer_id) DO UPDATE
        SET score = excluded.score, items = excluded.items, computed_at = excluded.computed_at
        """,
        [(one.customer_id, one.score_tenths, json.dumps(one.items), one.computed_at) for one in scores],
    )
