"""Messages as dispatch sees them: each delivery with the notification it is of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.pool import Connection


@dataclass(frozen=True, slots=True)
class Message:
    """One delivery and what it says."""

    id: int
    person_id: str
    person_name: str
    kind: str
    job_id: UUID | None
    title: str
    body: str
    channel: str
    provider: str | None
    recipient: str
    status: str
    problem: str | None
    cost_micros: int | None
    segments: int | None
    created_at: datetime
    send_after: datetime
    sent_at: datetime | None
    updated_at: datetime


async def list_messages(
    conn: Connection,
    *,
    job_id: UUID | None,
    person_id: str | None,
    status: str | None,
    channel: str | None,
    before: int | None,
    limit: int,
) -> list[Message]:
    """Messages, newest first, from just below delivery number `before`."""
    where: list[str] = ["d.id < $1"]
    args: list[object] = [before or 2**63 - 1]
    for column, value in (
        ("n.job_id", job_id),
        ("n.person_id", person_id),
        ("d.status", status),
        ("d.channel", channel),
    ):
        if value is not None:
            args.append(value)
            where.append(f"{column} = ${len(args)}")
    args.append(limit)
    rows = await conn.fetch(
        f"""
        SELECT d.id, n.person_id, p.name AS person_name, n.kind, n.job_id, n.title, n.body, d.channel,
               d.provider, d.recipient, d.status, d.problem, d.cost_micros, d.segments, n.created_at,
               d.send_after, d.sent_at, d.updated_at
        FROM deliveries d JOIN notifications n ON n.id = d.notification_id JOIN people p ON p.id = n.person_id
        WHERE {" AND ".join(where)} ORDER BY d.id DESC LIMIT ${len(args)}
        """,
        *args,
    )
    return [Message(**dict(row.items())) for row in rows]
