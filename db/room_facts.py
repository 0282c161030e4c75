"""The few columns that decide who may follow a job, and whether callers' rights still stand."""

from __future__ import annotations

from uuid import UUID

import asyncpg

from db.active_jobs import ACTIVE
from db.pool import Connection


async def job_facts(conn: Connection, job_ids: list[UUID]) -> list[asyncpg.Record]:
    """(id, version, status, customer_id, pro_id, shown_from_ms) of each job that exists."""
    return await conn.fetch(
        "SELECT id, version, status, customer_id, pro_id,"
        " round(extract(epoch FROM least(en_route_at, arrived_at, started_at)) * 1000)::bigint"
        " AS shown_from_ms"
        " FROM jobs WHERE id = ANY($1::uuid[])",
        job_ids,
    )


async def active_jobs_by_pro(conn: Connection, pro_ids: list[str]) -> dict[str, list[UUID]]:
    """The jobs that each of these pros is busy with: their rooms are the pro's own."""
    found: dict[str, list[UUID]] = {}
    for row in await conn.fetch(
        f"SELECT pro_id, id FROM jobs WHERE pro_id = ANY($1::text[]) AND status IN {ACTIVE}",
        pro_ids,
    ):
        found.setdefault(row["pro_id"], []).append(row["id"])
    return found


async def link_ends(conn: Connection, link_ids: list[int]) -> dict[int, float]:
    """When each of these tracking links ends or ended, in epoch seconds (infinity: not set, 0: gone)."""
    rows = await conn.fetch(
        "SELECT asked, CASE WHEN l.id IS NULL OR l.revoked_at IS NOT NULL THEN 0"
        " WHEN l.expires_at IS NULL THEN 'infinity'::float8"
        " ELSE extract(epoch FROM l.expires_at)::float8 END AS ends"
        " FROM unnest($1::bigint[]) asked LEFT JOIN tracking_links l ON l.id = asked",
        link_ids,
    )
    return {row["asked"]: row["ends"] for row in rows}


async def barred_people(conn: Connection, person_ids: list[str]) -> dict[str, float]:
    """Until which epoch second of issue a person's tokens are refused (suspended: infinity)."""
    rows = await conn.fetch(
        "SELECT id, CASE WHEN suspended_at IS NOT NULL THEN 'infinity'::float8"
        " ELSE extract(epoch FROM signed_out_at)::float8 END AS until"
        " FROM people WHERE id = ANY($1::text[])"
        " AND (suspended_at IS NOT NULL OR signed_out_at IS NOT NULL)",
        person_ids,
    )
    return {row["id"]: row["until"] for row in rows}
