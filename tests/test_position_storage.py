"""Positions in PostgreSQL: each kept once, newest wins, trails in time order, days made and dropped."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

import pytest

from db.active_jobs import active_jobs_of, names_of
from db.pool import Connection, Database
from db.position_group import NoPartitionError, PositionRow, RowsRefusedError, insert_group
from db.positions import (
    drop_partitions_before,
    ensure_partitions,
    last_place_off_work,
    last_position,
    last_positions_in,
    trail_of,
    trail_since,
)
from db.tracking_sessions import SessionKey, sessions_of

T = TypeVar("T")
NOW = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
NOW_MS = round(NOW.timestamp() * 1000)
JOB = UUID("00000000-0000-4000-8000-000000000001")
OTHER_JOB = UUID("00000000-0000-4000-8000-000000000002")


def on(url: str, work: Callable[[Database], Awaitable[T]]) -> T:
    async def run() -> T:
        database = await Database.connect(url)
        try:
            async with database.connection() as conn:
                await seed(conn)
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


async def seed(conn: Connection) -> None:
    await conn.execute(
        """
        INSERT INTO people (id, role, name, on_duty) VALUES ('ann', 'customer', 'Ann', false),
            ('pat', 'pro', 'Pat', false), ('kim', 'pro', 'Kim', true), ('off', 'pro', 'Off', false);
        INSERT INTO skills (code, name) VALUES ('tv', 'TV mounting');
        INSERT INTO jobs (id, customer_id, pro_id, status, skill_no, service, lat, lng, address,
                          approximate_address, price_cents)
        SELECT ('00000000-0000-4000-8000-00000000000' || n)::uuid, 'ann', 'pat', status, 1, 'TV', 53.4, -2.9,
               'a', 'a', 0
        FROM (VALUES (1, 'en_route'), (2, 'completed')) AS t (n, status)
        """
    )
    await ensure_partitions(conn, NOW, 8, 3)


def name_of(days_ahead: int) -> str:
    return f"positions_{NOW + timedelta(days=days_ahead):%Y%m%d}"


def row(
    session_no: int = 1, seconds: float = 0, *, pro: str = "pat", verdict: int = 0, lat: float = 53.4
) -> PositionRow:
    at = NOW_MS + round(seconds * 1000)
    return PositionRow(
        session_no, at, at, at + 50, round(lat * 1e7), -29_000_000, 8, 1234, 35_999, 80, verdict, pro
    )


def test_a_group_is_kept_and_the_newest_good_row_is_the_last_position(database_url: str) -> None:
    async def work(database: Database) -> None:
        async with database.connection() as conn:
            rows = [row(1, 3), row(1, 1), row(1, 9, verdict=6), row(2, 2, pro="kim"), row(1, 2, verdict=2)]
            assert await insert_group(conn, rows) == set()
            assert await conn.fetchval("SELECT count(*) FROM positions") == 5
            last = await last_position(conn, "pat")
            assert last is not None
            assert last.recorded_at == NOW + timedelta(seconds=3)
            assert last.received_at == NOW + timedelta(seconds=3.05)
            assert (last.lat, last.lng, last.accuracy_m) == (53.4, -2.9, 8)
            assert (last.speed_m_s, last.heading_deg) == (12.34, 359.99)
            assert await last_position(conn, "nobody") is None

    on(database_url, work)


def test_rows_that_are_known_are_named_and_kept_once(database_url: str) -> None:
    async def work(database: Database) -> None:
        async with database.connection() as conn:
            await insert_group(conn, [row(1, 1), row(1, 2)])
            again = [row(1, 3), row(1, 2), row(1, 4), row(1, 3), row(2, 2), row(1, 1)]
            assert await insert_group(conn, again) == {1, 3, 5}
            assert await insert_group(conn, again) == set(range(6))
            assert await conn.fetchval("SELECT count(*) FROM positions") == 5

    on(database_url, work)


def test_of_rows_with_one_key_in_a_group_the_first_is_kept(database_url: str) -> None:
    async def work(database: Database) -> None:
        rows = [
            row(no, second, verdict=verdict) for second in range(40) for no in (1, 2) for verdict in (0, 1)
        ]
        async with database.connection() as conn:
            assert await insert_group(conn, rows) == set(range(1, 160, 2))
            assert await conn.fetchval("SELECT count(*) FROM positions WHERE verdict = 0") == 80

    on(database_url, work)


def test_an_older_group_that_commits_later_does_not_move_the_last_position_back(database_url: str) -> None:
    async def work(database: Database) -> None:
        async with database.connection() as conn:
            await insert_group(conn, [row(1, 10)])
            await insert_group(conn, [row(1, 9), row(1, 8)])
            last = await last_position(conn, "pat")
            assert last is not None
            assert last.recorded_at == NOW + timedelta(seconds=10)

    on(database_url, work)


def test_milliseconds_survive_exactly(database_url: str) -> None:
    async def work(database: Database) -> None:
        rows = [row(1, ms / 1000) for ms in range(1000)]
        async with database.connection() as conn:
            await insert_group(conn, rows)
            kept = await conn.fetch(
                "SELECT seq, (extract(epoch FROM recorded_at) * 1000)::text AS ms FROM positions"
            )
        assert all(float(each["ms"]) == each["seq"] for each in kept)

    on(database_url, work)


def test_a_row_that_breaks_a_rule_refuses_the_group_and_writes_nothing(database_url: str) -> None:
    async def work(database: Database) -> None:
        async with database.connection() as conn:
            with pytest.raises(NoPartitionError):
                await insert_group(conn, [row(1, 1), row(1, 20 * 86_400)])
            with pytest.raises(RowsRefusedError, match="lat_e7"):
                await insert_group(conn, [row(1, 1), row(1, 2, lat=95)])
            with pytest.raises(RowsRefusedError, match="DataError"):
                await insert_group(conn, [row(1, 1), row(1, 2)._replace(accuracy_m=40_000)])
            assert await conn.fetchval("SELECT count(*) FROM positions") == 0
            assert await last_position(conn, "pat") is None

    on(database_url, work)


def test_writers_that_share_rows_and_pros_do_not_deadlock(database_url: str) -> None:
    async def work(database: Database) -> None:
        async def write(step: int) -> None:
            rows = [row(1 + i % 7, i % 11, pro=("pat", "kim")[i % 2]) for i in range(0, 400, step)]
            async with database.connection() as conn:
                for _ in range(10):
                    await insert_group(conn, rows if step % 2 else rows[::-1])

        await asyncio.gather(*(write(step) for step in (1, 2, 3, 4)))
        async with database.connection() as conn:
            assert await conn.fetchval("SELECT count(*) FROM positions") == 77

    on(database_url, work)


def test_a_trail_is_in_time_order_across_the_sessions_of_its_job(database_url: str) -> None:
    async def work(database: Database) -> None:
        async with database.connection() as conn:
            keys = [
                SessionKey("pat", JOB, "old phone"),
                SessionKey("pat", JOB, ""),
                SessionKey("pat", OTHER_JOB, ""),
            ]
            numbers = await sessions_of(conn, keys)
            old, new, other = (numbers[key] for key in keys)
            await insert_group(
                conn,
                [
                    row(new, 4),
                    row(old, 2),
                    row(new, 3, verdict=2),
                    row(old, 1),
                    row(new, 5, verdict=6),
                    row(other, 1),
                ],
            )
            trail = await trail_of(conn, JOB)
            assert [(each.recorded_at - NOW).seconds for each in trail] == [1, 2, 3, 4]
            assert trail[0] == (
                53.4,
                -2.9,
                NOW + timedelta(seconds=1),
                NOW + timedelta(seconds=1.05),
                8,
                12.34,
                359.99,
                0,
            )
            everything = await trail_of(conn, JOB, every_verdict=True)
            assert [each.verdict for each in everything] == [0, 0, 2, 0, 6]
            page = await trail_of(conn, JOB, after=NOW + timedelta(seconds=1), limit=2)
            assert [(each.recorded_at - NOW).seconds for each in page] == [2, 3]
            assert await trail_since(conn, JOB, limit=2) == [
                (53.4, -2.9, NOW_MS + 3000),
                (53.4, -2.9, NOW_MS + 4000),
            ]
            assert await trail_since(conn, JOB, NOW + timedelta(seconds=4)) == []
            assert await trail_of(conn, UUID(int=9)) == []

    on(database_url, work)


def test_the_fleet_is_read_by_viewport_also_across_the_antimeridian(database_url: str) -> None:
    async def work(database: Database) -> None:
        async with database.connection() as conn:
            fiji = row(2, 5, pro="kim", lat=-17.0)._replace(lng_e7=1_799_000_000)
            await insert_group(conn, [row(1, 1), fiji])
            early = NOW - timedelta(hours=1)
            seen = await last_positions_in(conn, -3, 53, -2, 54, seen_after=early)
            assert [each.pro_id for each in seen] == ["pat"]
            seen = await last_positions_in(conn, 179, -20, -179, -10, seen_after=early)
            assert [each.pro_id for each in seen] == ["kim"]
            seen = await last_positions_in(conn, -180, -90, 180, 90, seen_after=early)
            assert [each.pro_id for each in seen] == ["kim", "pat"]
            assert (
                await last_positions_in(conn, -180, -90, 180, 90, seen_after=NOW + timedelta(hours=1)) == []
            )

    on(database_url, work)


def test_only_pros_at_work_are_in_the_fleet(database_url: str) -> None:
    async def work(database: Database) -> None:
        async with database.connection() as conn:
            await insert_group(conn, [row(1, 1), row(2, 2, pro="kim"), row(3, 3, pro="off")])
            early = NOW - timedelta(hours=1)

            async def seen() -> list[str]:
                found = await last_positions_in(conn, -3, 53, -2, 54, seen_after=early)
                return [each.pro_id for each in found]

            assert await seen() == ["kim", "pat"]  # on duty; off duty, and busy with a job
            assert await last_place_off_work(conn, "pat") is None
            gone = await last_place_off_work(conn, "off")
            assert gone is not None
            assert (gone.lat, gone.lng) == (53.4, -2.9)
            await conn.execute("UPDATE people SET suspended_at = now() WHERE id = 'pat'")
            await conn.execute("UPDATE people SET on_duty = false WHERE id = 'kim'")
            assert await seen() == []
            assert await last_place_off_work(conn, "kim") is not None
            assert await last_place_off_work(conn, "nobody") is None

    on(database_url, work)


def test_sessions_are_made_once_also_by_many_at_once_and_never_for_strangers(database_url: str) -> None:
    async def work(database: Database) -> None:
        keys = [SessionKey("pat", JOB, ""), SessionKey("pat", None, "a"), SessionKey("pat", None, "b")]
        stranger = SessionKey("stranger", None, "")

        async def ask() -> dict[SessionKey, int]:
            async with database.connection() as conn:
                return await sessions_of(conn, [*keys, stranger])

        answers = await asyncio.gather(*(ask() for _ in range(8)))
        assert all(answer == answers[0] for answer in answers)
        assert set(answers[0]) == set(keys)
        assert len(set(answers[0].values())) == 3
        async with database.connection() as conn:
            assert await sessions_of(conn, []) == {}

    on(database_url, work)


def test_active_jobs_are_those_under_way(database_url: str) -> None:
    async def work(database: Database) -> None:
        async with database.connection() as conn:
            found = await active_jobs_of(conn, ["pat", "kim", "stranger"])
            assert found["kim"] == found["stranger"] == []
            assert [(job.id, job.status, job.customer_id) for job in found["pat"]] == [
                (JOB, "en_route", "ann")
            ]
            assert await names_of(conn, ["pat", "stranger"]) == {"pat": "Pat"}

    on(database_url, work)


def test_days_are_made_once_when_two_processes_make_them_at_once(database_url: str) -> None:
    async def work(database: Database) -> None:
        later = NOW + timedelta(days=30)

        async def make() -> list[str]:
            async with database.connection() as conn:
                return await ensure_partitions(conn, later, 2, 1)

        made = await asyncio.gather(make(), make(), make())
        assert sorted(made) == [[], [], [name_of(day) for day in (28, 29, 30, 31)]]
        async with database.connection() as conn:
            await insert_group(conn, [row(1, 30 * 86_400)])
            assert await conn.fetchval("SELECT count(*) FROM " + name_of(30)) == 1

    on(database_url, work)


def test_days_are_made_and_dropped_while_positions_come_in(database_url: str) -> None:
    async def work(database: Database) -> None:
        done = asyncio.Event()

        async def write() -> int:
            second = 0
            while not done.is_set():
                second += 1
                async with database.connection() as conn:
                    assert await insert_group(conn, [row(1, second)]) == set()
            return second

        writing = asyncio.create_task(write())
        async with database.connection() as conn:
            assert len(await ensure_partitions(conn, NOW + timedelta(days=60), 10, 10)) == 21
            dropped = await drop_partitions_before(conn, NOW.date())
            assert dropped == [name_of(day) for day in range(-8, 0)]
            assert await drop_partitions_before(conn, NOW.date()) == []
        done.set()
        written = await writing
        async with database.connection() as conn:
            assert await conn.fetchval("SELECT count(*) FROM positions") == written

    on(database_url, work)
