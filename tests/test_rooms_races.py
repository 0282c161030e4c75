"""A job's room when two things happen at once: joins, changes of pro, nodes that vanish."""

from __future__ import annotations

import asyncio
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from rooms import job_rooms as module
from rooms.bus import LocalBus
from rooms.events import Told
from rooms.job_rooms import JobRooms, StatusNews
from rooms.membership import VISIBLE_STATUSES, JobFacts
from rooms.names import dot_room, job_room
from rooms.principal import Principal, Role

JOB = uuid4()
PAT = Principal("pat", Role.PRO)
DEE = Principal("dee", Role.DISPATCHER)


class Sockets:
    """What the rooms need of the engine: rooms of sids, and a record of what was told."""

    def __init__(self) -> None:
        self.rooms: dict[str, set[str]] = {}
        self.told: list[tuple[str, str, dict[str, Any]]] = []

    def enter(self, sid: str, room: str) -> bool:
        self.rooms.setdefault(room, set()).add(sid)
        return True

    def leave(self, sid: str, room: str) -> None:
        self.rooms.get(room, set()).discard(sid)

    def broadcast(self, room: str, event: str, payload: dict[str, Any], **_how: object) -> int:
        self.told.append((room, event, payload))
        return len(self.rooms.get(room, ()))

    def send(self, sid: str, event: str, payload: dict[str, Any], **_how: object) -> bool:
        self.told.append((sid, event, payload))
        return True


def facts(version: int, status: str = "accepted", pro: str | None = "pat") -> JobFacts:
    return JobFacts(JOB, version, status, "cleo", pro)


def news(of: JobFacts) -> StatusNews:
    return StatusNews(of, of.status, None, "2026-11-21T08:00:00.000Z")


def rooms_with(reads: Any) -> tuple[JobRooms, Sockets, LocalBus]:
    sockets, bus = Sockets(), LocalBus()
    rooms = JobRooms(
        cast(Any, sockets),
        bus,
        node_id="here",
        visible=VISIBLE_STATUSES,
        read_facts=reads,
        catch_up=lambda _job_id: None,
    )
    return rooms, sockets, bus


async def now(_job_id: UUID) -> JobFacts:
    return facts(3)


def test_a_pro_who_watches_a_job_just_won_keeps_its_dot_when_the_server_puts_it_there_too() -> None:
    async def story() -> None:
        gate = asyncio.Event()

        async def slow_once(job_id: UUID) -> JobFacts:
            if not gate.is_set():
                await gate.wait()
            return await now(job_id)

        rooms, sockets, bus = rooms_with(slow_once)
        quietly = asyncio.create_task(rooms.join("s", PAT, JOB, follows=False))  # the claim was announced
        await asyncio.sleep(0)
        rooms._read_facts = now
        await rooms.join("s", PAT, JOB)  # the pro's page watches meanwhile
        rooms.see_dot("s", facts(3))
        gate.set()
        await quietly
        rooms.tell_status(news(facts(4, "en_route")))
        assert "s" in sockets.rooms[dot_room(JOB)]
        rooms.leave_all("s")
        assert bus.stats()["channels"] == 0

    asyncio.run(story())


def test_the_dot_of_the_pro_before_is_not_the_next_ones() -> None:
    async def story() -> None:
        rooms, _, _ = rooms_with(now)
        await rooms.join("d", DEE, JOB)
        rooms.see_dot("d", facts(3))
        assert rooms.tell_position(JOB, {"job_id": str(JOB), "seq": 2_000})  # pat's clock is ahead
        rooms.tell_status(news(facts(4, "accepted", "quinn")))
        assert rooms.newest_dot(JOB) is None
        assert rooms.tell_position(JOB, {"job_id": str(JOB), "seq": 1_000})

    asyncio.run(story())


def test_a_pro_who_loses_the_job_while_the_server_puts_it_in_the_room_is_not_left_there() -> None:
    async def story() -> None:
        rooms, sockets, _ = rooms_with(now)
        await rooms.join("d", DEE, JOB)

        async def lost_meanwhile(job_id: UUID) -> JobFacts:
            found = await now(job_id)
            rooms.tell_status(news(facts(4, "accepted", "quinn")))
            return found

        rooms._read_facts = lost_meanwhile
        await rooms.join("s", PAT, JOB, follows=False)
        assert sockets.rooms[job_room(JOB)] == {"d"}

    asyncio.run(story())


def test_watchers_on_a_node_that_vanished_are_not_counted_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        rooms, sockets, _ = rooms_with(now)
        await rooms.join("d", DEE, JOB)
        monkeypatch.setattr(module, "PRESENCE_TTL_S", -1.0)
        rooms.hear_watchers(JOB, "gone", 5)
        rooms.rooms[JOB].told_watchers = 6  # as it was told while that node lived
        rooms.say_watchers(JOB)
        heard = [payload["watchers"] for _, event, payload in sockets.told if event == Told.PRESENCE_CHANGED]
        assert heard[-1] == 1

    asyncio.run(story())


def test_a_room_that_nobody_is_in_holds_no_channel() -> None:
    async def story() -> None:
        rooms, sockets, bus = rooms_with(now)
        for _ in range(3):
            await rooms.join("d", DEE, JOB)
        assert bus.stats()["channels"] == 1
        rooms.leave("d", JOB)
        rooms.leave("d", JOB)
        assert bus.stats()["channels"] == 0
        assert not rooms.rooms
        assert not sockets.rooms[job_room(JOB)]

    asyncio.run(story())
