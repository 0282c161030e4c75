"""Nodes on a real Redis Cluster: every room at the owner of its slot, wherever that is just now."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from rooms.bus import BusState
from rooms.redis_bus.codec import BusCodec
from tests.bus_nodes import SECRET, Node, node, until, until_heard
from tests.patience import BUSY_S
from tests.ports import free_port
from tests.redis_cluster import RedisCluster, redis_cluster, wait_until
from tests.servers import Valkey, start_valkey

ROOMS = [f"job:{number}" for number in range(60)]


@pytest.fixture(scope="module")
def shared() -> Iterator[RedisCluster]:
    with redis_cluster() as cluster:
        yield cluster


@pytest.fixture
def cluster(shared: RedisCluster) -> Iterator[RedisCluster]:
    """The module's cluster, put together again after each test."""
    yield shared
    shared.mend()


def test_rooms_on_all_servers_are_heard_once_and_in_order(cluster: RedisCluster) -> None:
    async def story() -> None:
        async with node(cluster.url) as one, node(cluster.url) as two:
            assert one.state() is two.state() is BusState.UP
            await asyncio.gather(*map(two.bus.subscribe, ROOMS))
            for number in range(1200):
                one.bus.publish(ROOMS[number % len(ROOMS)], {"n": number})
            await until(lambda: len(two.heard) == 1200)
            for room in ROOMS:
                said = [message["n"] for channel, message in two.heard if channel == room]
                assert said == sorted(said)
                assert len(said) == 20
            assert two.count("stale") == two.count("forged") == two.count("reconnects") == 0
            assert one.count("published") == 1200
            assert two.resynced in ([], [[]])

    asyncio.run(story())


def test_each_room_is_known_to_its_own_server_only(cluster: RedisCluster) -> None:
    async def story() -> None:
        async with node(cluster.url) as one:
            await asyncio.gather(*map(one.bus.subscribe, ROOMS))
            found = {server.port: subscribed(server) for server in cluster.masters()}
            for server in cluster.masters():
                assert found[server.port] == {room for room in ROOMS if owner(cluster, room) is server}
                assert server.command("PUBSUB", "CHANNELS") == []
            assert all(found.values())
            for room in ROOMS:
                one.bus.unsubscribe(room)
            await until(lambda: not any(map(subscribed, cluster.masters())))

    asyncio.run(story())


def test_one_server_of_the_cluster_is_enough_to_find_the_others(cluster: RedisCluster) -> None:
    replica = next(server for server in cluster.servers if server not in cluster.masters())

    async def story() -> None:
        async with node(replica.url) as one, node(cluster.masters()[0].url) as two:
            await asyncio.gather(*map(two.bus.subscribe, ROOMS))
            for room in ROOMS:
                one.bus.publish(room, {"to": room})
            await until(lambda: len(two.heard) == len(ROOMS))

    asyncio.run(story())


def test_a_dead_server_in_the_url_is_passed_over(cluster: RedisCluster) -> None:
    url = cluster.url.replace("redis://", f"redis://127.0.0.1:{free_port()},")

    async def story() -> None:
        async with node(url) as one, node(url) as two:
            await two.bus.subscribe("job:1")
            one.bus.publish("job:1", {"k": "dot"})
            await until(lambda: two.heard)

    asyncio.run(story())


def test_a_node_does_not_hear_itself(cluster: RedisCluster) -> None:
    async def story() -> None:
        async with node(cluster.url) as one, node(cluster.url) as two:
            await asyncio.gather(*map(one.bus.subscribe, ROOMS), *map(two.bus.subscribe, ROOMS))
            for room in ROOMS:
                one.bus.publish(room, {"from": "one"})
            await until(lambda: len(two.heard) == len(ROOMS))
            assert one.heard == []

    asyncio.run(story())


def test_forged_and_copied_messages_are_dropped_and_counted(cluster: RedisCluster) -> None:
    room = b"tracker:1:job:1"
    theirs = BusCodec(b"another secret").seal(room, {"k": "dot"})
    elsewhere = BusCodec(SECRET).seal(b"tracker:1:job:2", {"k": "dot"})
    recorded = BusCodec(SECRET).seal(room, {"k": "status"})

    async def story() -> None:
        async with node(cluster.url) as one, node(cluster.url) as two:
            await two.bus.subscribe("job:1")
            for raw in (b"", b"hello", theirs, elsewhere, recorded, recorded):
                owner(cluster, "job:1").command("SPUBLISH", room, raw)
            await until_heard(one, two, "job:1")
            assert two.heard[0] == ("job:1", {"k": "status"})
            assert all(message == {"again": True} for _, message in two.heard[1:])
            assert (two.count("forged"), two.count("stale")) == (4, 1)
            assert two.state() is BusState.UP

    asyncio.run(story())


def test_a_killed_server_disturbs_only_its_own_rooms_and_they_are_back_after_failover(
    cluster: RedisCluster,
) -> None:
    victim = owner(cluster, "job:1")
    its = [room for room in ROOMS if owner(cluster, room) is victim]
    others = [room for room in ROOMS if room not in its]

    async def story() -> None:
        async with node(cluster.url) as one, node(cluster.url) as two, node(cluster.url) as three:
            await asyncio.gather(*map(two.bus.subscribe, ROOMS))
            await asyncio.gather(*map(three.bus.subscribe, others))
            await until(lambda: one.state() is two.state() is three.state() is BusState.UP)
            talking = asyncio.create_task(talk(one, ROOMS))
            await asyncio.sleep(0.2)
            victim.kill()
            await until(lambda: two.state() is BusState.DEAF, 1.0)
            assert three.state() is BusState.UP
            await asyncio.to_thread(wait_until, lambda: owner(cluster, "job:1") is not victim)
            failed_over_at, already = time.monotonic(), len(two.heard)
            await until(lambda: set(its) <= {room for room, _ in two.heard[already:]})
            await until(lambda: two.resynced)
            assert time.monotonic() - failed_over_at < 2 + BUSY_S
            await until(lambda: two.state() is BusState.UP)
            await asyncio.sleep(0.2)
            said = await stop(talking)
            await until(lambda: last_heard(two, ROOMS) == said)
            for room in others:
                assert [m["n"] for channel, m in two.heard if channel == room] == list(range(said + 1))
            assert two.resynced[0] == sorted(its)
            assert {room for resync in two.resynced for room in resync} == set(its)
            assert three.resynced == []
            assert three.count("stale") == two.count("stale") == 0

    asyncio.run(story())


def test_a_frozen_server_is_left_for_its_successor_and_never_believed_again(cluster: RedisCluster) -> None:
    victim = owner(cluster, "job:1")

    async def story() -> None:
        async with node(cluster.url) as one, node(cluster.url) as two:
            await asyncio.gather(*map(two.bus.subscribe, ROOMS))
            victim.freeze()
            await asyncio.to_thread(wait_until, lambda: owner(cluster, "job:1") is not victim)
            failed_over_at = time.monotonic()
            await until_heard(one, two, "job:1")
            assert time.monotonic() - failed_over_at < 2 + BUSY_S
            await until(lambda: two.resynced and two.state() is BusState.UP)
            already = len(two.resynced)
            victim.thaw()
            await asyncio.to_thread(cluster.wait_whole)
            await until_heard(one, two, "job:1")
            assert two.state() is BusState.UP
            assert len(two.resynced) == already

    asyncio.run(story())


def test_a_cluster_that_was_away_altogether_is_heard_again_in_every_room(cluster: RedisCluster) -> None:
    async def story() -> None:
        async with node(cluster.url) as one, node(cluster.url) as two:
            await asyncio.gather(*map(two.bus.subscribe, ROOMS))
            for server in cluster.servers:
                server.kill()
            await until(lambda: one.state() is two.state() is BusState.DEAF)
            one.bus.publish("job:1", {"k": "dot"})
            await until(lambda: one.count("dropped") == 1)
            two.resynced.clear()
            await asyncio.to_thread(cluster.mend)
            await until(lambda: two.state() is BusState.UP)
            for room in ROOMS:
                await until_heard(one, two, room)
            await until(lambda: {room for resync in two.resynced for room in resync} == set(ROOMS))

    asyncio.run(story())


def test_a_slot_that_migrates_takes_its_rooms_along(cluster: RedisCluster) -> None:
    source = owner(cluster, "job:1")
    target = next(server for server in cluster.masters() if server is not source)

    async def story() -> None:
        async with node(cluster.url) as one, node(cluster.url) as two:
            await asyncio.gather(*map(two.bus.subscribe, ROOMS))
            for there in (target, source):
                two.resynced.clear()
                await asyncio.to_thread(cluster.move_slot, "tracker:1:job:1", there)
                await until(lambda: two.resynced)
                await until_heard(one, two, "job:1")
                assert "job:1" in subscribed(there)
                assert {room for resync in two.resynced for room in resync} == {"job:1"}
                assert two.state() is BusState.UP
            for room in ROOMS:
                one.bus.publish(room, {"to": room})
            await until(lambda: {message.get("to") for _, message in two.heard} >= set(ROOMS))
            assert one.count("reconnects") == two.count("reconnects") == 0

    asyncio.run(story())


def test_what_is_lost_while_a_slot_migrates_is_read_again(cluster: RedisCluster) -> None:
    source = owner(cluster, "job:1")
    target = next(server for server in cluster.masters() if server is not source)

    async def story() -> None:
        async with node(cluster.url) as one, node(cluster.url) as two:
            await two.bus.subscribe("job:1")
            known = [0]  # the newest number that was heard, or read when told to

            def hear(_channel: str, message: dict[str, int]) -> None:
                known[0] = message["n"] if message["n"] == known[0] + 1 else known[0]

            async def read(_channels: list[str]) -> None:
                known[0] = said

            two.bus.on_message, two.bus.on_resync = hear, read
            moving = asyncio.create_task(asyncio.to_thread(cluster.move_slot, "tracker:1:job:1", target))
            for said in range(1, 400):
                one.bus.publish("job:1", {"n": said})
                await asyncio.sleep(0.001)
            await moving
            await until(lambda: known[0] == said)
            await asyncio.to_thread(cluster.move_slot, "tracker:1:job:1", source)

    asyncio.run(story())


def test_the_slot_of_the_canary_may_move_too(cluster: RedisCluster) -> None:
    async def story() -> None:
        async with node(cluster.url) as one:
            await one.bus.subscribe("job:1")
            canary = canaries(owner(cluster, "job:1"))[0]
            source = owner(cluster, "job:1")
            target = next(server for server in cluster.masters() if server is not source)
            await asyncio.to_thread(cluster.move_slot, canary, target)
            await until(lambda: canaries(source) not in ([], [canary]))
            await asyncio.sleep(4)  # longer than deafness takes to be noticed
            assert one.state() is BusState.UP
            assert one.count("reconnects") == 0
            await asyncio.to_thread(cluster.move_slot, canary, source)

    asyncio.run(story())


def test_a_planned_failover_is_followed(cluster: RedisCluster) -> None:
    async def story() -> None:
        async with node(cluster.url) as one, node(cluster.url) as two:
            await two.bus.subscribe("job:1")
            old = owner(cluster, "job:1")
            await asyncio.to_thread(cluster.fail_over, old)
            await until(lambda: two.resynced)
            await until_heard(one, two, "job:1")
            assert "job:1" in subscribed(owner(cluster, "job:1"))
            assert two.state() is BusState.UP

    asyncio.run(story())


def test_closing_leaves_no_task_and_no_connection(cluster: RedisCluster) -> None:
    async def story() -> None:
        async with node(cluster.url, node_id="leaver") as one:
            await asyncio.gather(*map(one.bus.subscribe, ROOMS))
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert one.state() is BusState.DEAF
        for server in cluster.servers:
            await until(lambda s=server: b"tracker:leaver" not in s.command("CLIENT", "LIST"))  # type: ignore[misc]

    asyncio.run(story())


def test_single_servers_named_together_are_refused(caplog: pytest.LogCaptureFixture) -> None:
    async def story(url: str) -> None:
        async with node(url) as one:
            await one.bus.subscribe("job:1")
            assert one.state() is BusState.DEAF
            assert "is in no cluster" in caplog.text

    with start_valkey() as here, start_valkey() as there:
        asyncio.run(story(f"redis://127.0.0.1:{here.port},127.0.0.1:{there.port}"))


def owner(cluster: RedisCluster, room: str) -> Valkey:
    """The server that a room's channel belongs to."""
    return cluster.owner(f"tracker:1:{room}")


def subscribed(server: Valkey) -> set[str]:
    """The rooms that somebody is subscribed to at one server."""
    names = server.command("PUBSUB", "SHARDCHANNELS", "tracker:1:job:*")
    return {name.decode().removeprefix("tracker:1:") for name in names}


def canaries(server: Valkey) -> list[str]:
    """The canaries' channels at one server."""
    return [name.decode() for name in server.command("PUBSUB", "SHARDCHANNELS", "tracker:1:!canary:*")]


async def talk(speaker: Node, rooms: list[str]) -> int:
    """Number what is said on every room, 50 times a second, until cancelled; returns the last number."""
    number = -1
    try:
        while True:
            number += 1
            for room in rooms:
                speaker.bus.publish(room, {"n": number})
            await asyncio.sleep(0.02)
    except asyncio.CancelledError:
        return number


async def stop(talking: asyncio.Task[int]) -> int:
    """Cancel `talk` and take its last number."""
    talking.cancel()
    return await talking


def last_heard(hearer: Node, rooms: list[str]) -> int | None:
    """The number that was heard last on all rooms; None when it was not the same."""
    last = {room: message["n"] for room, message in hearer.heard if "n" in message}
    numbers = {last.get(room) for room in rooms}
    return numbers.pop() if len(numbers) == 1 else None
