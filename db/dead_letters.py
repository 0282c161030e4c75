"""Effects that were put aside: reading them, giving one another try, letting one go.

A discarded one counts as done and keeps its `last_error`, which no effect that took place has.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.pool import Connection

_COLUMNS = """
    id, effect, job_id, subject, attempts, queued_at, expires_at, dead_at, last_error AS reason,
    retried_by, done_at IS NOT NULL AND last_error IS NOT NULL AS discarded
"""


@dataclass(frozen=True, slots=True)
class Letter:
    """An effect, as whoever decides what becomes of it sees it. `dead_at` is None: it is not dead."""

    id: int
    effect: str
    job_id: UUID | None
    subject: str | None
    attempts: int
    queued_at: datetime
    expires_at: datetime | None
    dead_at: datetime | None
    reason: str | None
    retried_by: str | None
    discarded: bool


async def dead_letters(conn: Connection, *, before: tuple[datetime, int] | None, limit: int) -> list[Letter]:
    """Dead letters, the newest first, from just below `before` = (dead_at, id)."""
    rows = await conn.fetch(
        f"SELECT {_COLUMNS} FROM outbox WHERE dead_at IS NOT NULL"
        " AND ($1::timestamptz IS NULL OR (dead_at, id) < ($1, $2))"
        " ORDER BY dead_at DESC, id DESC LIMIT $3",
        *(before or (None, None)),
        limit,
    )
    return [Letter(**dict(row.items())) for row in rows]


async def letter_by_id(conn: Connection, row_id: int, *, lock: bool = False) -> Letter | None:
    """One effect, dead or not; locked until the transaction ends when asked to."""
    row = await conn.fetchrow(
        f"SELECT {_COLUMNS} FROM outbox WHERE id = $1 {'FOR UPDATE' if lock else ''}", row_id
    )
    return Letter(**dict(row.items())) if row else None


async def revive(conn: Connection, row_id: int, by: str) -> None:
    """Give a locked dead letter all its tries again, from now on."""
    await conn.execute(
        "UPDATE outbox SET dead_at = NULL, attempts = 0, available_at = clock_timestamp(), retried_by = $2"
        " WHERE id = $1",
        row_id,
        by,
    )


async def discard(conn: Connection, row_id: int, note: str) -> None:
    """Let a locked dead letter go, with a note beside what it died of."""
    await conn.execute(
        "UPDATE outbox SET dead_at = NULL, done_at = clock_timestamp(),"
        " last_error = left($2 || '; it was: ' || coalesce(last_error, 'no reason'), 1000) WHERE id = $1",
        row_id,
        note,
    )
