"""Redis killed, frozen, refusing or deaf: nobody waits, nothing grows, and everything comes back."""

from __future__ import annotations

import asyncio
import time
import tracemalloc
from collections.abc import Iterator

import pytest
from redis import Redis

from rooms.bus import BusState
from tests.bus_nodes import Node, node, until, until_heard
from tests.patience import BUSY_S
from tests.ports import free_port
from tests.servers import Valkey, start_valkey


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    with start_valkey() as server:
        yield server


def test_after_a_kill_all_rooms_are_heard_and_read_again(valkey: Valkey) -> None:
    rooms = sorted(f"job:{number}" for number in range(2500))

    async def story() -> None:
        async with node(valkey.url) as one, node(valkey.url) as two:
            await asyncio.gather(*map(two.bus.subscribe, rooms))
            await until(lambda: two.state() is BusState.UP)
            two.resynced.clear()
            valkey.kill()
            await until(lambda: two.state() is BusState.DEAF)
            await asyncio.sleep(1.0)
            valkey.restart()
            await until_heard(one, two, "job:2499")
            await until(lambda: rooms in two.resynced)
            assert two.state() is BusState.UP
            assert two.count("reconnects") == 1
            assert one.count("dropped") > 0

    asyncio.run(story())


def test_a_frozen_server_is_noticed_and_keeps_nobody_waiting(valkey: Valkey) -> None:
    async def story() -> None:
        async with node(valkey.url) as one, node(valkey.url) as two:
            await two.bus.subscribe("job:1")
            valkey.freeze()
            frozen_at = time.monotonic()
            slowest_s = 0.0
            while two.state() is BusState.UP and time.monotonic() - frozen_at < 6:
                began = time.perf_counter()
                one.bus.publish("job:1", {"old": True})
                slowest_s = max(slowest_s, time.perf_counter() - began)
                await asyncio.sleep(0.01)
            assert two.state() is BusState.DEAF
            assert slowest_s < BUSY_S  # a wait for the frozen one would last until its thaw
            two.resynced.clear()
            valkey.thaw()
            await until_heard(one, two, "job:1")
            await until(lambda: ["job:1"] in two.resynced)
            assert two.state() is BusState.UP
            await until(lambda: one.state() is BusState.UP)

    asyncio.run(story())


def test_a_subscription_that_was_late_is_read_again(valkey: Valkey) -> None:
    async def story() -> None:
        async with node(valkey.url) as one:
            await one.bus.subscribe("job:1")
            valkey.freeze()
            began = time.monotonic()
            await one.bus.subscribe("job:2")
            assert 0.2 < time.monotonic() - began < 0.3 + BUSY_S
            valkey.thaw()
            await until(lambda: one.resynced)
            assert one.resynced == [["job:2"]]
            assert one.count("reconnects") == 0

    asyncio.run(story())


def test_without_redis_the_bus_starts_subscribes_and_publishes_all_the_same(valkey: Valkey) -> None:
    async def story() -> None:
        valkey.kill()
        began = time.monotonic()
        async with node(valkey.url) as one, node(valkey.url) as two:
            assert time.monotonic() - began < 4 + BUSY_S
            began = time.monotonic()
            await two.bus.subscribe("job:1")
            assert time.monotonic() - began < BUSY_S
            one.bus.publish("job:1", {"k": "dot"})
            assert one.count("dropped") == 1
            assert one.state() is BusState.DEAF
            valkey.restart()
            await until_heard(one, two, "job:1")
            await until(lambda: two.resynced)
            assert two.resynced[0] == ["job:1"]

    asyncio.run(story())


def test_memory_does_not_grow_while_redis_is_away_or_frozen(valkey: Valkey) -> None:
    async def story() -> None:
        async with node(valkey.url) as one:
            valkey.freeze()
            # 40 MB are said before the breaker can open; 8 MB of them wait.
            assert grown_mb_by_saying_10k(one) < 24
            await until(lambda: one.count("dropped") == 10_000)
            valkey.kill()
            assert grown_mb_by_saying_10k(one) < 1
            assert one.count("dropped") == 20_000

    asyncio.run(story())


def test_closing_at_the_moment_the_connection_breaks_still_ends(valkey: Valkey) -> None:
    async def story() -> None:
        for ticks in range(12):
            async with asyncio.timeout(5), node(valkey.url) as one:
                await one.bus.subscribe("job:1")
                valkey.command("CLIENT", "KILL", "TYPE", "pubsub" if ticks % 2 else "normal")
                one.bus.publish("job:1", {"k": "dot"})
                for _ in range(ticks // 2):
                    await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(story())


def test_killed_clients_come_back_by_themselves(valkey: Valkey) -> None:
    async def story() -> None:
        async with node(valkey.url) as one, node(valkey.url) as two:
            await two.bus.subscribe("job:1")
            for kind in ("pubsub", "normal"):
                two.resynced.clear()
                assert valkey.command("CLIENT", "KILL", "TYPE", kind) >= 2
                await until_heard(one, two, "job:1")
                await until(lambda: ["job:1"] in two.resynced)
            assert one.count("reconnects") == two.count("reconnects") == 1

    asyncio.run(story())


def test_a_room_whose_message_was_lost_by_the_sender_is_read_again(valkey: Valkey) -> None:
    async def story() -> None:
        async with node(valkey.url) as one, node(valkey.url) as two:
            await two.bus.subscribe("job:1")
            await two.bus.subscribe("job:2")
            valkey.command("CLIENT", "KILL", "TYPE", "normal")  # the hearers stay connected
            one.bus.publish("job:2", {"k": "status"})
            one.bus.publish("job:3", {"k": "status"})
            await until(lambda: two.resynced)
            assert two.resynced == [["job:2"]]
            assert two.heard == []
            assert one.count("dropped") == 2

    asyncio.run(story())


def test_rooms_that_could_not_be_read_are_read_again(
    valkey: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        async with node(valkey.url) as one:
            asked: list[list[str]] = []

            async def fails_once(channels: list[str]) -> None:
                asked.append(channels)
                if len(asked) == 1:
                    raise RuntimeError("the database is away too")

            one.bus.on_resync = fails_once
            await one.bus.subscribe("job:1")
            valkey.command("CLIENT", "KILL", "TYPE", "pubsub")
            await until(lambda: asked == [["job:1"], ["job:1"]])
            assert "trying again" in caplog.text

    asyncio.run(story())


def test_a_hearer_cut_off_for_being_slow_reads_its_rooms_again(valkey: Valkey) -> None:
    async def story() -> None:
        async with node(valkey.url) as one, node(valkey.url) as two:
            await two.bus.subscribe("job:1")
            valkey.command("CONFIG", "SET", "client-output-buffer-limit", "pubsub 1mb 0 0")
            with Redis.from_url(valkey.url, socket_timeout=5) as client, client.pipeline(False) as flood:
                for _ in range(1500):
                    flood.publish("tracker:1:job:1", bytes(10_000))
                flood.execute()  # this blocks the loop, so nobody reads
            await until(lambda: two.resynced)
            assert two.resynced[0] == ["job:1"]
            assert two.count("reconnects") == 1
            await until_heard(one, two, "job:1")

    asyncio.run(story())


def test_flushall_changes_nothing(valkey: Valkey) -> None:
    async def story() -> None:
        async with node(valkey.url) as one, node(valkey.url) as two:
            await two.bus.subscribe("job:1")
            valkey.command("FLUSHALL")
            one.bus.publish("job:1", {"k": "dot"})
            await until(lambda: two.heard)
            assert two.count("reconnects") == 0

    asyncio.run(story())


def test_a_server_that_does_not_let_it_hear_makes_the_node_deaf_until_it_does(valkey: Valkey) -> None:
    async def story() -> None:
        async with node(valkey.url) as one, node(valkey.url) as two:
            await two.bus.subscribe("job:1")
            valkey.command("ACL", "SETUSER", "default", "resetchannels")
            await until(lambda: two.state() is BusState.DEAF)
            one.bus.publish("job:1", {"k": "dot"})
            await asyncio.sleep(0.3)
            assert two.state() is BusState.DEAF
            valkey.command("ACL", "SETUSER", "default", "allchannels")
            await until_heard(one, two, "job:1")
            await until(lambda: two.state() is BusState.UP)

    asyncio.run(story())


def test_a_password_set_under_way_makes_the_node_deaf_until_it_is_taken_back(valkey: Valkey) -> None:
    async def story() -> None:
        async with node(valkey.url) as one, node(valkey.url) as two:
            await two.bus.subscribe("job:1")
            valkey.command("CONFIG", "SET", "requirepass", "secret")
            killed_by = valkey.url.replace("redis://", "redis://:secret@")
            with Redis.from_url(killed_by, socket_timeout=5) as client:
                client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
                client.execute_command("CLIENT", "KILL", "TYPE", "normal")
                await until(lambda: two.state() is BusState.DEAF)
                client.execute_command("CONFIG", "SET", "requirepass", "")
            await until_heard(one, two, "job:1")

    asyncio.run(story())


@pytest.mark.parametrize(
    "answer",
    [
        b"-READONLY You can't write against a read only replica.\r\n",
        b"-LOADING Redis is loading the dataset in memory\r\n",
        b"-OOM command not allowed when used memory > 'maxmemory'.\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"*3\r\n$x\r\n",
        b"*2\r\n+a\r\n+b\r\n",
        b"",
    ],
    ids=["readonly", "loading", "oom", "http", "broken", "short", "closed"],
)
def test_a_server_that_talks_nonsense_is_left_for_a_sane_one(
    answer: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async def impostor(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while words := await reader.read(65536):
            for word, reply in (
                (b"SETNAME", b"+OK\r\n"),
                (b"PING", b"+PONG\r\n"),
                (b"HELLO", b"*2\r\n+mode\r\n+standalone\r\n"),
                (b"SCRIBE", answer),
            ):
                writer.write(reply * words.count(word))
            writer.write(answer * words.count(b"PUBLISH"))
            if not answer and (b"SUBSCRIBE" in words or b"PUBLISH" in words):
                break
        writer.close()

    async def story() -> None:
        port = free_port()
        server = await asyncio.start_server(impostor, "127.0.0.1", port)
        async with server, node(f"redis://127.0.0.1:{port}") as one:
            await one.bus.subscribe("job:1")
            one.bus.publish("job:1", {"k": "dot"})
            await asyncio.sleep(0.1)
            assert one.state() is BusState.DEAF
            assert one.count("published") == 0
            server.close()
            with start_valkey(port):
                await until(lambda: one.state() is BusState.UP)
                await until(lambda: one.resynced)
        assert one.resynced[0] == ["job:1"]
        assert "surprise" not in caplog.text
        assert len(caplog.records) < 10

    asyncio.run(story())


def grown_mb_by_saying_10k(speaker: Node) -> float:
    """The peak of new memory, in MB, while 40 MB are published within one tick of the loop."""
    tracemalloc.start()
    try:
        for number in range(10_000):
            speaker.bus.publish(f"job:{number % 50}", {"text": f"{number:4000}"})
        return tracemalloc.get_traced_memory()[1] / 1_000_000
    finally:
        tracemalloc.stop()
