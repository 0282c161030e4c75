"""The group commit: acked means kept, everybody is answered once, and an absent database is said in time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Protocol

import pytest

from db.errors import Busy, Unavailable
from db.pool import Database
from db.position_group import PositionRow, insert_group
from db.positions import ensure_partitions
from tests.patience import BUSY_S
from tracker.positions.ingest import Committer, Outcome


class Server(Protocol):
    """What these tests do to the `postgres_server` of conftest."""

    url: str

    def kill(self) -> None: ...
    def start(self) -> None: ...
    def restart(self) -> None: ...
    def freeze(self) -> None: ...
    def thaw(self) -> None: ...


NOW_MS = time.time_ns() // 1_000_000


def row(number: int, session_no: int = 1) -> PositionRow:
    at = NOW_MS + number
    return PositionRow(session_no, at, at, at, 534_000_000, -29_000_000, 8, 0, 0, None, 0, f"pro{session_no}")


def with_committer(url: str, work: Callable[[Committer, Database], Awaitable[None]], **options: int) -> None:
    async def run() -> None:
        database = await Database.connect(url)
        committer = Committer(database, **options)
        try:
            async with asyncio.timeout(60):
                await work(committer, database)
        finally:
            await committer.aclose(0.1)
            await database.close()

    asyncio.run(run())


def submit(committer: Committer, *rows: PositionRow) -> asyncio.Future[Outcome]:
    future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
    committer.submit(rows, future.set_result)  # a second answer would raise
    return future


async def kept(database: Database) -> int:
    async with database.connection() as conn:
        return int(await conn.fetchval("SELECT count(*) FROM positions"))


def test_answered_rows_are_in_the_database(database_url: str) -> None:
    async def work(committer: Committer, database: Database) -> None:
        for number in range(5):
            assert await submit(committer, row(number)) == frozenset()
            assert await kept(database) == number + 1

    with_committer(database_url, work)


def test_missing_days_are_made_on_the_way(database_url: str) -> None:
    async def work(committer: Committer, database: Database) -> None:
        assert await submit(committer, row(0), row(-6 * 86_400_000)) == frozenset()
        assert await kept(database) == 2

    with_committer(database_url, work)


def test_what_arrives_together_is_written_together(database_url: str) -> None:
    async def work(committer: Committer, database: Database) -> None:
        await submit(committer, row(-1))
        groups = committer.groups
        outcomes = await asyncio.gather(*(submit(committer, row(n), row(n, 2)) for n in range(300)))
        assert outcomes == [frozenset()] * 300
        assert committer.groups - groups <= 3
        assert await kept(database) == 601

    with_committer(database_url, work)


def test_each_submitter_hears_of_its_own_known_rows(database_url: str) -> None:
    async def work(committer: Committer, database: Database) -> None:
        await submit(committer, row(1), row(2))
        outcomes = await asyncio.gather(
            submit(committer, row(3), row(2)),
            submit(committer, row(4)),
            submit(committer, row(1), row(3), row(5)),
        )
        assert outcomes == [frozenset({1}), frozenset(), frozenset({0, 1})]
        assert await kept(database) == 5

    with_committer(database_url, work)


def test_a_row_that_cannot_be_kept_spoils_nobody_elses(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def work(committer: Committer, database: Database) -> None:
        await submit(committer, row(0))
        bad = row(2)._replace(lat_e7=1_234_567_890)
        outcomes = await asyncio.gather(*(submit(committer, each) for each in (row(1), bad, row(3))))
        assert (outcomes[0], outcomes[2]) == (frozenset(), frozenset())
        assert isinstance(outcomes[1], Unavailable)
        assert await kept(database) == 3

    with_committer(database_url, work)
    assert "no constraint should refuse" in caplog.text
    assert "1234567890" not in caplog.text  # logs tell no places


def test_a_submitter_whose_answer_fails_stops_nobody(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def work(committer: Committer, _: Database) -> None:
        def fail(_: Outcome) -> None:
            raise RuntimeError("gone")

        committer.submit([row(1)], fail)
        assert await submit(committer, row(2)) == frozenset()

    with_committer(database_url, work)
    assert "answer failed" in caplog.text


def test_too_much_waiting_is_refused_at_once(database_url: str) -> None:
    async def work(committer: Committer, database: Database) -> None:
        waiting = [submit(committer, row(n)) for n in range(10)]
        with pytest.raises(Busy):
            submit(committer, row(99))
        assert await asyncio.gather(*waiting) == [frozenset()] * 10
        assert await submit(committer, row(99)) == frozenset()

    with_committer(database_url, work, most_waiting=10)


def test_closing_writes_what_waits_and_takes_no_more(database_url: str) -> None:
    async def work(committer: Committer, database: Database) -> None:
        waiting = [submit(committer, row(n)) for n in range(2500)]
        await committer.aclose()
        assert [each.result() for each in waiting] == [frozenset()] * 2500
        assert await kept(database) == 2500
        with pytest.raises(Unavailable):
            submit(committer, row(1))

    with_committer(database_url, work)


async def pump(
    committer: Committer, until: asyncio.Event
) -> tuple[set[int], list[float], list[tuple[float, float]]]:
    """Submit one row each millisecond. Returns acked rows, answer times, and (when, seconds) of refusals."""
    loop = asyncio.get_running_loop()
    acked: set[int] = set()
    took: list[float] = []
    refused: list[tuple[float, float]] = []
    number = open_ = 0
    none_open = asyncio.Event()

    def done(number: int, start: float) -> Callable[[Outcome], None]:
        def hear(outcome: Outcome) -> None:
            nonlocal open_
            open_ -= 1
            if not open_:
                none_open.set()
            took.append(loop.time() - start)
            if isinstance(outcome, frozenset):
                acked.add(row(number).seq)
            else:
                assert isinstance(outcome, Unavailable)
                refused.append((loop.time(), took[-1]))

        return hear

    while not until.is_set():
        number += 1
        committer.submit([row(number)], done(number, loop.time()))
        open_ += 1
        none_open.clear()
        await asyncio.sleep(0.001)
    await none_open.wait()
    return acked, took, refused


async def acked_are_kept(url: str, acked: set[int]) -> None:
    database = await Database.connect(url)
    async with database.connection() as conn:
        there = {each["seq"] for each in await conn.fetch("SELECT seq FROM positions")}
    await database.close()
    assert acked
    assert acked <= there


def test_nothing_acked_is_lost_when_postgresql_is_killed_and_service_is_back_within_a_second(
    postgres_server: Server,
) -> None:
    async def work(committer: Committer, database: Database) -> None:
        async with database.connection() as conn:
            await ensure_partitions(conn, datetime.now(UTC), 1, 1)
        stop = asyncio.Event()
        pumping = asyncio.create_task(pump(committer, stop))
        for _ in range(2):
            await asyncio.sleep(0.5)
            await asyncio.to_thread(postgres_server.kill)
            await asyncio.sleep(2.5)
            await asyncio.to_thread(postgres_server.start)
            back = time.monotonic()
            for _ in range(50):
                if await submit(committer, row(10**6 + round(back))) == frozenset():
                    break
                await asyncio.sleep(0.02)
            assert time.monotonic() - back < 1 + BUSY_S
        stop.set()
        acked, took, refused = await pumping
        assert max(took) < 5.0  # two seconds by its deadlines; a busy machine adds its own
        assert refused
        await acked_are_kept(postgres_server.url, acked)

    with_committer(postgres_server.url, work)


def test_a_frozen_database_is_said_within_two_seconds_and_served_once_it_wakes(
    postgres_server: Server,
) -> None:
    async def work(committer: Committer, database: Database) -> None:
        stop = asyncio.Event()
        pumping = asyncio.create_task(pump(committer, stop))
        await asyncio.sleep(0.5)
        postgres_server.freeze()
        await asyncio.sleep(5)
        postgres_server.thaw()
        woken = asyncio.get_running_loop().time()
        await asyncio.sleep(2.5)
        stop.set()
        acked, took, refused = await pumping
        assert max(took) < 5.0  # two seconds by its deadlines; a busy machine adds its own
        assert refused
        assert max(when for when, _ in refused) < woken + 1.0
        await acked_are_kept(postgres_server.url, acked)

    with_committer(postgres_server.url, work)


def test_a_writer_whose_connection_is_cut_goes_on_with_another(database_url: str) -> None:
    async def work(committer: Committer, database: Database) -> None:
        await asyncio.gather(*(submit(committer, row(n)) for n in range(200)))
        async with database.connection() as conn:
            await conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        await asyncio.sleep(0.05)
        assert (
            await asyncio.gather(*(submit(committer, row(n, 2)) for n in range(200))) == [frozenset()] * 200
        )

    with_committer(database_url, work)


def test_a_writer_that_is_stuck_does_not_hold_up_the_others(database_url: str) -> None:
    async def work(committer: Committer, database: Database) -> None:
        await submit(committer, row(0))
        async with database.transaction() as conn:
            await insert_group(conn, [row(1)])  # not committed yet: who inserts the same row waits
            stuck = submit(committer, row(1))
            await asyncio.sleep(0.05)
            assert await submit(committer, row(1, 2)) == frozenset()
            assert not stuck.done()
        assert await stuck == frozenset({0})

    with_committer(database_url, work)
