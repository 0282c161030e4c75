"""A deploy is announced and spread; many leaving at once is linear; nothing outlives its socket."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
import socketio
import websockets

from rooms.limits import Limits
from tests.engine_stage import RawClient, run, stage, until
from tests.patience import BUSY_S


def test_a_drain_announces_itself_and_spreads_the_closes() -> None:
    async def story() -> None:
        limits = Limits(drain_s=1)
        async with stage(limits=limits) as place:
            clients = [await place.joined() for _ in range(20)]
            waiting = await place.raw()
            draining = asyncio.create_task(place.engine.drain(3.5))
            for client in clients:
                assert await client.receive() == '42["drain",{"retry_in_s":3.5}]'
            with pytest.raises(websockets.InvalidStatus) as refusal:
                await place.raw()
            assert refusal.value.response.status_code == 503
            assert refusal.value.response.headers["retry-after"]
            assert place.sockets > 15
            started = time.monotonic()

            async def gone(client: RawClient) -> float:
                assert (await client.closing())[0] == 1012
                return time.monotonic() - started

            ended = await asyncio.gather(*(gone(client) for client in clients))
            assert max(ended) - min(ended) > 0.5
            assert (await waiting.closing())[0] == 1012
            await draining
            assert place.sockets == 0

    run(story())


def test_a_drain_lets_a_running_handler_finish_and_its_ack_go_out() -> None:
    async def story() -> None:
        async with stage(limits=Limits(drain_s=0.2)) as place:
            client = await place.joined()
            await client.send('421["slow",{}]')
            await until(lambda: bool(place.app.seen))
            draining = asyncio.create_task(place.engine.drain(1))
            assert "drain" in await client.receive()
            await asyncio.sleep(0.5)
            place.app.release.set()
            assert (await client.receive()).startswith('431[{"ok":true')
            assert (await client.closing())[0] == 1012
            await draining

    run(story())


def test_a_server_told_to_stop_drains_by_itself() -> None:
    async def story() -> None:
        limits = Limits(drain_s=0.3)
        async with stage(limits=limits) as place:
            client = await place.joined()
            place.server.should_exit = True
            assert (await client.receive()).startswith('42["drain",')
            assert await client.closing() == (1012, "draining; reconnect")
            await until(lambda: not place.server.server_state.connections)

    run(story())


def test_a_client_library_reconnects_after_a_drain_and_not_after_a_revocation() -> None:
    async def story() -> None:
        async with stage() as place:

            async def connected() -> socketio.AsyncClient:
                client = socketio.AsyncClient(reconnection_delay=0.05, reconnection_delay_max=0.1)
                await client.connect(place.url, transports=["websocket"], auth={})
                return client

            moved, revoked = await connected(), await connected()
            place.engine.disconnect(str(moved.get_sid()), "moved", retry=True)
            place.engine.disconnect(str(revoked.get_sid()), "revoked")
            await until(lambda: place.engine.stats()["accepted"] == 3)
            await until(lambda: moved.connected)
            await asyncio.sleep(0.3)
            assert place.engine.stats()["accepted"] == 3
            assert not revoked.connected
            await moved.disconnect()
            await revoked.disconnect()

    run(story())


def test_closing_the_engine_ends_every_socket_at_once() -> None:
    async def story() -> None:
        async with stage() as place:
            clients = [await place.joined() for _ in range(5)]
            deaf = await place.bare()
            waiting = [asyncio.create_task(client.closing()) for client in clients]
            started = time.monotonic()
            await place.engine.aclose()
            assert time.monotonic() - started < BUSY_S
            assert {code for code, _ in await asyncio.gather(*waiting)} == {1012}
            deaf.close()

    run(story())


def test_leaving_costs_the_same_however_many_rooms_and_members_there_are() -> None:
    async def story() -> None:
        async with stage() as place:
            engine = place.engine

            def steps_each(crowd: int) -> float:
                """Per connection, while `crowd` of them leave as many rooms and a common one."""
                connections = [engine._hub.open({}) for _ in range(crowd)]
                for number, connection in enumerate(connections):
                    engine._audience.enter(connection, f"job:{number}")
                    engine._audience.enter(connection, "fleet")
                with counted_steps() as steps:
                    for connection in connections:
                        connection.on_lost("transport close")
                return steps[0] / crowd

            joined = await place.joined()
            assert steps_each(640) < 1.1 * steps_each(20)  # the stock manager's cost grows 32 times
            assert engine.stats()["rooms"] == 0
            assert (await joined.ask('421["hello",{}]'))["ok"] is True

    run(story())


@contextmanager
def counted_steps() -> Iterator[list[int]]:
    """How many instructions of Python this thread takes meanwhile: unlike time, always the same."""
    steps = [0]

    def trace(frame: FrameType, event: str, _argument: object) -> Any:
        frame.f_trace_opcodes = True
        steps[0] += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield steps
    finally:
        sys.settrace(before)


def test_a_broadcast_from_the_disconnect_callback_is_safe() -> None:
    async def story() -> None:
        async with stage() as place:
            engine = place.engine

            def on_disconnect(sid: str, session: object, reason: str) -> None:
                for room in engine.rooms_of(sid):
                    engine.broadcast(room, "left", {"sid": sid})
                    engine.disconnect(sid, "again")

            engine._hub._on_disconnect = on_disconnect
            stays, leaves = await place.joined(rooms=["r"]), await place.joined(rooms=["r"])
            await leaves.close()
            assert await stays.receive() == f'42["left",{{"sid":"{leaves.sid}"}}]'
            assert engine.members("r") == [stays.sid]

    run(story())
