"""Jobs: reading one, locking one, writing its status, listing them. Every write goes with a job event."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from db.active_jobs import ACTIVE
from db.patterns import containing
from db.pool import Connection

_COLUMNS = """
    j.id, j.reference, j.customer_id, j.pro_id, j.status, j.version, s.code AS skill,
    j.service, j.notes, j.lat, j.lng, j.address, j.approximate_address, j.price_cents,
    j.final_price_cents, j.tip_cents, j.order_required, j.order_stage, j.window_start, j.window_end,
    j.created_at, j.opened_at, j.accepted_at, j.en_route_at, j.arrived_at, j.started_at,
    j.finished_at, j.cancelled_at, j.paid_at, j.source, j.metadata::text AS metadata, j.labour_minutes,
    j.promised_arrival_at, c.name AS customer_name, c.phone AS customer_phone,
    c.email AS customer_email, p.name AS pro_name,
    p.rating_sum AS pro_rating_sum, p.rating_count AS pro_rating_count, p.photo_key AS pro_photo_key
"""
_FROM = """
    FROM jobs j JOIN skills s USING (skill_no) JOIN people c ON c.id = j.customer_id
    LEFT JOIN people p ON p.id = j.pro_id
"""


@dataclass(frozen=True, slots=True)
class Job:
    """A whole job as the company sees it; what a caller may see of it is decided above."""

    id: UUID
    reference: str | None
    customer_id: str
    pro_id: str | None
    status: str
    version: int
    skill: str
    service: str
    notes: str | None
    lat: float
    lng: float
    address: str
    approximate_address: str
    price_cents: int
    final_price_cents: int | None
    tip_cents: int
    order_required: bool
    order_stage: str
    window_start: datetime | None
    window_end: datetime | None
    created_at: datetime
    opened_at: datetime | None
    accepted_at: datetime | None
    en_route_at: datetime | None
    arrived_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    cancelled_at: datetime | None
    paid_at: datetime | None
    source: str
    metadata: dict[str, Any]
    labour_minutes: int | None
    promised_arrival_at: datetime | None
    customer_name: str
    customer_phone: str | None
    customer_email: str | None
    pro_name: str | None
    pro_rating_sum: int | None
    pro_rating_count: int | None
    pro_photo_key: str | None

    @property
    def pro_rating(self) -> float | None:
        """The pro's average of 1 to 5 stars; None before the first review."""
        count = self.pro_rating_count or 0
        return round((self.pro_rating_sum or 0) / count, 2) if count else None


@dataclass(frozen=True, slots=True)
class NewJob:
    """What creating a job takes; `status` is 'pending' or 'open', `metadata` a stored `Metadata`."""

    reference: str | None
    customer_id: str
    skill: str
    service: str
    notes: str | None
    lat: float
    lng: float
    address: str
    approximate_address: str
    price_cents: int
    order_required: bool
    window_start: datetime | None
    window_end: datetime | None
    status: str
    order_stage: str = "NOT_NEEDED"
    source: str = "api"
    metadata: dict[str, Any] = field(default_factory=dict)


def _job(row: asyncpg.Record) -> Job:
    return Job(**{**dict(row.items()), "metadata": json.loads(row["metadata"])})


async def job_by_id(conn: Connection, job_id: UUID) -> Job | None:
    """One job, or None."""
    row = await conn.fetchrow(f"SELECT {_COLUMNS} {_FROM} WHERE j.id = $1", job_id)
    return _job(row) if row else None


async def jobs_by_ids(conn: Connection, job_ids: list[UUID]) -> list[Job]:
    """Those of these jobs that exist."""
    rows = await conn.fetch(f"SELECT {_COLUMNS} {_FROM} WHERE j.id = ANY($1::uuid[])", job_ids)
    return [_job(row) for row in rows]


async def lock_job(conn: Connection, job_id: UUID) -> Job | None:
    """One job, locked until the transaction ends, so that its next event has one writer.

    The row is locked before it is joined: whoever waited for a plain join's lock would get the row as it is
    now beside the pro it had before.
    """
    row = await conn.fetchrow(
        "WITH locked AS MATERIALIZED (SELECT * FROM jobs WHERE id = $1 FOR NO KEY UPDATE)"
        f" SELECT {_COLUMNS} {_FROM.replace('FROM jobs j', 'FROM locked j')}",
        job_id,
    )
    return _job(row) if row else None


async def create_job(conn: Connection, new: NewJob) -> UUID | None:
    """Insert a job with version 1, whose event the caller appends.

    None when the skill or the customer is unknown, or a job with this reference exists.
    """
    job_id: UUID | None = await conn.fetchval(
        """
        INSERT INTO jobs (customer_id, skill_no, service, notes, lat, lng, address, approximate_address,
                          price_cents, order_required, window_start, window_end, status, reference,
                          order_stage, source, metadata, version, opened_at)
        SELECT p.id, s.skill_no, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
               $17::text::jsonb, 1, CASE WHEN $13 = 'open' THEN now() END
        FROM skills s, people p WHERE s.code = $2 AND p.id = $1 AND p.role = 'customer'
        ON CONFLICT (reference) DO NOTHING
        RETURNING id
        """,
        new.customer_id,
        new.skill,
        new.service,
        new.notes,
        new.lat,
        new.lng,
        new.address,
        new.approximate_address,
        new.price_cents,
        new.order_required,
        new.window_start,
        new.window_end,
        new.status,
        new.reference,
        new.order_stage,
        new.source,
        json.dumps(new.metadata),
    )
    return job_id


async def job_by_reference(conn: Connection, reference: str) -> Job | None:
    """The job made from this order, or None."""
    row = await conn.fetchrow(f"SELECT {_COLUMNS} {_FROM} WHERE j.reference = $1", reference)
    return _job(row) if row else None


async def write_status(
    conn: Connection,
    job_id: UUID,
    *,
    status: str,
    pro_id: str | None,
    times: dict[str, datetime | None],
) -> int:
    """Write the new status of a locked job and its timestamp columns; returns the new version.

    `times` maps column names to values; the names come from the lifecycle table, never from a client.
    """
    columns = "".join(f", {column} = ${number}" for number, column in enumerate(times, start=4))
    version: int = await conn.fetchval(
        f"UPDATE jobs SET status = $2, pro_id = $3, version = version + 1{columns}"
        " WHERE id = $1 RETURNING version",
        job_id,
        status,
        pro_id,
        *times.values(),
    )
    return version


async def bump_version(conn: Connection, job_id: UUID) -> int:
    """Count one more event of a locked job; returns its number."""
    version: int = await conn.fetchval(
        "UPDATE jobs SET version = version + 1 WHERE id = $1 RETURNING version", job_id
    )
    return version


async def claim_open_job(
    conn: Connection, job_id: UUID, pro_id: str, at: datetime, effects: list[str]
) -> int | None:
    """Give an open job to a pro who has its skill and is not suspended; one statement, one winner.

    The update, the job event and its outbox rows are one statement, so the loser of a race waits for one
    row lock and sees no row. Returns the new version, or None when somebody else won (or may not).
    """
    version: int | None = await conn.fetchval(
        """
        WITH claimed AS (
            UPDATE jobs j SET status = 'accepted', pro_id = $2, accepted_at = $3, version = version + 1
            WHERE j.id = $1 AND j.status = 'open'
              AND EXISTS (SELECT FROM pro_skills k JOIN people p ON p.id = k.pro_id
                          WHERE k.pro_id = $2 AND k.skill_no = j.skill_no
                            AND p.role = 'pro' AND p.suspended_at IS NULL)
            RETURNING j.id, j.version),
        event AS (
            INSERT INTO job_events (job_id, version, kind, from_status, to_status,
                                    actor_id, actor_role, occurred_at)
            SELECT id, version, 'status', 'open', 'accepted', $2, 'pro', $3 FROM claimed
            RETURNING job_id, version),
        effects AS (
            INSERT INTO outbox (job_id, version, effect)
            SELECT e.job_id, e.version, f FROM event e, unnest($4::text[]) f)
        SELECT version FROM event
        """,
        job_id,
        pro_id,
        at,
        effects,
    )
    return version


async def list_jobs(
    conn: Connection,
    *,
    statuses: list[str] | None = None,
    active_of: str | None = None,
    customer_id: str | None = None,
    search: str | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[Job]:
    """Jobs, newest first, from just below `before` (a keyset cursor, so pages never shift).

    `active_of`: those that this pro is busy with.
    """
    where: list[str] = []
    args: list[Any] = []

    def arg(value: Any) -> str:
        args.append(value)
        return f"${len(args)}"

    if statuses is not None:
        where.append(f"j.status = ANY({arg(statuses)}::text[])")
    if active_of is not None:
        where.append(f"j.pro_id = {arg(active_of)} AND j.status IN {ACTIVE}")
    if customer_id is not None:
        where.append(f"j.customer_id = {arg(customer_id)}")
    if search:
        pattern = arg(containing(search))
        where.append(f"(j.service ILIKE {pattern} OR j.address ILIKE {pattern} OR c.name ILIKE {pattern})")
    if before is not None:
        where.append(f"(j.created_at, j.id) < ({arg(before[0])}::timestamptz, {arg(before[1])}::uuid)")
    condition = "WHERE " + " AND ".join(where) if where else ""
    rows = await conn.fetch(
        f"SELECT {_COLUMNS} {_FROM} {condition} ORDER BY j.created_at DESC, j.id DESC LIMIT {arg(limit)}",
        *args,
    )
    return [_job(row) for row in rows]
