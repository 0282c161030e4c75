"""A reader that stops reading costs little, slows nobody, and sees the newest first when it wakes."""

from __future__ import annotations

import asyncio
import json
import time

import pytest

from rooms.limits import Limits
from tests import engine_stage
from tests.engine_stage import BareSocket, Stage, run, stage, until

PADDING = "x" * 1000
SMALL_BUFFER = 4096


@pytest.fixture(autouse=True, params=engine_stage.LOOPS)
def each_loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Transports differ between the loops: every story here is told on both."""
    monkeypatch.setattr(engine_stage, "loop_name", request.param)


async def stall(place: Stage, bare: BareSocket) -> None:
    """Fill every buffer on the way to a reader that does not read."""
    for number in range(10_000):
        place.engine.broadcast("r", "location_update", {"n": number, "p": PADDING}, droppable=True, key="job")
        if number % 50 == 0:
            await asyncio.sleep(0)
        if place.engine.stats()["conflated"] > 500:
            return
    raise AssertionError("the reader was never found slow")


def test_a_reader_that_wakes_sees_the_newest_of_each_kind_and_all_that_must_arrive() -> None:
    async def story() -> None:
        async with stage() as place:
            bare = await place.bare(receive_buffer=SMALL_BUFFER, rooms=["r"])
            bare.reader._transport.pause_reading()  # type: ignore[attr-defined]
            await stall(place, bare)
            for number in range(200):
                place.engine.broadcast("r", "location_update", {"n": number}, droppable=True, key="job")
                place.engine.broadcast("r", "location_update", {"n": number}, droppable=True, key="other")
                place.engine.broadcast("r", "contact_changed", {"n": number}, droppable=True, key="job")
                if number % 50 == 0:
                    place.engine.broadcast("r", "status_changed", {"version": number})
            place.engine.broadcast("r", "last", {})
            assert place.engine.stats()["slow_readers"] == 1
            bare.reader._transport.resume_reading()  # type: ignore[attr-defined]
            heard: list[tuple[str, dict[str, int]]] = []
            while not heard or heard[-1][0] != "last":
                event, payload = json.loads((await bare.frame())[1][2:])
                heard.append((event, payload))
            tail = heard[-8:]
            assert [item for item in tail if item[0] == "status_changed"] == [
                ("status_changed", {"version": version}) for version in (0, 50, 100, 150)
            ]
            assert [item for item in tail if item[0] == "location_update"] == [
                ("location_update", {"n": 199}),
                ("location_update", {"n": 199}),
            ]
            assert ("contact_changed", {"n": 199}) in tail
            await until(lambda: place.engine.stats()["slow_readers"] == 0)
            place.engine.broadcast("r", "fresh", {})
            assert (await bare.frame())[1] == b'42["fresh",{}]'
            bare.close()

    run(story())


def test_a_stalled_reader_costs_less_than_a_megabyte_whatever_is_sent() -> None:
    async def story() -> None:
        async with stage() as place:
            bare = await place.bare(receive_buffer=SMALL_BUFFER, rooms=["r"])
            bare.reader._transport.pause_reading()  # type: ignore[attr-defined]
            await stall(place, bare)
            (connection,) = place.engine._hub.slow
            for _ in range(20):
                await asyncio.sleep(0)
                for number in range(1000):
                    place.engine.broadcast(
                        "r", "location_update", {"n": number, "p": PADDING}, droppable=True
                    )
            assert connection.backlog is not None
            assert connection.backlog.size < 10_000  # type: ignore[union-attr]
            assert connection.wire.transport.get_write_buffer_size() < 64 * 1024
            bare.close()

    run(story())


def test_must_arrive_frames_beyond_the_cap_end_the_socket_with_an_invitation_to_reconnect() -> None:
    async def story() -> None:
        limits = Limits(backlog_bytes=100_000)
        async with stage(limits=limits) as place:
            bare = await place.bare(receive_buffer=SMALL_BUFFER, rooms=["r"])
            bare.reader._transport.pause_reading()  # type: ignore[attr-defined]
            await stall(place, bare)
            for number in range(200):
                place.engine.broadcast("r", "status_changed", {"version": number, "p": PADDING})
            await until(lambda: place.sockets == 0)
            assert [reason for _, _, reason in place.app.left] == ["reading too slowly; reconnect"]
            bare.reader._transport.resume_reading()  # type: ignore[attr-defined]
            assert await bare.closing() == 1013
            bare.close()

    run(story())


def test_stalled_readers_are_let_go_and_slow_nobody() -> None:
    async def story() -> None:
        limits = Limits(stall_timeout_s=1.5, close_timeout_s=0.5)
        async with stage(limits=limits) as place:
            stalled = [await place.bare(receive_buffer=SMALL_BUFFER, rooms=["r"]) for _ in range(50)]
            for bare in stalled:
                bare.reader._transport.pause_reading()  # type: ignore[attr-defined]
            quick = await place.joined(rooms=["r"])
            slowest_s = 0.0
            deadline = time.monotonic() + 10
            while place.sockets > 1 and time.monotonic() < deadline:
                started = time.monotonic()
                place.engine.broadcast("r", "tick", {"p": PADDING}, droppable=True, key="a")
                assert "tick" in await quick.receive()
                slowest_s = max(slowest_s, time.monotonic() - started)
            assert place.sockets == 1
            assert slowest_s < limits.stall_timeout_s  # nobody waited for a stalled one
            assert {reason for _, _, reason in place.app.left} == {"nothing was read for too long; reconnect"}
            assert place.engine.stats()["stalled"] == 50
            await until(lambda: place.engine.stats()["closing"] == 0)
            for bare in stalled:
                bare.close()

    run(story())


def test_a_slow_reader_that_keeps_reading_stays() -> None:
    async def story() -> None:
        limits = Limits(stall_timeout_s=0.5)
        async with stage(limits=limits) as place:
            bare = await place.bare(receive_buffer=SMALL_BUFFER, rooms=["r"])
            bare.reader._transport.pause_reading()  # type: ignore[attr-defined]
            await stall(place, bare)
            bare.reader._transport.resume_reading()  # type: ignore[attr-defined]
            for _ in range(100):
                await bare.frame()
                place.engine.broadcast("r", "tick", {"p": PADDING}, droppable=True, key="a")
                await asyncio.sleep(0.01)
            assert place.sockets == 1
            bare.close()

    run(story())
