"""Forgetting what has had its time: webhooks, sessions, messages, what the sandboxes keep. Some per call."""

from __future__ import annotations

from datetime import datetime

from db.pool import Connection


async def forget_external_events(conn: Connection, before: datetime, *, limit: int) -> int:
    """Delete webhooks received before a moment, but none that still waits to be handled; returns how many."""
    result = await conn.execute(
        """
        DELETE FROM external_events WHERE (provider, event_id) IN (
            SELECT e.provider, e.event_id FROM external_events e
            WHERE e.received_at < $1 AND NOT EXISTS (
                SELECT FROM outbox o
                WHERE o.effect = 'handle_' || e.provider || '_event' AND o.subject = e.event_id
                  AND o.done_at IS NULL AND o.expired_at IS NULL)
            ORDER BY e.received_at LIMIT $2)
        """,
        before,
        limit,
    )
    return int(result.removeprefix("DELETE "))


async def forget_sandbox_objects(conn: Connection, before: datetime, *, limit: int) -> int:
    """Delete what the sandboxes have not touched since a moment; returns how many."""
    result = await conn.execute(
        "DELETE FROM sandbox_objects WHERE id IN (SELECT id FROM sandbox_objects"
        " WHERE created_at < $1 AND updated_at < $1 ORDER BY created_at LIMIT $2)",
        before,
        limit,
    )
    return int(result.removeprefix("DELETE "))


async def forget_sessions(conn: Connection, before: datetime, *, after_no: int, limit: int) -> int | None:
    """Look at `limit` sessions started before a moment, above `after_no`, and delete those without positions.

    Returns the number to go on from, None at the end. Sessions are numbered in the order they started. A
    pro's newest position keeps its session even when the trail is gone.
    """
    row = await conn.fetchrow(
        """
        WITH seen AS MATERIALIZED (
            SELECT session_no FROM tracking_sessions
            WHERE session_no > $2 AND started_at < $1 ORDER BY session_no LIMIT $3),
        gone AS (
            DELETE FROM tracking_sessions WHERE session_no IN (
                SELECT session_no FROM seen
                WHERE NOT EXISTS (SELECT FROM positions p WHERE p.session_no = seen.session_no)
                  AND NOT EXISTS (SELECT FROM last_positions l WHERE l.session_no = seen.session_no)))
        SELECT max(session_no) AS last, count(*) AS number FROM seen
        """,
        before,
        after_no,
        limit,
    )
    return row["last"] if row and row["number"] == limit else None


async def forget_notifications(conn: Connection, before: datetime, *, limit: int) -> int:
    """Delete notifications made before a moment, with their deliveries; returns how many.

    One that somebody wants sent after all stays until that is done or too late.
    """
    result = await conn.execute(
        """
        WITH old AS MATERIALIZED (
            SELECT n.id FROM notifications n WHERE n.created_at < $1 AND NOT EXISTS (
                SELECT FROM deliveries d WHERE d.notification_id = n.id
                  AND d.status IN ('queued', 'sending') AND d.expires_at >= $1)
            ORDER BY n.created_at LIMIT $2),
        told AS (DELETE FROM deliveries WHERE notification_id IN (SELECT id FROM old))
        DELETE FROM notifications WHERE id IN (SELECT id FROM old)
        """,
        before,
        limit,
    )
    return int(result.removeprefix("DELETE "))


async def forget_subscriptions(conn: Connection, now: datetime, *, limit: int) -> int:
    """Delete browsers that subscribed by a link which opens nothing any more; returns how many."""
    result = await conn.execute(
        "DELETE FROM push_subscriptions WHERE id IN (SELECT s.id FROM push_subscriptions s"
        " JOIN tracking_links l ON l.id = s.link_id WHERE l.revoked_at IS NOT NULL OR l.expires_at <= $1"
        " LIMIT $2)",
        now,
        limit,
    )
    return int(result.removeprefix("DELETE "))
