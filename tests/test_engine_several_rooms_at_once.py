"""One event to several rooms: a socket in many of them gets it all in one write, a slow one the newest."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from rooms.transport import DirectWebSocketProtocol
from tests.engine_stage import BareSocket, run, stage

PADDING = "x" * 2000


async def told(bare: BareSocket) -> tuple[str, dict[str, Any]]:
    event, payload = json.loads((await bare.frame())[1][2:])
    return event, payload


def test_each_room_hears_its_own_payload_and_a_socket_in_two_hears_both(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write, writes = DirectWebSocketProtocol.write, []

    def counted(wire: DirectWebSocketProtocol, frames: bytes) -> None:
        writes.append(wire)
        write(wire, frames)

    async def story() -> None:
        async with stage() as place:
            both, one, none = [await place.bare(rooms=rooms) for rooms in (["a", "b"], ["b"], ["c"])]
            monkeypatch.setattr(DirectWebSocketProtocol, "write", counted)
            assert place.engine.broadcast_each("fleet_tick", {"a": {"n": 1}, "b": {"n": 2}}) == 3
            place.engine.broadcast("c", "last", {})
            assert [await told(both), await told(both)] == [
                ("fleet_tick", {"n": 1}),
                ("fleet_tick", {"n": 2}),
            ]
            assert len(writes) == 3  # one each
            assert await told(one) == ("fleet_tick", {"n": 2})
            assert await told(none) == ("last", {})
            for bare in (both, one, none):
                bare.close()

    run(story())


def test_a_slow_reader_gets_the_newest_of_each_room() -> None:
    async def story() -> None:
        async with stage() as place:
            slow = await place.bare(receive_buffer=4096, rooms=["a", "b"])
            slow.reader._transport.pause_reading()  # type: ignore[attr-defined]
            for number in range(10_000):
                payload = {"n": number, "p": PADDING}
                place.engine.broadcast_each("fleet_tick", {"a": payload, "b": payload})
                if number % 50 == 0:
                    await asyncio.sleep(0)
                if place.engine.stats()["conflated"] > 100:
                    break
            place.engine.broadcast_each("fleet_tick", {"a": {"n": -1}, "b": {"n": -2}})
            place.engine.broadcast("a", "last", {})
            slow.reader._transport.resume_reading()  # type: ignore[attr-defined]
            heard = []
            while not heard or heard[-1][0] != "last":
                heard.append(await told(slow))
            assert heard[-3:] == [("fleet_tick", {"n": -1}), ("fleet_tick", {"n": -2}), ("last", {})]
            slow.close()

    run(story())
