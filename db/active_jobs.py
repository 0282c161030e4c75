"""What a node must know about a pro to receive heartbeats: who it is, its active jobs, where it was last."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

from db.pool import Connection

# The statuses in which a pro is busy with a job, for `status IN …`. Spelled out in every query and in two
# partial indexes, because a generic plan uses such an index only for its very words.
ACTIVE = "('accepted', 'scheduled', 'en_route', 'arrived', 'in_progress')"


class ActiveJobRow(NamedTuple):
    """A job that a pro is busy with; `lat`, `lng` is its door, in degrees."""

    id: UUID
    status: str
    version: int
    lat: float
    lng: float
    customer_id: str


async def active_jobs_of(conn: Connection, pro_ids: Collection[str]) -> dict[str, list[ActiveJobRow]]:
    """The active jobs of each of these pros; a pro without any has an empty list."""
    found: dict[str, list[ActiveJobRow]] = {pro_id: [] for pro_id in pro_ids}
    for pro_id, *job in await conn.fetch(
        "SELECT pro_id, id, status, version, lat, lng, customer_id FROM jobs WHERE pro_id = ANY($1::text[])"
        f" AND status IN {ACTIVE} ORDER BY id",
        list(pro_ids),
    ):
        found[pro_id].append(ActiveJobRow(*job))
    return found


class ProRow(NamedTuple):
    """A pro's name, and whether they want work and may have it."""

    name: str
    on_duty: bool


async def pros_of(conn: Connection, pro_ids: Collection[str]) -> dict[str, ProRow]:
    """Each of these people that exists; who is suspended is off duty."""
    rows = await conn.fetch(
        "SELECT id, name, on_duty AND suspended_at IS NULL FROM people WHERE id = ANY($1::text[])",
        list(pro_ids),
    )
    return {person_id: ProRow(*facts) for person_id, *facts in rows}


async def names_of(conn: Connection, person_ids: Collection[str]) -> dict[str, str]:
    """The name of each person that exists."""
    rows = await conn.fetch("SELECT id, name FROM people WHERE id = ANY($1::text[])", list(person_ids))
    return {row["id"]: row["name"] for row in rows}
