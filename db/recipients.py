"""Who is to be told, and how each may be reached: one query for everybody concerned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from uuid import UUID

from db.pool import Connection


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person as a message sees them. `quiet_from` and `quiet_until` are both set or both None."""

    id: str
    role: str
    name: str
    phone: str | None
    email: str | None
    language: str
    time_zone: str | None
    quiet_from: time | None
    quiet_until: time | None
    has_push: bool
    suspended: bool
    refused: frozenset[tuple[str, str]]  # (kind or '*', channel) that the person does not want


async def recipients(conn: Connection, person_ids: list[str], job_id: UUID | None) -> list[Recipient]:
    """Those of these people who exist, in the order asked for; `has_push`: for news of this job."""
    rows = await conn.fetch(
        """
        SELECT p.id, p.role, p.name, p.phone, p.email, p.language, p.time_zone, p.quiet_from, p.quiet_until,
               EXISTS (SELECT FROM push_subscriptions s LEFT JOIN tracking_links l ON l.id = s.link_id
                       WHERE s.person_id = p.id AND (s.link_id IS NULL OR l.job_id = $2::uuid
                         AND l.revoked_at IS NULL
                         AND (l.expires_at IS NULL OR l.expires_at > clock_timestamp()))) AS has_push,
               p.suspended_at IS NOT NULL AS suspended,
               ARRAY(SELECT o.kind || ' ' || o.channel FROM message_opt_outs o
                     WHERE o.person_id = p.id) AS refused
        FROM unnest($1::text[]) WITH ORDINALITY AS asked (id, place) JOIN people p USING (id)
        ORDER BY asked.place
        """,
        person_ids,
        job_id,
    )
    found = []
    for row in rows:
        fields = dict(row.items())
        refused = frozenset(
            (kind, channel) for kind, channel in (one.split(" ") for one in fields.pop("refused"))
        )
        found.append(Recipient(**fields, refused=refused))
    return found


async def staff_ids(conn: Connection) -> list[str]:
    """Every dispatcher and admin who has a record and is not suspended."""
    rows = await conn.fetch(
        "SELECT id FROM people WHERE role IN ('dispatcher', 'admin') AND suspended_at IS NULL ORDER BY id"
    )
    return [row["id"] for row in rows]
