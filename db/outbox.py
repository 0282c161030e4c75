"""Effects waiting to be carried out: written with the change that causes them, leased by a worker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.pool import Connection


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One leased effect. `attempts` already counts this try."""

    id: int
    job_id: UUID
    version: int
    effect: str
    attempts: int


async def add_effects(conn: Connection, job_id: UUID, version: int, effects: list[str]) -> None:
    """Queue effects of one job event in the caller's transaction; asking twice queues once."""
    await conn.execute(
        "INSERT INTO outbox (job_id, version, effect) SELECT $1, $2, unnest($3::text[])"
        " ON CONFLICT (job_id, version, effect) DO NOTHING",
        job_id,
        version,
        effects,
    )


async def add_task(
    conn: Connection,
    effect: str,
    subject: str,
    *,
    not_before: datetime | None = None,
    expires_at: datetime | None = None,
) -> bool:
    """Queue an effect that no job event caused; False when this one was queued before.

    `subject` names what it is about, like a delivery's number; each exists once per effect, for ever.
    """
    done = await conn.execute(
        "INSERT INTO outbox (effect, subject, available_at, expires_at)"
        " VALUES ($1, $2, coalesce($3, now()), $4) ON CONFLICT (effect, subject) DO NOTHING",
        effect,
        subject,
        not_before,
        expires_at,
    )
    return bool(done == "INSERT 0 1")


async def hasten(conn: Connection, effect: str, job_id: UUID) -> None:
    """What a job's effect waited for has happened: it is due now."""
    await conn.execute(
        "UPDATE outbox SET available_at = clock_timestamp() WHERE effect = $1 AND job_id = $2"
        " AND done_at IS NULL AND dead_at IS NULL AND expired_at IS NULL",
        effect,
        job_id,
    )


async def lease(conn: Connection, *, limit: int, lease_s: float) -> list[OutboxRow]:
    """Take up to `limit` due effects for `lease_s` seconds, counting the attempt at once.

    Counting before the work means that an effect which kills its worker still runs out of attempts.
    """
    rows = await conn.fetch(
        """
        UPDATE outbox o SET attempts = attempts + 1,
                            leased_until = clock_timestamp() + make_interval(secs => $2)
        FROM (SELECT id FROM outbox
              WHERE done_at IS NULL AND dead_at IS NULL AND available_at <= clock_timestamp()
                AND (leased_until IS NULL OR leased_until < clock_timestamp())
              ORDER BY available_at, id LIMIT $1 FOR UPDATE SKIP LOCKED) due
        WHERE o.id = due.id
        RETURNING o.id, o.job_id, o.version, o.effect, o.attempts
        """,
        limit,
        lease_s,
    )
    return sorted((OutboxRow(**dict(row.items())) for row in rows), key=lambda row: row.id)


async def mark_done(conn: Connection, ids: list[int]) -> None:
    """These effects took place."""
    await conn.execute(
        "UPDATE outbox SET done_at = clock_timestamp(), leased_until = NULL, last_error = NULL"
        " WHERE id = ANY($1::bigint[])",
        ids,
    )


async def mark_failed(conn: Connection, row_id: int, error: str, *, retry_in_s: float | None) -> None:
    """This try failed: due again after `retry_in_s`, or put aside as a dead letter when that is None."""
    await conn.execute(
        """
        UPDATE outbox SET last_error = left($2, 500), leased_until = NULL,
            available_at = clock_timestamp() + make_interval(secs => coalesce($3::float8, 0)),
            dead_at = CASE WHEN $3::float8 IS NULL THEN clock_timestamp() END
        WHERE id = $1
        """,
        row_id,
        error,
        retry_in_s,
    )


async def forget_done(conn: Connection, before: datetime, *, limit: int) -> int:
    """Delete at most `limit` effects that were done before a moment; returns how many. Dead ones stay."""
    result = await conn.execute(
        "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE done_at < $1 ORDER BY id LIMIT $2)",
        before,
        limit,
    )
    return int(result.removeprefix("DELETE "))


async def backlog(conn: Connection) -> tuple[int, int, datetime | None]:
    """(waiting, dead, when the oldest waiting one became due), for /metrics and the operator."""
    row = await conn.fetchrow(
        "SELECT count(*) FILTER (WHERE dead_at IS NULL) AS waiting,"
        " count(*) FILTER (WHERE dead_at IS NOT NULL) AS dead,"
        " min(available_at) FILTER (WHERE dead_at IS NULL) AS oldest FROM outbox WHERE done_at IS NULL"
    )
    return (row["waiting"], row["dead"], row["oldest"]) if row else (0, 0, None)
