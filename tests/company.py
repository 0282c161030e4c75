"""A small company for tests: people, skills and jobs, written straight into the database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid4

from db.pool import Database
from db.seeding import SeedJob, SeedPerson, write_jobs, write_people, write_skills
from tests.aside import run_aside
from tracker.effects.keep_house import make_partitions

T = TypeVar("T")

# A door in Liverpool, on the way of the recorded bus.
DOOR = (53.4084, -2.9916)
PATHS = {
    "pending": ["pending"],
    "open": ["pending", "open"],
    "accepted": ["pending", "open", "accepted"],
    "scheduled": ["pending", "open", "accepted", "scheduled"],
    "en_route": ["pending", "open", "accepted", "en_route"],
    "arrived": ["pending", "open", "accepted", "en_route", "arrived"],
    "in_progress": ["pending", "open", "accepted", "en_route", "arrived", "in_progress"],
    "completed": ["pending", "open", "accepted", "en_route", "arrived", "in_progress", "completed"],
    "cancelled": ["pending", "cancelled"],
}
PEOPLE = [
    SeedPerson("pat", "pro", "Pat Mason", "+15550100", "pat@example.com", ["tv_mounting", "junk_removal"]),
    SeedPerson("quinn", "pro", "Quinn Reyes", "+15550101", "quinn@example.com", ["tv_mounting"]),
    SeedPerson("cleo", "customer", "Cleo Hart", "+15550102", "cleo@example.com", []),
    SeedPerson("zoe", "customer", "Zoe Lind", "+15550103", "zoe@example.com", []),
    SeedPerson("dee", "dispatcher", "Dee Novak", None, "dee@example.com", []),
]
SKILLS = {"tv_mounting": "TV mounting", "junk_removal": "Junk removal", "gutter_cleaning": "Gutters"}


async def found_company(database: Database, more: list[SeedPerson] | None = None) -> None:
    """Skills, people and today's partitions."""
    async with database.transaction() as conn:
        await write_skills(conn, SKILLS)
        await write_people(conn, [*PEOPLE, *(more or [])])
    await make_partitions(database, datetime.now(UTC))


async def add_job(
    database: Database,
    status: str = "open",
    *,
    pro: str | None = "pat",
    customer: str = "cleo",
    skill: str = "tv_mounting",
    at: tuple[float, float] = DOOR,
    began_ago_s: float = 3600,
) -> UUID:
    """One job that has come to `status`, its steps a minute apart, the first `began_ago_s` ago."""
    job_id = uuid4()
    path = PATHS[status]
    start = datetime.now(UTC) - timedelta(seconds=began_ago_s)
    taken = "accepted" in path
    job = SeedJob(
        id=job_id,
        customer_id=customer,
        pro_id=pro if taken else None,
        skill=skill,
        service="Mount a 55-inch TV",
        notes=None,
        lat=at[0],
        lng=at[1],
        address="12 Castle Street, Apt 3, Liverpool",
        approximate_address="Castle Street, Liverpool",
        price_cents=12_000,
        window=None,
        history=[(step, start + timedelta(minutes=number)) for number, step in enumerate(path)],
    )
    async with database.transaction() as conn:
        await write_jobs(conn, [job])
    return job_id


def with_company(database_url: str, work: Callable[[Database], Awaitable[T]]) -> T:
    """Run `work` with a founded company on a fresh database, and close it afterwards."""

    async def founded(database: Database) -> T:
        await found_company(database)
        return await work(database)

    return with_database(database_url, founded)


def with_database(database_url: str, work: Callable[[Database], Awaitable[T]]) -> T:
    """Run `work` with a database that has its company already."""

    async def run() -> T:
        database = await Database.connect(database_url, size=24)
        try:
            return await work(database)
        finally:
            await database.close()

    return run_aside(run())
