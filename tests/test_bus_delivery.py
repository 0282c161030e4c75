"""Nodes on one Redis hear each other, and only each other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rooms.bus import MAX_MESSAGE_BYTES, BusState
from rooms.redis_bus import RedisBus
from rooms.redis_bus.codec import BusCodec
from tests.bus_nodes import SECRET, node, until, until_heard
from tests.servers import Valkey, start_valkey

ROOM = "tracker:1:job:1"


@pytest.fixture(scope="module")
def valkey() -> Iterator[Valkey]:
    with start_valkey() as server:
        yield server


def test_two_nodes_hear_each_other(valkey: Valkey) -> None:
    async def story() -> None:
        async with node(valkey.url) as one, node(valkey.url) as two:
            assert one.state() is two.state() is BusState.UP
            await one.bus.subscribe("job:1")
            await two.bus.subscribe("job:1")
            one.bus.publish("job:1", {"k": "dot", "lat": 53.4})
            two.bus.publish("job:1", {"k": "status", "version": 3})
            await until(lambda: one.heard and two.heard)
            assert two.heard == [("job:1", {"k": "dot", "lat": 53.4})]
            assert one.heard == [("job:1", {"k": "status", "version": 3})]
            assert one.count("published") == one.count("received") == 1
            assert one.count("dropped") == one.count("forged") == one.count("stale") == 0

    asyncio.run(story())


def test_what_one_node_says_is_heard_once_and_in_order(valkey: Valkey) -> None:
    async def story() -> None:
        async with node(valkey.url) as one, node(valkey.url) as two:
            await two.bus.subscribe("job:1")
            for number in range(3000):
                one.bus.publish("job:1", {"n": number})
            await until(lambda: len(two.heard) == 3000)
            assert [message["n"] for _, message in two.heard] == list(range(3000))

    asyncio.run(story())


def test_a_node_does_not_hear_itself(valkey: Valkey) -> None:
    async def story() -> None:
        async with node(valkey.url) as one, node(valkey.url) as two:
            await one.bus.subscribe("job:1")
            await two.bus.subscribe("job:1")
            one.bus.publish("job:1", {"from": "one"})
            await until(lambda: two.heard)
            two.bus.publish("job:1", {"from": "two"})
            await until(lambda: one.heard)
            assert one.heard == [("job:1", {"from": "two"})]

    asyncio.run(story())


def test_two_nodes_with_the_same_name_are_still_two(valkey: Valkey) -> None:
    async def story() -> None:
        async with node(valkey.url, node_id="web") as one, node(valkey.url, node_id="web") as two:
            await two.bus.subscribe("job:1")
            await until_heard(one, two, "job:1")

    asyncio.run(story())


def test_a_room_without_local_members_is_not_even_sent_here(valkey: Valkey) -> None:
    async def story() -> None:
        async with node(valkey.url) as one, node(valkey.url) as two:
            await two.bus.subscribe("job:1")
            one.bus.publish("job:2", {"k": "dot"})
            one.bus.publish("job:1", {"k": "dot"})
            await until(lambda: two.heard)
            assert two.heard == [("job:1", {"k": "dot"})]
            assert subscribed(valkey) == [ROOM]

    asyncio.run(story())


def test_a_room_is_heard_until_its_last_member_leaves(valkey: Valkey) -> None:
    async def story() -> None:
        async with node(valkey.url) as one, node(valkey.url) as two:
            await two.bus.subscribe("job:1")
            await two.bus.subscribe("job:1")
            two.bus.unsubscribe("job:1")
            await until_heard(one, two, "job:1")
            two.bus.unsubscribe("job:1")
            await until(lambda: subscribed(valkey) == [])
            already = len(two.heard)
            one.bus.publish("job:1", {"k": "dot"})
            await asyncio.sleep(0.1)
            assert len(two.heard) == already
            two.bus.unsubscribe("job:1")
            assert two.count("channels") == 0

    asyncio.run(story())


def test_leaving_and_joining_at_once_ends_as_the_last_word_says(valkey: Valkey) -> None:
    async def story() -> None:
        async with node(valkey.url) as one, node(valkey.url) as two:
            for ticks in range(20):
                await two.bus.subscribe("job:1")
                two.bus.unsubscribe("job:1")
                for _ in range(ticks % 4):
                    await asyncio.sleep(0)
                await two.bus.subscribe("job:1")
                await until_heard(one, two, "job:1")
                two.bus.unsubscribe("job:1")
            await until(lambda: subscribed(valkey) == [])
            await two.bus.subscribe("job:1")
            one.bus.publish("job:1", {"k": "dot"})
            await until(lambda: two.heard)

    asyncio.run(story())


def test_a_cancelled_subscription_holds_nothing(valkey: Valkey) -> None:
    async def story() -> None:
        async with node(valkey.url) as one:
            joining = asyncio.create_task(one.bus.subscribe("job:1"))
            await asyncio.sleep(0)
            joining.cancel()
            await asyncio.wait([joining])
            assert joining.cancelled()
            assert one.count("channels") == 0
            await until(lambda: subscribed(valkey) == [])

    asyncio.run(story())


def test_forged_foreign_and_overlong_messages_are_dropped_and_counted(valkey: Valkey) -> None:
    sealed = BusCodec(SECRET).seal(ROOM.encode(), {"k": "dot"})
    elsewhere = BusCodec(SECRET).seal(b"tracker:1:job:2", {"k": "dot"})
    theirs = BusCodec(b"another secret").seal(ROOM.encode(), {"k": "dot"})
    forgeries = [b"", b"\x01", b"hello", bytes(5_000_000), theirs, elsewhere, sealed[:-1], b"\x01" * 300]

    async def story() -> None:
        async with node(valkey.url) as one, node(valkey.url) as two:
            await two.bus.subscribe("job:1")
            for raw in forgeries:
                valkey.command("PUBLISH", ROOM, raw)
            valkey.command("PUBLISH", ROOM, b"\x07" + sealed[1:])
            await until_heard(one, two, "job:1")
            assert all(message == {"again": True} for _, message in two.heard)
            assert two.count("forged") == len(forgeries)
            assert two.count("unknown_version") == 1
            assert two.state() is BusState.UP

    asyncio.run(story())


def test_a_recorded_message_cannot_be_played_again(valkey: Valkey) -> None:
    async def story() -> None:
        sealed = BusCodec(SECRET).seal(ROOM.encode(), {"k": "status"})
        async with node(valkey.url) as one:
            await one.bus.subscribe("job:1")
            for _ in range(3):
                valkey.command("PUBLISH", ROOM, sealed)
            await until(lambda: one.count("stale") == 2)
            assert one.heard == [("job:1", {"k": "status"})]

    asyncio.run(story())


@pytest.mark.parametrize("message", [{"x": object()}, {"x": "y" * MAX_MESSAGE_BYTES}], ids=["object", "long"])
def test_what_cannot_be_said_is_counted_and_hurts_nobody(
    valkey: Valkey, message: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        async with node(valkey.url) as one, node(valkey.url) as two:
            await two.bus.subscribe("job:1")
            one.bus.publish("job:1", message)
            one.bus.publish("job:1", {"k": "dot"})
            await until(lambda: two.heard)
            assert two.heard == [("job:1", {"k": "dot"})]
            assert one.count("dropped") == 1
            assert "is not published" in caplog.text

    asyncio.run(story())


def test_a_hearer_that_fails_does_not_stop_the_next_message(
    valkey: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        async with node(valkey.url) as one, node(valkey.url) as two:
            heard: list[int] = []
            two.bus.on_message = lambda _channel, message: heard.append(10 // message["n"])
            await two.bus.subscribe("job:1")
            one.bus.publish("job:1", {"n": 0})
            one.bus.publish("job:1", {"n": 5})
            await until(lambda: heard == [2])
            assert "could not be delivered" in caplog.text

    asyncio.run(story())


def test_any_text_is_a_channel(valkey: Valkey) -> None:
    async def story() -> None:
        async with node(valkey.url) as one, node(valkey.url) as two:
            for channel in ("person:Ana María", "person:\ud800", "person:a b\r\n*", "person:"):
                await two.bus.subscribe(channel)
                await until_heard(one, two, channel)
                assert two.heard[-1][0] == channel

    asyncio.run(story())


def test_what_was_published_before_closing_still_goes_out(valkey: Valkey) -> None:
    async def story() -> None:
        async with node(valkey.url) as two:
            await two.bus.subscribe("job:1")
            async with node(valkey.url) as one:
                for number in range(2000):
                    one.bus.publish("job:1", {"n": number})
            await until(lambda: len(two.heard) == 2000)
            one.bus.publish("job:1", {"too": "late"})
            assert one.count("dropped") == 1

    asyncio.run(story())


def test_closing_leaves_no_task_and_no_connection(valkey: Valkey) -> None:
    async def story() -> None:
        async with node(valkey.url, node_id="leaver") as one:
            await one.bus.subscribe("job:1")
            assert valkey.command("CLIENT", "LIST").count(b"name=tracker:leaver ") == 2
        await until(lambda: b"tracker:leaver" not in valkey.command("CLIENT", "LIST"))
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert one.state() is BusState.DEAF

    asyncio.run(story())


def test_the_bus_runs_over_a_unix_socket(tmp_path: Path) -> None:
    async def story(url: str) -> None:
        async with node(url) as one, node(url) as two:
            await two.bus.subscribe("job:1")
            await until_heard(one, two, "job:1")

    with start_valkey(unixsocket=str(tmp_path / "v.sock")):
        asyncio.run(story(f"unix://{tmp_path / 'v.sock'}"))


def test_the_password_of_the_url_is_used_and_never_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def story(server: Valkey) -> None:
        good, bad = (
            f"redis://:{word}@127.0.0.1:{server.port}/0?protocol=3" for word in ("letmein", "hunter2")
        )
        async with node(good) as one, node(good) as two, node(bad) as stranger:
            await two.bus.subscribe("job:1")
            await until_heard(one, two, "job:1")
            assert stranger.state() is BusState.DEAF
        assert "letmein" not in caplog.text
        assert "hunter2" not in caplog.text

    with start_valkey() as server:
        server.command("CONFIG", "SET", "requirepass", "letmein")
        asyncio.run(story(server))


def test_a_url_of_another_kind_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="scheme"):
        RedisBus("http://127.0.0.1", SECRET, "web")


def subscribed(valkey: Valkey) -> list[str]:
    """The job rooms that anybody is subscribed to, as the server knows them."""
    return sorted(name.decode() for name in valkey.command("PUBSUB", "CHANNELS", "tracker:1:job:*"))
