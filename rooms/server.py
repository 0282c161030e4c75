"""The rooms put together: engine, bus, membership and clock. The composition root makes one per process."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any
from uuid import UUID

from db.errors import NotFound, Problem
from db.job_events import events_since
from db.pool import Database
from db.room_facts import active_jobs_by_pro, job_facts
from db.times import iso
from rooms.board import Board
from rooms.broadcast import Broadcaster
from rooms.bus import Bus, BusState
from rooms.engine import Engine
from rooms.feed_watch import FeedWatches
from rooms.fleet import Fleet
from rooms.hearing import Hearing
from rooms.job_rooms import JobRooms, StatusNews
from rooms.membership import VISIBLE_STATUSES, JobFacts
from rooms.names import BOARD, job_room, person_room
from rooms.principal import Principal, Role
from rooms.rights import Rights
from rooms.sockets import Answers, Session, Sockets

log = logging.getLogger("tracker.rooms")

BEAT_S = 0.5  # the fleet is published each beat and told each second one
WATCHERS_BEATS = 30  # a room's watchers are told to the other nodes every 15 s
SWEEP_EVERY_S = 20.0
SWEPT_AT_ONCE = 50  # rooms, or pros' sockets: more stall the loop between two awaits
DEAF_SWEEP_EVERY_S = 1.0
LINKS_END_AT = frozenset({"completed", "paid", "cancelled"})


class Rooms:
    """All rooms of this process.

    `authenticate(auth)` turns the CONNECT payload into a Principal or raises Problem; `dots(job_ids)`
    reads the newest visible positions after the bus was deaf.
    """

    def __init__(
        self,
        database: Database,
        bus: Bus,
        *,
        node_id: str,
        authenticate: Callable[[dict[str, Any]], Awaitable[Principal]],
        answers: Answers,
        dots: Callable[[list[UUID]], Awaitable[dict[UUID, dict[str, Any]]]],
        visible: frozenset[str] = VISIBLE_STATUSES,
        allowed_origins: list[str] | None = None,
    ) -> None:
        self._database = database
        self._authenticate = authenticate
        self._dots = dots
        self.bus = bus
        self.engine = Engine(
            on_connect=self._on_connect,
            on_event=self._on_event,
            on_disconnect=self._on_disconnect,
            allowed_origins=allowed_origins,
        )
        self.jobs = JobRooms(
            self.engine,
            bus,
            node_id=node_id,
            visible=visible,
            read_facts=self._read_facts,
            catch_up=lambda job_id: self.spawn(self._catch_up(job_id)),
        )
        self.fleet = Fleet(self.engine, bus)
        self.feeds = FeedWatches(self.engine, bus)
        self.board = Board(self.engine, bus)
        self.hearing = Hearing(self.engine, self.jobs, self.fleet, self.feeds, self.board)
        self.say = Broadcaster(bus, self.hearing.hear)
        self.rights = Rights(database, self.engine, self.jobs)
        self._sockets = Sockets(self.jobs, self.fleet, self.feeds, self.board, answers)
        self._tasks: set[asyncio.Task[None]] = set()
        bus.on_message = self.hearing.hear
        bus.on_resync = self._resync
        self.hearing.on_status = self._status_heard

    async def start(self) -> None:
        """Connect the bus and start the clock."""
        await self.bus.start()
        self.spawn(self._clock())
        self.spawn(self._sweep())

    async def aclose(self) -> None:
        """Stop the clock, close the engine and the bus."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.engine.aclose()
        await self.bus.aclose()

    # Sockets coming and going

    async def _on_connect(self, sid: str, auth: dict[str, Any], _environ: dict[str, Any]) -> Session:
        session = Session(sid, await self._authenticate(auth))
        try:
            self.rights.opened(session)
            if not session.principal.is_link:
                await self.bus.subscribe(person_room(session.principal.id))
                self.engine.enter(sid, person_room(session.principal.id))
            await self._join_own_jobs_of([session])
        except BaseException:
            self._forget(session)
            raise
        return session

    async def _on_event(self, sid: str, session: Session, event: str, data: dict[str, Any]) -> dict[str, Any]:
        return await self._sockets.on_event(sid, session, event, data)

    def _on_disconnect(self, _sid: str, session: Session, _reason: str) -> None:
        self._forget(session)

    def _forget(self, session: Session) -> None:
        self._sockets.on_leave(session)
        if self.rights.closed(session) and not session.principal.is_link:
            self.bus.unsubscribe(person_room(session.principal.id))

    async def join_own_jobs(self, pro_id: str) -> None:
        """Put a pro's sockets into the rooms of the jobs the pro is busy with now. Raises Unavailable.

        Leaving needs no such help: a lost job's status rechecks its members.
        """
        await self._join_own_jobs_of(self.rights.sessions_of(pro_id))

    async def _join_own_jobs_of(self, sessions: list[Session]) -> None:
        pros = [session for session in sessions if session.principal.role is Role.PRO]
        for start in range(0, len(pros), SWEPT_AT_ONCE):
            chunk = pros[start : start + SWEPT_AT_ONCE]
            async with self._database.connection() as conn:
                jobs = await active_jobs_by_pro(conn, sorted({session.principal.id for session in chunk}))
            for session in chunk:
                for job_id in jobs.get(session.principal.id, ()):
                    if job_id not in self.jobs.jobs_of(session.sid):
                        await self._join_quietly(session, job_id)

    async def _join_quietly(self, session: Session, job_id: UUID) -> None:
        try:
            await self.jobs.join(session.sid, session.principal, job_id, follows=False)
        except NotFound:
            return  # it moved on, or the socket left
        self.bus.publish(job_room(job_id), {"k": "who_watches"})

    def _status_heard(self, news: StatusNews) -> None:
        """A job's end sets the end of its tracking links: learn it now, not at the next sweep."""
        room = self.jobs.rooms.get(news.facts.job_id)
        if room is not None and news.status in LINKS_END_AT:
            links = {m.principal.id for m in room.members.values() if m.principal.is_link}
            if links:
                self.spawn(self.rights.recheck(links))

    # Reading

    async def _read_facts(self, job_id: UUID) -> JobFacts | None:
        async with self._database.connection() as conn:
            rows = await job_facts(conn, [job_id])
        return JobFacts(*rows[0].values()) if rows else None

    async def _catch_up(self, job_id: UUID) -> None:
        """Tell a room the events it missed, in order, with the job's present facts as the judge."""
        room = self.jobs.rooms.get(job_id)
        if room is None:
            return
        async with self._database.connection() as conn:
            missed = await events_since(conn, job_id, room.facts.version)
            facts = await job_facts(conn, [job_id])  # after the events: older facts would judge too mildly
        for event in missed:
            now = JobFacts(job_id, event.version, *list(facts[0].values())[2:])
            self.jobs.tell_status(
                StatusNews(now, event.to_status or now.status, event.from_status, iso(event.occurred_at))
            )

    async def _resync(self, channels: list[str]) -> None:
        """These channels were deaf for a while: whatever their rooms missed is read from the database."""
        deaf = set(channels)
        if BOARD in deaf:
            self.board.missed()
        job_ids = [job_id for job_id in self.jobs.rooms if job_room(job_id) in deaf]
        await self._read_again(job_ids)
        for job_id in job_ids:
            self.jobs.say_watchers(job_id)
            self.bus.publish(job_room(job_id), {"k": "who_watches"})

    async def _read_again(self, job_ids: list[UUID]) -> None:
        """Tell these rooms what the database knows and they do not; cut every socket whose right is gone."""
        for start in range(0, len(job_ids), SWEPT_AT_ONCE):
            chunk = job_ids[start : start + SWEPT_AT_ONCE]
            async with self._database.connection() as conn:
                rows = await job_facts(conn, chunk)
            for row in rows:
                room = self.jobs.rooms.get(row["id"])
                if room is not None and row["version"] > room.facts.version:
                    await self._catch_up(row["id"])
            for job_id, payload in (await self._dots(chunk)).items():
                self.jobs.tell_position(job_id, payload)
        await self.rights.recheck()
        await self._join_own_jobs_of(self.rights.all_sessions())

    # Clock

    async def _clock(self) -> None:
        beats = 0
        while True:
            await asyncio.sleep(BEAT_S)
            beats += 1
            try:
                self._beat(beats)
            except Exception:  # whatever it was: rights must go on ending, and screens ticking
                log.exception("a beat was missed")

    def _beat(self, beats: int) -> None:
        self.rights.cut_expired()
        self.fleet.publish()
        if beats % 2 == 0:
            self.fleet.tick()
            self.board.tick()
        turn = beats % WATCHERS_BEATS  # a part of the rooms each beat: ten thousand at once stall the loop
        for job_id in [job_id for job_id in self.jobs.rooms if job_id.int % WATCHERS_BEATS == turn]:
            self.jobs.say_watchers(job_id)

    async def _sweep(self) -> None:
        """Find in the database what news missed: now and then, and every second while the bus is deaf."""
        unswept_s = 0.0
        while True:
            pause_s = DEAF_SWEEP_EVERY_S * random.uniform(0.8, 1.2)
            await asyncio.sleep(pause_s)
            unswept_s += pause_s
            deaf = self.bus.state is BusState.DEAF
            if deaf:
                self.board.missed()
            if deaf or unswept_s >= SWEEP_EVERY_S:
                unswept_s = 0.0
                await _logged(self._read_again(list(self.jobs.rooms)))

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something in the background; it is logged when it fails, and cancelled at the end."""
        task = asyncio.create_task(_logged(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _logged(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except asyncio.CancelledError:
        raise
    except Problem as error:
        log.warning("put off: %s", error.detail)
    except Exception:
        log.exception("background work failed")
