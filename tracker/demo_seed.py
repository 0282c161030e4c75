"""Turning the demo city's values into rows, once per database."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from db.pool import Database
from db.seeding import SeedJob, SeedPerson, is_empty, write_jobs, write_people, write_skills
from tracker.city.seed import City, Job


async def seed_city(database: Database, city: City, now: datetime) -> bool:
    """Write the city into an empty database, all or nothing; False when there are jobs already."""
    async with database.transaction() as conn:
        if not await is_empty(conn):
            return False
        await write_skills(conn, {skill.code: skill.name for skill in city.skills})
        await write_people(
            conn,
            [SeedPerson(p.id, p.role, p.name, p.phone, p.email, list(p.skills)) for p in city.people],
        )
        await write_jobs(conn, [_dated(job, now) for job in city.jobs])
    return True


def _dated(job: Job, now: datetime) -> SeedJob:
    """The job with moments instead of ages."""

    def at(seconds: float) -> datetime:
        return now + timedelta(seconds=seconds)

    return SeedJob(
        id=UUID(job.id),
        customer_id=job.customer_id,
        pro_id=job.pro_id,
        skill=job.skill,
        service=job.service,
        notes=job.notes,
        lat=job.lat,
        lng=job.lng,
        address=job.address,
        approximate_address=job.approximate_address,
        price_cents=job.price_cents,
        window=(at(job.window_in_s[0]), at(job.window_in_s[1])) if job.window_in_s else None,
        history=[(step.status, at(-step.age_s)) for step in job.history],
    )
