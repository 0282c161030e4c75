"""The portraits of pros, as customers see them: which file is whose."""

from __future__ import annotations

from dataclasses import dataclass

from db.pool import Connection


@dataclass(frozen=True, slots=True)
class Swapped:
    """A pro's portrait was changed; `before` is the key of the file that nobody names any more."""

    before: str | None


async def swap_portrait(conn: Connection, pro_id: str, key: str | None) -> Swapped | None:
    """Give a pro this file as portrait, or none; None when there is no such pro."""
    row = await conn.fetchrow(
        """
        WITH before AS MATERIALIZED (
            SELECT photo_key FROM people WHERE id = $1 AND role = 'pro' FOR NO KEY UPDATE)
        UPDATE people SET photo_key = $2 FROM before WHERE id = $1 RETURNING before.photo_key
        """,
        pro_id,
        key,
    )
    return None if row is None else Swapped(row["photo_key"])


async def is_pro(conn: Connection, person_id: str) -> bool:
    """Whether there is such a pro."""
    return bool(await conn.fetchval("SELECT role = 'pro' FROM people WHERE id = $1", person_id))


async def is_portrait(conn: Connection, key: str) -> bool:
    """Whether this file is somebody's portrait now."""
    return bool(await conn.fetchval("SELECT EXISTS (SELECT FROM people WHERE photo_key = $1)", key))
