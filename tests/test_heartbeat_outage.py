"""Heartbeats while PostgreSQL is away: a retryable refusal within two seconds, and nothing acked is lost."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from db.pool import Database
from tests.company import add_job, with_company
from tests.patience import BUSY_S
from tests.postgres import PrivatePostgres
from tests.receiving import at, fix, receiving, reply_of, rows
from tracker.positions.receive import Receiver


async def timed(receiver: Receiver, pro_id: str, second: float) -> tuple[dict[str, Any], float]:
    start = time.monotonic()
    ack = await reply_of(receiver, pro_id, fix(second, second), at(second))
    return ack, time.monotonic() - start


@pytest.mark.parametrize("how", ["killed", "frozen"])
def test_known_and_new_pros_are_refused_in_time_and_served_when_it_is_back(
    postgres_server: PrivatePostgres, how: str
) -> None:
    async def work(database: Database) -> None:
        job = await add_job(database, "en_route")
        async with receiving(database) as (receiver, heard):
            assert (await timed(receiver, "pat", 0))[0]["ok"]
            (postgres_server.kill if how == "killed" else postgres_server.freeze)()
            answers = await asyncio.gather(*(timed(receiver, pro, 1) for pro in ("pat", "quinn")))
            answers += await asyncio.gather(*(timed(receiver, pro, 2) for pro in ("pat", "quinn")))
            for ack, took in answers:
                assert ack["ok"] is False
                assert (ack["error"]["code"], ack["error"]["retry"]) == ("unavailable", True)
                assert took < 2 + BUSY_S
            assert len(heard.dots(job)) == 3  # the dot of a known pro goes on
            await asyncio.to_thread(postgres_server.start if how == "killed" else postgres_server.thaw)
            back = time.monotonic()
            for pro in ("pat", "quinn"):
                for second in (1, 2):  # the phone sends again what was not acked
                    while not (await timed(receiver, pro, second))[0]["ok"]:
                        assert time.monotonic() - back < 1 + BUSY_S
                        await asyncio.sleep(0.05)
            assert await rows(database, "pro_id, verdict, recorded_at") == [
                ("pat", 0, at(0)),
                ("pat", 0, at(1)),
                ("quinn", 0, at(1)),
                ("pat", 0, at(2)),
                ("quinn", 0, at(2)),
            ]
            async with database.connection() as conn:
                last = await conn.fetch("SELECT recorded_at FROM last_positions")
            assert [row[0] for row in last] == [at(2), at(2)]
            assert len(heard.dots(job)) == 3  # what was shown is not shown again

    with_company(postgres_server.url, work)


def test_a_process_that_stops_refuses_what_it_cannot_keep_any_more(database_url: str) -> None:
    async def work(database: Database) -> None:
        async with receiving(database) as (receiver, _):
            early = asyncio.create_task(reply_of(receiver, "pat", fix(0, 0), at(0)))
            await asyncio.sleep(0)
            await receiver.aclose()
            ack = await early
            assert ack["ok"] or ack["error"]["retry"]

    with_company(database_url, work)
