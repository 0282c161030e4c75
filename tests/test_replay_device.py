"""A device keeps every heartbeat until it is acked, whatever the network does."""

from __future__ import annotations

import asyncio

import pytest
from websockets.asyncio.server import ServerConnection, serve

from tests.stand_in import TOKEN, StandIn, eventually, run_with_stand_in
from tracker.replay.device import Device
from tracker.socket_client import SocketClient, SocketLost, SocketRefused

HERE = {"lat": 53.4, "lng": -2.9}


def test_what_is_sent_arrives_once_and_in_order() -> None:
    async def work(served: StandIn) -> None:
        async with Device(served.url, TOKEN) as device:
            for _ in range(200):
                device.send(device.numbered(HERE))
            assert await device.settled(10)
            assert [item["seq"] for item in served.heartbeats] == list(range(1, 201))
            assert (device.tally.sent, device.tally.accepted, device.tally.resent) == (200, 200, 0)

    run_with_stand_in(work)


def test_heartbeats_whose_ack_was_lost_are_sent_again_and_counted_as_duplicates() -> None:
    async def work(served: StandIn) -> None:
        served.swallow = 1
        async with Device(served.url, TOKEN) as device:
            for _ in range(5):
                device.send(device.numbered(HERE))
            assert await device.settled(10)
            assert len(served.kept) == 5
            assert served.connections == 2
            assert device.tally.duplicates >= 1
            assert device.tally.accepted + device.tally.duplicates == 5
            assert device.tally.is_clean

    run_with_stand_in(work)


def test_a_busy_server_gets_the_same_heartbeat_again_later() -> None:
    async def work(served: StandIn) -> None:
        served.busy = 2
        async with Device(served.url, TOKEN) as device:
            for _ in range(3):
                device.send(device.numbered(HERE))
            assert await device.settled(10)
            assert (len(served.kept), device.tally.accepted) == (3, 3)

    run_with_stand_in(work)


def test_without_network_nothing_goes_out_and_everything_does_afterwards() -> None:
    async def work(served: StandIn) -> None:
        async with Device(served.url, TOKEN) as device:
            assert await device.connects(5)
            device.go_offline()
            await eventually(lambda: not device.connected)
            device.send(device.numbered(HERE))
            assert not await device.settled(0.3)
            assert served.heartbeats == []
            device.go_online()
            assert await device.settled(5)
            assert len(served.kept) == 1

    run_with_stand_in(work)


def test_what_was_kept_without_network_follows_the_next_live_point_in_batches_of_at_most_500() -> None:
    async def work(served: StandIn) -> None:
        served.unavailable = 1
        async with Device(served.url, TOKEN) as device:
            for _ in range(501):
                device.keep(device.numbered(HERE))
            device.send(device.numbered(HERE))
            await device.backfill(5)
            assert [len(batch) for batch in served.batches] == [500, 1]
            assert [item["seq"] for item in served.heartbeats] == [502]
            assert (device.tally.sent, device.tally.accepted) == (502, 502)

    run_with_stand_in(work)


def test_a_refused_heartbeat_is_told_with_its_reason_and_not_sent_again() -> None:
    async def work(served: StandIn) -> None:
        served.refuse_jobs = {"not-mine"}
        reasons: list[str] = []
        async with Device(served.url, TOKEN, on_refused=reasons.append) as device:
            device.send(device.numbered({**HERE, "job_id": "not-mine"}))
            assert await device.settled(5)
            assert reasons == ["not_your_job"]
            assert dict(device.tally.rejected) == {"not_your_job": 1}
            assert not device.tally.is_clean

    run_with_stand_in(work)


def test_the_servers_policy_is_known_after_an_ack() -> None:
    async def work(served: StandIn) -> None:
        served.policy = {"interval_s": 7, "min_displacement_m": 10}
        async with Device(served.url, TOKEN) as device:
            device.send(device.numbered(HERE))
            assert await device.settled(5)
            assert device.policy == (7, 10)

    run_with_stand_in(work)


def test_a_refused_token_ends_the_attempts() -> None:
    async def work(served: StandIn) -> None:
        async with Device(served.url, "stolen") as device:
            assert not await device.connects(5)
            assert device.refusal is not None
            assert device.refusal.facts["reason"] == "bad_token"

    run_with_stand_in(work)


def test_a_call_is_answered_or_fails_when_the_connection_ends() -> None:
    async def work(served: StandIn) -> None:
        client = await SocketClient.connect(served.url, {"token": TOKEN})
        ack = await client.call("heartbeat", {**HERE, "seq": 1, "session": "s"})
        assert ack["accepted"] == 1
        served.swallow = 1
        with pytest.raises(SocketLost):
            await client.call("heartbeat", {**HERE, "seq": 2, "session": "s"})
        await client.close()

    run_with_stand_in(work)


def test_nobody_listening_is_a_loss_that_a_retry_may_mend_and_a_wrong_address_is_not() -> None:
    async def work() -> None:
        with pytest.raises(SocketLost):
            await SocketClient.connect("http://127.0.0.1:9", {"token": TOKEN})
        for address in ("ftp://127.0.0.1", "http://"):
            with pytest.raises(SocketRefused):
                await SocketClient.connect(address, {"token": TOKEN})

    asyncio.run(work())


def test_a_server_that_speaks_something_else_is_refused() -> None:
    async def greet(websocket: ServerConnection) -> None:
        await websocket.send("hello")
        await websocket.wait_closed()

    async def work() -> None:
        async with serve(greet, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            with pytest.raises(SocketRefused, match=r"not a Socket\.IO server"):
                await SocketClient.connect(f"http://127.0.0.1:{port}", {"token": TOKEN})

    asyncio.run(work())
