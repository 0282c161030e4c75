"""Tracking links on a real database: one job each, revocable, dying with the job, and failing all alike."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from db.errors import NotFound, Problem
from db.people import upsert_person
from db.pool import Database
from db.tracking_links import expire_links_of_job
from rooms.principal import Principal, Role
from tracker.identity.links import LinkRefused, Links

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


class Clock:
    """A clock that a test moves; epoch seconds."""

    def __init__(self) -> None:
        self.now = NOW.timestamp()

    def __call__(self) -> float:
        return self.now


def with_job(
    database_url: str, conversation: Callable[[Links, Database, UUID, Clock], Awaitable[None]]
) -> None:
    """Run a conversation about one job."""

    async def run() -> None:
        database = await Database.connect(database_url, size=4)
        try:
            clock = Clock()
            await conversation(Links(database, clock=clock), database, await make_job(database), clock)
        finally:
            await database.close()

    asyncio.run(run())


async def make_job(database: Database) -> UUID:
    """A customer's job."""
    async with database.transaction() as conn:
        await upsert_person(conn, "cus", role="customer", name="Cus", phone=None, email=None, skills=None)
        await conn.execute("INSERT INTO skills (code, name) VALUES ('tv', 'TV') ON CONFLICT DO NOTHING")
        job_id: UUID = await conn.fetchval(
            """
            INSERT INTO jobs
                (customer_id, skill_no, service, lat, lng, address, approximate_address, price_cents)
            SELECT 'cus', skill_no, 'TV', 53.4, -2.9, '1 Quay', 'Quay', 100 FROM skills WHERE code = 'tv'
            RETURNING id
            """
        )
        return job_id


async def refusal(links: Links, token: object) -> tuple[type[Problem], str, dict[str, object]]:
    """How a link is refused."""
    with pytest.raises(LinkRefused) as refused:
        await links.resolve(token)
    return type(refused.value), refused.value.detail, refused.value.facts


def test_a_link_opens_its_one_job_for_a_customer_without_an_account(database_url: str) -> None:
    async def conversation(links: Links, database: Database, job_id: UUID, _: Clock) -> None:
        token = await links.make(job_id, created_by="dis")
        caller = await links.resolve(token)
        assert caller == Principal(caller.id, Role.CUSTOMER, expires_at=None, job_id=str(job_id))
        assert caller.is_link
        assert caller.id.startswith("link:")
        assert len(token) == 22  # 128 bits, six to a character
        async with database.connection() as conn:
            stored = await conn.fetchval("SELECT string_agg(t::text, ' ') FROM tracking_links t")
        assert token not in stored

    with_job(database_url, conversation)


def test_unknown_expired_revoked_and_malformed_links_are_refused_in_the_very_same_way(
    database_url: str,
) -> None:
    async def conversation(links: Links, database: Database, job_id: UUID, clock: Clock) -> None:
        revoked = await links.make(job_id, created_by="dis")
        await links.revoke(job_id)
        expired = await links.make(job_id, created_by="dis", expires_at=NOW + timedelta(hours=1))
        clock.now += 3600
        malformed: list[object] = ["", "x", "é", "\ud800", "\x00", "x" * 100_000, None, 5, [], {}, True]
        unknown = "A" * 22
        ways = [
            await refusal(links, token) for token in [revoked, expired, unknown, expired[:-1], *malformed]
        ]
        assert all(way == ways[0] for way in ways)

    with_job(database_url, conversation)


def test_rotating_gives_one_new_link_and_ends_the_others_even_when_two_rotate_at_once(
    database_url: str,
) -> None:
    async def conversation(links: Links, database: Database, job_id: UUID, _: Clock) -> None:
        old = [await links.make(job_id, created_by="dis") for _ in range(2)]
        rotated = await asyncio.gather(*(links.rotate(job_id, created_by="dis") for _ in range(8)))
        async with database.connection() as conn:
            assert await conn.fetchval("SELECT count(*) FROM tracking_links WHERE revoked_at IS NULL") == 1
        dead = [link_id for one in rotated for link_id in one.dead]
        assert len(dead) == len(set(dead)) == 9  # each ended by exactly one of them
        for token in old:
            await refusal(links, token)

    with_job(database_url, conversation)


def test_a_job_that_ends_gives_its_links_a_last_hour_and_never_a_longer_one(database_url: str) -> None:
    async def conversation(links: Links, database: Database, job_id: UUID, clock: Clock) -> None:
        endless = await links.make(job_id, created_by="dis")
        short = await links.make(job_id, created_by="dis", expires_at=NOW + timedelta(minutes=5))
        async with database.transaction() as conn:
            ended = await expire_links_of_job(conn, job_id, NOW + timedelta(hours=1))
            assert len(ended) == 1
            assert await expire_links_of_job(conn, job_id, NOW + timedelta(hours=2)) == []
        assert (await links.resolve(endless)).expires_at == clock.now + 3600
        clock.now += 300
        await refusal(links, short)
        clock.now += 3300
        await refusal(links, endless)

    with_job(database_url, conversation)


def test_revoking_tells_which_links_were_alive(database_url: str) -> None:
    async def conversation(links: Links, database: Database, job_id: UUID, _: Clock) -> None:
        caller = await links.resolve(await links.make(job_id, created_by="dis"))
        other = await links.make(await make_job(database), created_by="dis")
        assert [f"link:{link_id}" for link_id in await links.revoke(job_id)] == [caller.id]
        assert await links.revoke(job_id) == []
        assert (await links.resolve(other)).is_link  # another job's link lives on

    with_job(database_url, conversation)


def test_there_is_no_link_to_a_job_that_does_not_exist(database_url: str) -> None:
    async def conversation(links: Links, _database: Database, _job_id: UUID, _: Clock) -> None:
        with pytest.raises(NotFound):
            await links.make(uuid4(), created_by="dis")
        with pytest.raises(NotFound):
            await links.rotate(uuid4(), created_by="dis")

    with_job(database_url, conversation)
