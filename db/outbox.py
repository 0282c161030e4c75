"""Effects waiting to be carried out: written with the change that causes them, leased by a worker.

A row ends in one of three ways: done, dead (a person decides), or expired (too late to be of use). Whoever
holds a lease proves it with `attempts`: a worker that woke up after its lease changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.pool import Connection


@dataclass(frozen=True, slots=True)
class Lane:
    """How many more effects of one kind a worker can take now, and for how long it leases each."""

    effect: str
    room: int
    lease_s: float


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One leased effect: of a job's event, or about a subject. `attempts` already counts this try."""

    id: int
    job_id: UUID | None
    version: int | None
    subject: str | None
    effect: str
    attempts: int
    queued_at: datetime
    available_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Ending:
    """How a try that did not get it done ends.

    Due again after `retry_in_s`, or a dead letter when that is None. `counts` is False for an effect that
    only waits for something: its tries are not used up.
    """

    row: OutboxRow
    reason: str
    retry_in_s: float | None
    counts: bool = True


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


async def lease(conn: Connection, lanes: Collection[Lane]) -> list[OutboxRow]:
    """Take the oldest due effects of each lane, as many as it has room for, counting the attempt at once.

    Counting before the work means that an effect which kills its worker still runs out of attempts. Any
    number of workers may ask at once: each row goes to one.

    The ids go through an array: joined to the table they would be taken for a tenth of all rows, and every
    look would read the whole outbox.
    """
    rows = await conn.fetch(
        """
        WITH due AS MATERIALIZED (
            SELECT oldest.id FROM unnest($1::text[], $2::int[]) AS lane (effect, room)
            CROSS JOIN LATERAL (
                SELECT o.id FROM outbox o
                WHERE o.effect = lane.effect AND o.available_at <= now()
                  AND o.done_at IS NULL AND o.dead_at IS NULL AND o.expired_at IS NULL
                  AND (o.leased_until IS NULL OR o.leased_until < now())
                ORDER BY o.available_at LIMIT lane.room FOR UPDATE SKIP LOCKED) oldest)
        UPDATE outbox o SET attempts = o.attempts + 1,
                            leased_until = now() + make_interval(secs => lane.lease_s)
        FROM unnest($1::text[], $3::float8[]) AS lane (effect, lease_s)
        WHERE o.id = ANY (ARRAY(SELECT id FROM due)) AND lane.effect = o.effect
        RETURNING o.id, o.job_id, o.version, o.subject, o.effect, o.attempts, o.queued_at, o.available_at,
            o.expires_at
        """,
        [lane.effect for lane in lanes],
        [lane.room for lane in lanes],
        [lane.lease_s for lane in lanes],
    )
    return sorted((OutboxRow(**dict(row.items())) for row in rows), key=lambda row: row.id)


async def renew(conn: Connection, rows: Sequence[OutboxRow], lease_s: float) -> None:
    """Keep what a worker still has in hand from the others for `lease_s` more seconds.

    Rows that have ended, or that somebody else has leased since, are left alone. Waits for no other's lock.
    """
    await conn.execute(
        """
        UPDATE outbox o SET leased_until = now() + make_interval(secs => $3)
        FROM unnest($1::bigint[], $2::int[]) AS held (id, attempts)
        WHERE o.id = ANY (ARRAY(
                  SELECT id FROM outbox WHERE id = ANY ($1::bigint[]) AND leased_until IS NOT NULL
                  AND done_at IS NULL AND dead_at IS NULL AND expired_at IS NULL FOR UPDATE SKIP LOCKED))
          AND held.id = o.id AND held.attempts = o.attempts
        """,
        [row.id for row in rows],
        [row.attempts for row in rows],
        lease_s,
    )


async def mark_done(conn: Connection, ids: Sequence[int]) -> None:
    """These effects took place, whatever else was written about them meanwhile."""
    await conn.execute(
        "UPDATE outbox SET done_at = clock_timestamp(), dead_at = NULL, expired_at = NULL,"
        " leased_until = NULL, last_error = NULL"
        " WHERE id = ANY($1::bigint[]) AND done_at IS NULL",
        ids,
    )


async def mark_expired(conn: Connection, ids: Sequence[int]) -> None:
    """These came too late to be of use; they are not carried out any more."""
    await conn.execute(
        "UPDATE outbox SET expired_at = clock_timestamp(), leased_until = NULL"
        " WHERE id = ANY($1::bigint[]) AND done_at IS NULL AND dead_at IS NULL",
        ids,
    )


@dataclass(frozen=True, slots=True)
class DeadRow:
    """An effect that was put aside just now. `retried`: a person had given it another try."""

    id: int
    effect: str
    job_id: UUID | None
    reason: str
    retried: bool


async def mark_ended(conn: Connection, endings: Sequence[Ending]) -> list[DeadRow]:
    """These tries ended otherwise than done; returns those that are dead letters now.

    A row that somebody else has leased or finished since is left as it is. One that only waited and was
    hastened during the try is due at once.
    """
    rows = await conn.fetch(
        """
        UPDATE outbox o SET
            last_error = left(e.reason, 500),
            leased_until = NULL,
            attempts = o.attempts - CASE WHEN e.counts THEN 0 ELSE 1 END,
            available_at = CASE WHEN NOT e.counts AND o.available_at > e.available_at THEN o.available_at
                ELSE clock_timestamp() + make_interval(secs => coalesce(e.retry_in_s, 0)) END,
            dead_at = CASE WHEN e.retry_in_s IS NULL THEN clock_timestamp() END
        FROM unnest($1::bigint[], $2::int[], $3::timestamptz[], $4::text[], $5::float8[], $6::bool[])
            AS e (id, attempts, available_at, reason, retry_in_s, counts)
        WHERE o.id = e.id AND o.attempts = e.attempts AND o.done_at IS NULL AND o.dead_at IS NULL
          AND o.expired_at IS NULL
        RETURNING o.id, o.effect, o.job_id, o.last_error AS reason, o.retried_by IS NOT NULL AS retried,
            o.dead_at IS NOT NULL AS dead
        """,
        [one.row.id for one in endings],
        [one.row.attempts for one in endings],
        [one.row.available_at for one in endings],
        [one.reason for one in endings],
        [one.retry_in_s for one in endings],
        [one.counts for one in endings],
    )
    return [
        DeadRow(row["id"], row["effect"], row["job_id"], row["reason"], row["retried"])
        for row in rows
        if row["dead"]
    ]


async def count_dead_since(conn: Connection, effect: str, since: datetime) -> int:
    """How many of a kind were put aside since a moment and still are."""
    number: int = await conn.fetchval(
        "SELECT count(*) FROM outbox WHERE dead_at >= $2 AND effect = $1", effect, since
    )
    return number


async def forget_ended(conn: Connection, before: datetime, *, of_jobs: bool, limit: int) -> int:
    """Delete at most `limit` effects that were done or expired before a moment; returns how many.

    `of_jobs`: those that job events caused, or else the others. Dead letters stay, and discarded ones
    (`db/dead_letters.py`).
    """
    caused = "job_id IS NOT NULL" if of_jobs else "job_id IS NULL"
    result = await conn.execute(
        "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE coalesce(done_at, expired_at) < $1"
        f" AND {caused} AND (done_at IS NULL OR last_error IS NULL)"
        " ORDER BY coalesce(done_at, expired_at) LIMIT $2)",
        before,
        limit,
    )
    return int(result.removeprefix("DELETE "))


@dataclass(frozen=True, slots=True)
class Backlog:
    """Effects of one kind that have not ended well. `oldest` is since when the oldest due one is due.

    `failing` are those of the waiting ones that have failed and wait for another try.
    """

    effect: str
    waiting: int
    failing: int
    dead: int
    oldest: datetime | None


async def backlog(conn: Connection) -> list[Backlog]:
    """What waits and what is dead, by kind; kinds without either are left out."""
    rows = await conn.fetch(
        """
        SELECT effect, sum(waiting)::int AS waiting, sum(failing)::int AS failing, sum(dead)::int AS dead,
               min(oldest) AS oldest
        FROM (SELECT effect, count(*) AS waiting,
                     count(*) FILTER (WHERE attempts > 0 AND leased_until IS NULL) AS failing, 0 AS dead,
                     min(available_at) FILTER (WHERE available_at <= now()) AS oldest
              FROM outbox WHERE done_at IS NULL AND dead_at IS NULL AND expired_at IS NULL GROUP BY effect
              UNION ALL
              SELECT effect, 0, 0, count(*), NULL FROM outbox WHERE dead_at IS NOT NULL GROUP BY effect) kinds
        GROUP BY effect ORDER BY effect
        """
    )
    return [Backlog(**dict(row.items())) for row in rows]
