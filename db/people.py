"""People: who they are, whether they may still come in, and the pros with their skills."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from db.active_jobs import ACTIVE
from db.patterns import containing
from db.pool import Connection


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides whether a valid token still opens anything."""

    suspended_at: datetime | None
    signed_out_at: datetime | None


@dataclass(frozen=True, slots=True)
class Profile:
    """A person's own record; `skills` are codes, `photo_key` says where the portrait is."""

    id: str
    role: str
    name: str
    phone: str | None
    email: str | None
    on_duty: bool
    photo_key: str | None
    skills: list[str]


@dataclass(frozen=True, slots=True)
class ProSummary:
    """A pro as dispatch sees them."""

    id: str
    name: str
    on_duty: bool
    suspended: bool
    skills: list[str]
    active_jobs: int


async def standing_of(conn: Connection, person_id: str) -> Standing | None:
    """A person's standing, or None for somebody without a record."""
    row = await conn.fetchrow("SELECT suspended_at, signed_out_at FROM people WHERE id = $1", person_id)
    return Standing(row["suspended_at"], row["signed_out_at"]) if row else None


async def names_of(conn: Connection, people: Collection[str]) -> dict[str, str]:
    """The names of these people by id; those without a record are left out."""
    rows = await conn.fetch("SELECT id, name FROM people WHERE id = ANY($1::text[])", list(people))
    return {row["id"]: row["name"] for row in rows}


async def profile_of(conn: Connection, person_id: str) -> Profile | None:
    """A person's record, or None."""
    row = await conn.fetchrow(
        """
        SELECT p.id, p.role, p.name, p.phone, p.email, p.on_duty, p.photo_key,
               ARRAY(SELECT s.code FROM pro_skills ps JOIN skills s USING (skill_no)
                     WHERE ps.pro_id = p.id ORDER BY s.code) AS skills
        FROM people p WHERE p.id = $1
        """,
        person_id,
    )
    return Profile(**dict(row.items())) if row else None


async def is_available_pro(conn: Connection, person_id: str) -> bool:
    """Whether this is a pro who may be given jobs (not suspended)."""
    return bool(
        await conn.fetchval(
            "SELECT true FROM people WHERE id = $1 AND role = 'pro' AND suspended_at IS NULL", person_id
        )
    )


async def is_admin(conn: Connection, person_id: str) -> bool:
    """Whether this is an admin; the record is locked, so that it stays so until the transaction ends."""
    return bool(
        await conn.fetchval("SELECT role = 'admin' FROM people WHERE id = $1 FOR NO KEY UPDATE", person_id)
    )


async def list_pros(
    conn: Connection, *, search: str | None = None, after: str | None = None, limit: int = 1000
) -> list[ProSummary]:
    """Pros by name, behind the one with the id `after`; `search` is a part of the name."""
    rows = await conn.fetch(
        f"""
        WITH page AS MATERIALIZED (
            SELECT id, name, on_duty, suspended_at FROM people
            WHERE role = 'pro' AND ($1::text IS NULL OR name ILIKE $1)
              AND ($2::text IS NULL OR (name, id) > (SELECT name, id FROM people WHERE id = $2))
            ORDER BY name, id LIMIT $3)
        SELECT p.id, p.name, p.on_duty, p.suspended_at IS NOT NULL AS suspended,
               ARRAY(SELECT s.code FROM pro_skills ps JOIN skills s USING (skill_no)
                     WHERE ps.pro_id = p.id ORDER BY s.code) AS skills,
               (SELECT count(*) FROM jobs j WHERE j.pro_id = p.id AND j.status IN {ACTIVE}) AS active_jobs
        FROM page p ORDER BY p.name, p.id
        """,
        None if search is None else containing(search),
        after,
        limit,
    )
    return [ProSummary(**dict(row.items())) for row in rows]


async def upsert_person(
    conn: Connection,
    person_id: str,
    *,
    role: str,
    name: str,
    phone: str | None,
    email: str | None,
    skills: list[str] | None,
) -> list[str]:
    """Add or change a person; `skills` (codes), when given, replace theirs. Returns the unknown codes.

    Needs a transaction, which the caller abandons when a code is unknown.
    """
    await conn.execute(
        """
        INSERT INTO people (id, role, name, phone, email) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (id) DO UPDATE SET role = $2, name = $3, phone = $4, email = $5
        """,
        person_id,
        role,
        name,
        phone,
        email,
    )
    return [] if skills is None else await _replace_skills(conn, person_id, skills)


async def _replace_skills(conn: Connection, person_id: str, codes: list[str]) -> list[str]:
    await conn.execute("DELETE FROM pro_skills WHERE pro_id = $1", person_id)
    rows = await conn.fetch(
        """
        WITH known AS (SELECT skill_no, code FROM skills WHERE code = ANY($2::text[])),
             kept AS (INSERT INTO pro_skills (pro_id, skill_no) SELECT $1, skill_no FROM known)
        SELECT code FROM known
        """,
        person_id,
        codes,
    )
    known = {row["code"] for row in rows}
    return sorted(set(codes) - known)


async def update_profile(conn: Connection, person_id: str, *, name: str) -> bool:
    """Change a person's name; False when there is no such person."""
    done = await conn.execute("UPDATE people SET name = $2 WHERE id = $1", person_id, name)
    return bool(done == "UPDATE 1")


async def set_on_duty(conn: Connection, person_id: str, *, on_duty: bool) -> bool:
    """Whether a pro wants work now; False when this is no pro."""
    done = await conn.execute(
        "UPDATE people SET on_duty = $2 WHERE id = $1 AND role = 'pro'", person_id, on_duty
    )
    return bool(done == "UPDATE 1")


async def set_suspended(conn: Connection, person_id: str, *, at: datetime | None) -> bool:
    """Suspend (`at`) or reinstate (None); the first moment stays. False when there is no such person."""
    done = await conn.execute(
        """
        UPDATE people SET suspended_at = CASE WHEN $2::timestamptz IS NULL THEN NULL
                                              ELSE coalesce(suspended_at, $2) END WHERE id = $1
        """,
        person_id,
        at,
    )
    return bool(done == "UPDATE 1")


async def sign_out(conn: Connection, person_id: str, role: str, at: datetime) -> None:
    """Refuse every token issued up to `at`. Somebody without a record gets one, named by the id."""
    await conn.execute(
        """
        INSERT INTO people (id, role, name, signed_out_at) VALUES ($1, $2, $1, $3)
        ON CONFLICT (id) DO UPDATE SET signed_out_at = greatest(people.signed_out_at, $3)
        """,
        person_id,
        role,
        at,
    )
