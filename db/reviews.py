"""Reviews, and what people's rating is made of. Every write goes with a job event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.pool import Connection

_COLUMNS = """
    r.id, r.job_id, r.direction, r.author_id, r.subject_id, r.rating, r.comment, r.created_at, r.hidden_at,
    r.hidden_by, a.name AS author_name, j.service
"""
_FROM = "FROM reviews r JOIN people a ON a.id = r.author_id JOIN jobs j ON j.id = r.job_id"


@dataclass(frozen=True, slots=True)
class Review:
    """One review, of `subject_id` by `author_id`, about one job. Hidden: by dispatch; it does not count."""

    id: int
    job_id: UUID
    direction: str
    author_id: str
    subject_id: str
    rating: int
    comment: str
    created_at: datetime
    hidden_at: datetime | None
    hidden_by: str | None
    author_name: str
    service: str


@dataclass(frozen=True, slots=True)
class RatedPerson:
    """A person's running totals: the stars of the reviews that count, and whether dispatch was told."""

    id: str
    name: str
    role: str
    rating_count: int
    rating_sum: int
    rating_low: bool


async def review_of_job(conn: Connection, job_id: UUID, direction: str) -> Review | None:
    """The one review of a job in this direction, or None."""
    row = await conn.fetchrow(
        f"SELECT {_COLUMNS} {_FROM} WHERE r.job_id = $1 AND r.direction = $2", job_id, direction
    )
    return Review(**dict(row.items())) if row else None


async def review_by_id(conn: Connection, review_id: int) -> Review | None:
    """One review, or None."""
    row = await conn.fetchrow(f"SELECT {_COLUMNS} {_FROM} WHERE r.id = $1", review_id)
    return Review(**dict(row.items())) if row else None


async def reviews_of_job(conn: Connection, job_id: UUID) -> list[Review]:
    """At most two: one in each direction."""
    rows = await conn.fetch(f"SELECT {_COLUMNS} {_FROM} WHERE r.job_id = $1 ORDER BY r.id", job_id)
    return [Review(**dict(row.items())) for row in rows]


async def reviews_about(
    conn: Connection, person_id: str, *, hidden: bool, before: int | None, limit: int
) -> list[Review]:
    """Reviews of a person, newest first, from just below the number `before`; hidden ones only if asked."""
    rows = await conn.fetch(
        f"""
        SELECT {_COLUMNS} {_FROM} WHERE r.subject_id = $1 AND ($2 OR r.hidden_at IS NULL)
          AND ($3::bigint IS NULL OR r.id < $3) ORDER BY r.id DESC LIMIT $4
        """,
        person_id,
        hidden,
        before,
        limit,
    )
    return [Review(**dict(row.items())) for row in rows]


async def lock_rated(conn: Connection, person_ids: list[str]) -> dict[str, RatedPerson]:
    """People by id, locked in the order of their ids, so that two who meet never wait for each other."""
    rows = await conn.fetch(
        "SELECT id, name, role, rating_count, rating_sum, rating_low FROM people"
        " WHERE id = ANY($1::text[]) ORDER BY id FOR NO KEY UPDATE",
        person_ids,
    )
    return {row["id"]: RatedPerson(**dict(row.items())) for row in rows}


async def rated_person(conn: Connection, person_id: str) -> RatedPerson | None:
    """A person with their totals, or None."""
    row = await conn.fetchrow(
        "SELECT id, name, role, rating_count, rating_sum, rating_low FROM people WHERE id = $1", person_id
    )
    return RatedPerson(**dict(row.items())) if row else None


async def write_totals(conn: Connection, person_id: str, *, count: int, total: int, low: bool) -> None:
    """The new totals of a locked person."""
    await conn.execute(
        "UPDATE people SET rating_count = $2, rating_sum = $3, rating_low = $4 WHERE id = $1",
        person_id,
        count,
        total,
        low,
    )


async def oldest_of_newest(conn: Connection, author_id: str, *, nth: int, since: datetime) -> datetime | None:
    """When the author wrote their `nth` newest review since a moment; None when they wrote fewer.

    Hidden ones count: hiding an abuse does not make room for the next.
    """
    at: datetime | None = await conn.fetchval(
        "SELECT created_at FROM reviews WHERE author_id = $1 AND created_at > $2"
        " ORDER BY created_at DESC OFFSET $3 LIMIT 1",
        author_id,
        since,
        nth - 1,
    )
    return at


async def add_review(
    conn: Connection,
    *,
    job_id: UUID,
    direction: str,
    author_id: str,
    subject_id: str,
    rating: int,
    comment: str,
    at: datetime,
) -> int:
    """Write a review of a locked job that has none in this direction; its number."""
    review_id: int = await conn.fetchval(
        "INSERT INTO reviews (job_id, direction, author_id, subject_id, rating, comment, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
        job_id,
        direction,
        author_id,
        subject_id,
        rating,
        comment,
        at,
    )
    return review_id


async def write_hidden(conn: Connection, review_id: int, *, at: datetime | None, by: str | None) -> None:
    """Hide a review (`at`, `by`), or show it again (None, None)."""
    await conn.execute("UPDATE reviews SET hidden_at = $2, hidden_by = $3 WHERE id = $1", review_id, at, by)
