"""What a node gathers for its screens: no id is lost, none is told twice, nobody is told too often."""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast

import pytest

from rooms import board as module
from rooms.board import MOST_JOBS, READ_AGAIN_EVERY_S, Board
from rooms.bus import LocalBus
from rooms.names import BOARD
from tests.engine_stage import run, stage, until


class Screens:
    """What the board needs of the engine: who is in the room, and a record of what was told."""

    def __init__(self) -> None:
        self.here: set[str] = set()
        self.gone: set[str] = set()
        self.told: list[list[str] | None] = []

    def enter(self, sid: str, _room: str) -> bool:
        self.here.add(sid)
        return sid not in self.gone

    def leave(self, sid: str, _room: str) -> None:
        self.here.discard(sid)

    def broadcast_or(self, room: str, event: str, payload: dict[str, Any], *, slow: dict[str, Any]) -> int:
        assert (room, event, slow) == (BOARD, "board_changed", {"jobs": None})
        self.told.append(None if payload["jobs"] is None else sorted(payload["jobs"]))
        return len(self.here)


class Clock:
    """Monotonic seconds in the test's hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def watched() -> tuple[Board, Screens, LocalBus]:
    """A board with one screen."""
    screens, bus = Screens(), LocalBus()
    board = Board(cast(Any, screens), bus)
    asyncio.run(board.watch("s"))
    return board, screens, bus


def test_changes_are_gathered_and_an_event_said_twice_is_told_once(clock: Clock) -> None:
    board, screens, _ = watched()
    for job_id, version in (("a", 1), ("b", 5), ("a", 2), ("a", 2), ("a", 1)):
        board.changed(job_id, version)
    board.tick()
    board.tick()
    board.changed("a", 2)  # the outbox says it again
    board.changed("b", 4)  # late, and the screen has read what came after it
    board.tick()
    board.changed("a", 3)
    board.changed("b", None)  # no event of the job, but another card
    board.tick()
    assert screens.told == [["a", "b"], ["a", "b"]]


def test_too_many_and_what_was_missed_is_read_again_but_not_every_second(clock: Clock) -> None:
    board, screens, _ = watched()
    for number in range(MOST_JOBS + 1):
        board.changed(str(number), 1)
    board.tick()
    assert screens.told == [None]
    board.missed()
    board.changed("a", 1)
    for _ in range(int(READ_AGAIN_EVERY_S) - 1):
        clock.now += 1
        board.tick()
    assert screens.told == [None]
    clock.now += 1
    board.tick()
    board.tick()
    assert screens.told == [None, None]  # which holds what changed meanwhile
    board.changed("a", 2)
    board.tick()
    assert screens.told == [None, None, ["a"]]


def test_a_node_without_a_screen_hears_and_keeps_nothing(clock: Clock) -> None:
    board, screens, bus = watched()
    assert bus.stats()["channels"] == 1
    asyncio.run(board.watch("s"))  # again
    asyncio.run(board.watch("t"))
    board.changed("a", 1)
    board.missed()
    for sid in ("s", "s", "t", "never"):
        board.unwatch(sid)
    assert (bus.stats()["channels"], screens.here) == (0, set())
    board.changed("b", 1)
    board.missed()
    screens.gone.add("gone")  # it left while it asked
    asyncio.run(board.watch("gone"))
    assert bus.stats()["channels"] == 0
    asyncio.run(board.watch("u"))
    board.tick()
    assert screens.told == []


def test_a_slow_screen_is_told_once_to_read_all_again_and_others_get_every_id() -> None:
    async def story() -> None:
        async with stage() as place:
            slow = await place.bare(receive_buffer=4096, rooms=[BOARD])
            slow.reader._transport.pause_reading()  # type: ignore[attr-defined]
            other = await place.joined(rooms=[BOARD])
            heard: list[int] = []
            for number in range(10_000):
                jobs = [f"{number:06}" + "x" * 30 for _ in range(MOST_JOBS)]
                place.engine.broadcast_or(BOARD, "board_changed", {"jobs": jobs}, slow={"jobs": None})
                heard.append(int(json.loads((await other.receive())[2:])[1]["jobs"][0][:6]))
                if place.engine.stats()["conflated"] > 20:
                    break
            assert heard == [*range(number + 1)]
            place.engine.broadcast(BOARD, "last", {})
            slow.reader._transport.resume_reading()  # type: ignore[attr-defined]
            frames: list[Any] = []
            while not frames or frames[-1][0] != "last":
                frames.append(json.loads((await slow.frame())[1][2:]))
            told = [payload["jobs"] for event, payload in frames if event == "board_changed"]
            assert [jobs[0][:6] for jobs in told[:-1]] == [f"{n:06}" for n in range(len(told) - 1)]
            assert told[-1] is None
            await until(lambda: place.engine.stats()["slow_readers"] == 0)
            slow.close()
            await other.close()

    run(story())
