"""Customers as orders bring them: known ones are found, new ones are added, none is changed or merged."""

from __future__ import annotations

from db.pool import Connection


async def find_or_add_customer(
    conn: Connection, person_id: str, *, name: str, phone: str | None, email: str | None
) -> bool:
    """Add a customer unless this person is known, whose record stays. False when it is no customer's."""
    await conn.execute(
        "INSERT INTO people (id, role, name, phone, email) VALUES ($1, 'customer', $2, $3, $4)"
        " ON CONFLICT (id) DO NOTHING",
        person_id,
        name,
        phone,
        email,
    )
    return await is_customer(conn, person_id)


async def is_somebody_else(conn: Connection, person_id: str) -> bool:
    """Whether this person is known, and not as a customer."""
    return bool(
        await conn.fetchval("SELECT true FROM people WHERE id = $1 AND role <> 'customer'", person_id)
    )


async def is_customer(conn: Connection, person_id: str) -> bool:
    """Whether this person is known, as a customer."""
    return bool(await conn.fetchval("SELECT true FROM people WHERE id = $1 AND role = 'customer'", person_id))
