"""How a person wants to be told: language, time zone, quiet hours. What they refuse is in `opt_outs.py`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from db.pool import Connection


@dataclass(frozen=True, slots=True)
class Choices:
    """None: as the company has it."""

    language: str
    time_zone: str | None
    quiet_from: time | None
    quiet_until: time | None


async def choices_of(conn: Connection, person_id: str) -> Choices | None:
    """A person's choices, or None for somebody without a record."""
    row = await conn.fetchrow(
        "SELECT language, time_zone, quiet_from, quiet_until FROM people WHERE id = $1", person_id
    )
    return Choices(**dict(row.items())) if row else None


async def write_choices(conn: Connection, person_id: str, choices: Choices) -> bool:
    """Keep them; False for somebody without a record."""
    done = await conn.execute(
        "UPDATE people SET language = $2, time_zone = $3, quiet_from = $4, quiet_until = $5 WHERE id = $1",
        person_id,
        choices.language,
        choices.time_zone,
        choices.quiet_from,
        choices.quiet_until,
    )
    return bool(done == "UPDATE 1")


async def know_person(conn: Connection, person_id: str, role: str) -> None:
    """Somebody without a record gets one, named by the id: else nobody could tell them anything."""
    await conn.execute(
        "INSERT INTO people (id, role, name) VALUES ($1, $2, $1) ON CONFLICT DO NOTHING", person_id, role
    )
