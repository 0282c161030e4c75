"""Redis is killed, or frozen: heartbeats do not notice, nodes say that they are deaf, nothing is missed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.company import found_company, with_database
from tests.errands import connect, fix, job, link_to, move, times_kept
from tests.listening import listening
from tests.loads import Pro, driving, is_ready, readiness
from tests.patience import BUSY_S
from tests.running import Process, serving
from tests.servers import Valkey, start_valkey

DEAF_WITHIN_S = 6.0
BACK_WITHIN_S = 2 + 2 * BUSY_S


@dataclass(frozen=True, slots=True)
class Stage:
    """Two nodes, and the Redis between them."""

    a: Process
    b: Process
    valkey: Valkey


@pytest.fixture
def stage(folder: Path, database_url: str) -> Iterator[Stage]:
    """All of it, running."""
    with_database(database_url, found_company)
    with start_valkey() as valkey:
        a, b = (serving(folder, database_url, valkey.url) for _ in range(2))
        a.launch()
        with b, a:
            yield Stage(a, b, valkey)


def test_with_redis_killed_the_same_node_sees_the_dot_at_once_and_the_other_one_soon(stage: Stage) -> None:
    job_id = job(stage.a, "accepted")
    link = link_to(stage.a, job_id)

    async def story() -> None:
        async with (
            await connect(stage.a, "pro", "pat") as pat,
            await listening(stage.a.url, link=link) as here,
            await listening(stage.b.url, link=link) as there,
        ):
            for customer in (here, there):
                await customer.call("watch")
            stage.valkey.kill()
            killed = time.monotonic()
            await asyncio.to_thread(move, stage.a, job_id, "en_route")
            assert (await here.hears("status_changed"))["status"] == "en_route"
            first = fix(3000, ago_s=30)
            assert (await pat.call("heartbeat", first))["accepted"] == 1
            assert (await here.hears("location_update"))["seq"] == first["recorded_at"]
            for node in (stage.a, stage.b):
                await is_ready(node, ["bus_deaf"], DEAF_WITHIN_S - (time.monotonic() - killed))
            told = await there.hears("status_changed")  # from the database, which a deaf node asks
            assert (told["status"], told["version"]) == ("en_route", 4)
            assert (await there.hears("location_update"))["seq"] == first["recorded_at"]

            await asyncio.to_thread(stage.valkey.restart)
            began = time.monotonic()
            again = fix(2900)
            assert (await pat.call("heartbeat", again))["accepted"] == 1
            await there.hears(
                "location_update", lambda dot: dot["seq"] == again["recorded_at"], BACK_WITHIN_S
            )
            print(f"delivery across nodes was back after {time.monotonic() - began:.2f} s")
            for node in (stage.a, stage.b):
                await is_ready(node, [], BACK_WITHIN_S)
            assert len(here.all("status_changed")) == len(there.all("status_changed")) == 1

    asyncio.run(story())


def test_a_right_that_ends_while_redis_is_away_ends_its_stream_all_the_same(stage: Stage) -> None:
    job_id = job(stage.a, "en_route")
    link = link_to(stage.a, job_id)
    own = job(stage.a, "en_route", pro="quinn", customer="zoe")

    async def story() -> None:
        async with (
            await listening(stage.b.url, link=link) as customer,
            await connect(stage.b, "customer", "zoe") as zoe,
            await connect(stage.b, "pro", "quinn") as quinn,
        ):
            await customer.call("watch")
            await zoe.call("watch", {"job_id": own})
            stage.valkey.kill()
            await asyncio.to_thread(link_to, stage.a, job_id)  # a new link ends the old one
            assert (await customer.hears("revoked"))["job_id"] == job_id
            await customer.is_cut(1)
            await asyncio.to_thread(move, stage.a, own, "cancelled", ("dispatcher", "dee"))
            await zoe.hears("status_changed", lambda change: change["status"] == "cancelled")
            await quinn.call("heartbeat", fix(1000))
            await asyncio.sleep(0.2)
            assert zoe.all("location_update") == []

    asyncio.run(story())


def test_with_redis_frozen_acks_keep_flowing_and_all_is_well_after_the_thaw(stage: Stage) -> None:
    job_id = job(stage.a, "en_route")
    link = link_to(stage.a, job_id)
    pat = Pro([stage.a], "pat")

    async def story() -> None:
        async with (
            await listening(stage.a.url, link=link) as here,
            await listening(stage.b.url, link=link) as there,
        ):
            for customer in (here, there):
                await customer.call("watch")
            async with driving(pat):
                await there.hears("location_update")
                stage.valkey.freeze()
                await asyncio.sleep(5)
                assert {str(await readiness(node)) for node in (stage.a, stage.b)} == {"['bus_deaf']"}
                frozen_seq = pat.heartbeats[-1].recorded_at
                await here.hears("location_update", lambda dot: dot["seq"] >= frozen_seq)
                stage.valkey.thaw()
                began = time.monotonic()
                await there.hears("location_update", lambda dot: dot["seq"] >= frozen_seq, BACK_WITHIN_S)
                print(f"delivery across nodes was back after {time.monotonic() - began:.2f} s")
                for node in (stage.a, stage.b):
                    await is_ready(node, [], BACK_WITHIN_S)
        assert pat.refused == []
        assert pat.connects == 1
        assert len(pat.acked) > 40
        slowest_s = max(heartbeat.took_s for heartbeat in pat.heartbeats)
        print(f"slowest ack {slowest_s * 1e3:.0f} ms")
        assert slowest_s < 2

    asyncio.run(story())
    assert set(pat.acked) <= set(times_kept(stage.a.env["DATABASE_URL"], job_id))
