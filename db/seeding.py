"""Writing a whole invented city at once, for the demo. Nothing else writes history after the fact."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from db.pain_flags import add_rule_flags
from db.pool import Connection


@dataclass(frozen=True, slots=True)
class SeedPerson:
    """A person and their skills (codes)."""

    id: str
    role: str
    name: str
    phone: str | None
    email: str | None
    skills: list[str]


@dataclass(frozen=True, slots=True)
class SeedJob:
    """A job and how it got where it is: (status, when), oldest first.

    `metadata` is a stored `tracker.jobs.metadata.Metadata`, `flags` are the open ones, {type: severity}.
    """

    id: UUID
    customer_id: str
    pro_id: str | None
    skill: str
    service: str
    notes: str | None
    lat: float
    lng: float
    address: str
    approximate_address: str
    price_cents: int
    window: tuple[datetime, datetime] | None
    history: list[tuple[str, datetime]]
    metadata: dict[str, Any] = field(default_factory=dict)
    order_required: bool = False
    order_stage: str = "NOT_NEEDED"
    flags: dict[str, str] = field(default_factory=dict)


async def is_empty(conn: Connection) -> bool:
    """Whether nobody has written a job yet."""
    return not await conn.fetchval("SELECT EXISTS (SELECT FROM jobs)")


async def write_skills(conn: Connection, skills: dict[str, str]) -> None:
    """Add skills as {code: name}; known codes stay."""
    await conn.execute(
        "INSERT INTO skills (code, name) SELECT * FROM unnest($1::text[], $2::text[])"
        " ON CONFLICT (code) DO NOTHING",
        list(skills),
        list(skills.values()),
    )


async def write_people(conn: Connection, people: list[SeedPerson]) -> None:
    """Add people; pros come on duty."""
    await conn.executemany(
        "INSERT INTO people (id, role, name, phone, email, on_duty) VALUES ($1, $2, $3, $4, $5, $2 = 'pro')"
        " ON CONFLICT (id) DO NOTHING",
        [(p.id, p.role, p.name, p.phone, p.email) for p in people],
    )
    await conn.executemany(
        "INSERT INTO pro_skills (pro_id, skill_no) SELECT $1, skill_no FROM skills WHERE code = $2"
        " ON CONFLICT DO NOTHING",
        [(p.id, code) for p in people for code in p.skills],
    )


async def write_jobs(conn: Connection, jobs: list[SeedJob]) -> None:
    """Add jobs with their events; the effects of the past are not queued."""
    await conn.executemany(
        """
        INSERT INTO jobs (id, customer_id, pro_id, skill_no, service, notes, lat, lng, address,
                          approximate_address, price_cents, window_start, window_end, status, version,
                          created_at, opened_at, accepted_at, en_route_at, arrived_at, started_at,
                          finished_at, cancelled_at, metadata, order_required, order_stage, source,
                          final_price_cents, labour_minutes)
        SELECT $1, $2, $3, skill_no, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
               $16, $17, $18, $19, $20, $21, $22::timestamptz, $23, $24::text::jsonb, $25, $26, 'demo',
               CASE WHEN $22 IS NOT NULL THEN $11::bigint END,
               round(extract(epoch FROM $22 - $21::timestamptz) / 60)
        FROM skills WHERE code = $4
        """,
        [_job_row(job) for job in jobs],
    )
    await conn.executemany(
        """
        INSERT INTO job_events (job_id, version, kind, from_status, to_status, actor_id, actor_role,
                                occurred_at, recorded_at, data)
        VALUES ($1, $2::bigint, CASE WHEN $2::bigint = 1 THEN 'created' ELSE 'status' END, $3, $4,
                'demo', 'admin', $5, $5, $6::text::jsonb)
        """,
        [
            (
                job.id,
                version,
                job.history[version - 2][0] if version > 1 else None,
                status,
                at,
                json.dumps({"flags_added": sorted(job.flags)} if version == 1 and job.flags else {}),
            )
            for job in jobs
            for version, (status, at) in enumerate(job.history, start=1)
        ],
    )
    for job in jobs:
        if job.flags:
            await add_rule_flags(conn, job.id, job.flags, at=job.history[0][1])


def _job_row(job: SeedJob) -> tuple[object, ...]:
    entered = dict(job.history)
    window = job.window or (None, None)
    times = [
        entered.get(status)
        for status in ("open", "accepted", "en_route", "arrived", "in_progress", "completed", "cancelled")
    ]
    return (
        job.id,
        job.customer_id,
        job.pro_id,
        job.skill,
        job.service,
        job.notes,
        job.lat,
        job.lng,
        job.address,
        job.approximate_address,
        job.price_cents,
        *window,
        job.history[-1][0],
        len(job.history),
        job.history[0][1],
        *times,
        json.dumps(job.metadata),
        job.order_required,
        job.order_stage,
    )
