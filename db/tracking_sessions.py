"""Tracking sessions: one number for (pro, job, device), so that a position needs 8 bytes instead of 100."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

from db.pool import Connection

_MAKE = """
    INSERT INTO tracking_sessions (pro_id, job_id, device)
    SELECT w.pro_id, w.job_id, w.device
    FROM unnest($1::text[], $2::uuid[], $3::text[]) AS w (pro_id, job_id, device)
    JOIN people ON people.id = w.pro_id
    ORDER BY w.pro_id, w.job_id, w.device
    ON CONFLICT DO NOTHING
"""
_READ = """
    SELECT s.pro_id, s.job_id, s.device, s.session_no
    FROM unnest($1::text[], $2::uuid[], $3::text[]) AS w (pro_id, job_id, device)
    JOIN tracking_sessions s
        ON s.pro_id = w.pro_id AND s.device = w.device AND s.job_id IS NOT DISTINCT FROM w.job_id
"""


class SessionKey(NamedTuple):
    """Who is tracked, for which job (None: on duty, between jobs), by which device."""

    pro_id: str
    job_id: UUID | None
    device: str


async def sessions_of(conn: Connection, keys: Collection[SessionKey]) -> dict[SessionKey, int]:
    """The number of each session, made where it did not exist. A person nobody knows gets none.

    Reads first: nearly always every session is there. Safe when several processes make the same one.
    """
    columns: tuple[list[object], ...] = tuple(list(column) for column in zip(*keys, strict=True))
    if not columns:
        return {}
    found = await _read(conn, columns)
    if len(found) < len(set(keys)):
        await conn.execute(_MAKE, *columns)
        found = await _read(conn, columns)
    return found


async def _read(conn: Connection, columns: tuple[list[object], ...]) -> dict[SessionKey, int]:
    rows = await conn.fetch(_READ, *columns)
    return {SessionKey(pro_id, job_id, device): number for pro_id, job_id, device, number in rows}
