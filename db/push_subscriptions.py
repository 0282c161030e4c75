"""Browsers that asked for pushes: a person's own, and a tracking link's, which hear of its job only."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from db.pool import Connection

# A link's browser is silent as soon as the link opens nothing any more.
_ALIVE = """
    (s.link_id IS NULL OR EXISTS (
        SELECT FROM tracking_links l WHERE l.id = s.link_id AND l.revoked_at IS NULL
          AND (l.expires_at IS NULL OR l.expires_at > clock_timestamp())))
"""


@dataclass(frozen=True, slots=True)
class StoredSubscription:
    """A browser's row; the keys are base64url as the browser gave them."""

    id: int
    endpoint: str
    p256dh: str
    auth: str


def _subscription(row: asyncpg.Record) -> StoredSubscription:
    return StoredSubscription(**dict(row.items()))


async def subscriptions_for(
    conn: Connection, person_id: str, job_id: UUID | None
) -> list[StoredSubscription]:
    """The browsers that hear of this: the person's own, and those of a living link to this job."""
    rows = await conn.fetch(
        f"""
        SELECT s.id, s.endpoint, s.p256dh, s.auth FROM push_subscriptions s
        WHERE s.person_id = $1 AND {_ALIVE}
          AND (s.link_id IS NULL OR $2::uuid = (SELECT l.job_id FROM tracking_links l WHERE l.id = s.link_id))
        ORDER BY s.id
        """,
        person_id,
        job_id,
    )
    return [_subscription(row) for row in rows]


async def add_subscription(
    conn: Connection,
    person_id: str,
    *,
    link_id: int | None,
    endpoint: str,
    p256dh: str,
    auth: str,
    at_most: int,
) -> int | None:
    """Keep a browser; its number. None when the person has `at_most` others. Needs a transaction.

    A browser that subscribes again keeps its number, gets its new keys, and belongs to who is there now; a
    person's own browser does not become a link's by opening it.
    """
    await conn.execute("SELECT FROM people WHERE id = $1 FOR NO KEY UPDATE", person_id)
    await conn.execute(f"DELETE FROM push_subscriptions s WHERE s.person_id = $1 AND NOT {_ALIVE}", person_id)
    others: int = await conn.fetchval(
        "SELECT count(*) FROM push_subscriptions WHERE person_id = $1 AND endpoint <> $2", person_id, endpoint
    )
    if others >= at_most:
        return None
    number: int = await conn.fetchval(
        """
        INSERT INTO push_subscriptions AS s (person_id, link_id, endpoint, p256dh, auth)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (endpoint) DO UPDATE SET
            link_id = CASE WHEN s.person_id = $1 AND s.link_id IS NULL THEN NULL ELSE EXCLUDED.link_id END,
            person_id = $1, p256dh = $4, auth = $5
        RETURNING id
        """,
        person_id,
        link_id,
        endpoint,
        p256dh,
        auth,
    )
    return number


async def drop_subscription(conn: Connection, number: int) -> None:
    """This browser has unsubscribed, says its push service."""
    await conn.execute("DELETE FROM push_subscriptions WHERE id = $1", number)


async def drop_subscription_of(conn: Connection, number: int, person_id: str, *, link_id: int | None) -> bool:
    """A person unsubscribes a browser, or a link one of its own; False when it is not theirs."""
    done = await conn.execute(
        "DELETE FROM push_subscriptions WHERE id = $1 AND person_id = $2"
        " AND ($3::bigint IS NULL OR link_id = $3)",
        number,
        person_id,
        link_id,
    )
    return bool(done == "DELETE 1")
