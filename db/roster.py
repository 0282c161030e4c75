"""The roster: people as the company keeps them, their skills, and ending their rights."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from db.pool import Connection


@dataclass(frozen=True, slots=True)
class Profile:
    """One person with their skills (codes; empty for who is not a pro)."""

    id: str
    role: str
    name: str
    phone: str | None
    email: str | None
    on_duty: bool
    skills: list[str]


@dataclass(frozen=True, slots=True)
class ProOnRoster:
    """One pro as dispatch lists them."""

    id: str
    name: str
    on_duty: bool
    suspended: bool
    skills: list[str]
    active_jobs: int


async def profile_of(conn: Connection, person_id: str) -> Profile | None:
    """One person, or None."""
    row = await conn.fetchrow(
        """
        SELECT p.id, p.role, p.name, p.phone, p.email, p.on_duty,
               ARRAY(SELECT s.code FROM pro_skills k JOIN skills s USING (skill_no)
                     WHERE k.pro_id = p.id ORDER BY s.code) AS skills
        FROM people p WHERE p.id = $1
        """,
        person_id,
    )
    return Profile(**dict(row.items())) if row else None


async def is_available_pro(conn: Connection, person_id: str) -> bool:
    """Whether this is a pro who may be given a job."""
    return bool(
        await conn.fetchval(
            "SELECT true FROM people WHERE id = $1 AND role = 'pro' AND suspended_at IS NULL", person_id
        )
    )


async def list_pros(conn: Connection) -> list[ProOnRoster]:
    """All pros by name."""
    rows = await conn.fetch(
        """
        SELECT p.id, p.name, p.on_duty, p.suspended_at IS NOT NULL AS suspended,
               ARRAY(SELECT s.code FROM pro_skills k JOIN skills s USING (skill_no)
                     WHERE k.pro_id = p.id ORDER BY s.code) AS skills,
               (SELECT count(*) FROM jobs j WHERE j.pro_id = p.id AND j.status IN
                   ('accepted', 'scheduled', 'en_route', 'arrived', 'in_progress')) AS active_jobs
        FROM people p WHERE p.role = 'pro' ORDER BY p.name, p.id
        """
    )
    return [ProOnRoster(**dict(row.items())) for row in rows]


async def put_person(
    conn: Connection,
    person_id: str,
    *,
    role: str,
    name: str,
    phone: str | None,
    email: str | None,
    skills: list[str] | None,
) -> list[str]:
    """Add or change a person; `skills`, when given, replace the ones they had.

    Returns the skill codes that the catalogue does not have; then the caller rolls back.
    """
    await conn.execute(
        """
        INSERT INTO people (id, role, name, phone, email) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (id) DO UPDATE SET role = excluded.role, name = excluded.name,
            phone = excluded.phone, email = excluded.email
        """,
        person_id,
        role,
        name,
        phone,
        email,
    )
    if skills is None:
        return []
    await conn.execute("DELETE FROM pro_skills WHERE pro_id = $1", person_id)
    rows = await conn.fetch(
        """
        WITH kept AS (INSERT INTO pro_skills (pro_id, skill_no)
                      SELECT $1, skill_no FROM skills WHERE code = ANY($2::text[]) RETURNING skill_no)
        SELECT wanted FROM unnest($2::text[]) wanted
        WHERE wanted NOT IN (SELECT code FROM skills) ORDER BY wanted
        """,
        person_id,
        sorted(set(skills)),
    )
    return [row["wanted"] for row in rows]


async def put_skills(conn: Connection, skills: dict[str, str]) -> None:
    """Add skills to the catalogue as {code: name}; known codes get the new name."""
    await conn.execute(
        "INSERT INTO skills (code, name) SELECT * FROM unnest($1::text[], $2::text[])"
        " ON CONFLICT (code) DO UPDATE SET name = excluded.name",
        list(skills),
        list(skills.values()),
    )


async def rename(conn: Connection, person_id: str, name: str) -> None:
    """Change a person's name."""
    await conn.execute("UPDATE people SET name = $2 WHERE id = $1", person_id, name)


async def set_on_duty(conn: Connection, pro_id: str, *, on_duty: bool) -> None:
    """Whether the pro wants work now."""
    await conn.execute("UPDATE people SET on_duty = $2 WHERE id = $1 AND role = 'pro'", pro_id, on_duty)


async def set_suspended(conn: Connection, person_id: str, at: datetime | None) -> bool:
    """Suspend a person at a time, or lift it (None). False when there is no such person."""
    result = await conn.execute("UPDATE people SET suspended_at = $2 WHERE id = $1", person_id, at)
    return result == "UPDATE 1"


async def sign_out(conn: Connection, person_id: str, role: str, at: datetime) -> None:
    """Refuse every token of this person issued until `at`; staff without a record get one for that."""
    await conn.execute(
        """
        INSERT INTO people (id, role, name, signed_out_at) VALUES ($1, $2, $1, $3)
        ON CONFLICT (id) DO UPDATE SET signed_out_at = excluded.signed_out_at
        """,
        person_id,
        role,
        at,
    )
