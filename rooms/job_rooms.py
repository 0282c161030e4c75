"""All job rooms of this node: joining, leaving, telling, and rechecking every right when a job changes.

Nothing here waits for a client or for Redis: telling is synchronous. Only joining and catching up after
a gap read the database.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from db.errors import NotFound
from rooms.bus import Bus
from rooms.engine import Engine
from rooms.events import DROPPABLE, Told
from rooms.job_room import JobRoom, Member
from rooms.membership import JobFacts, Membership, decide
from rooms.names import crew_room, dot_room, job_room
from rooms.principal import Principal, Role

SET_OUT_SLACK_MS = 60_000  # clocks differ, and the place it set out from is shown anyway
PRESENCE_TTL_S = 40.0  # a node's word about its watchers counts this long; it repeats it every 15 s


@dataclass(frozen=True, slots=True)
class StatusNews:
    """One job event as the rooms tell it; `facts` are the job's after it."""

    facts: JobFacts
    status: str
    previous: str | None
    occurred_at: str

    def as_event(self) -> dict[str, Any]:
        """The payload of `status_changed`."""
        return {
            "job_id": str(self.facts.job_id),
            "version": self.facts.version,
            "status": self.status,
            "previous": self.previous,
            "occurred_at": self.occurred_at,
        }


class JobRooms:
    """The rooms of this node. `catch_up(job_id)` reads what a room missed; the server supplies it."""

    def __init__(
        self,
        engine: Engine,
        bus: Bus,
        *,
        node_id: str,
        visible: frozenset[str],
        read_facts: Callable[[UUID], Awaitable[JobFacts | None]],
        catch_up: Callable[[UUID], None],
    ) -> None:
        self._engine = engine
        self._bus = bus
        self._node_id = node_id
        self._visible = visible
        self._read_facts = read_facts
        self._catch_up = catch_up
        self.rooms: dict[UUID, JobRoom] = {}
        self._jobs_of: dict[str, set[UUID]] = {}
        self.on_watchers: Callable[[UUID], None] = lambda _job_id: None

    def jobs_of(self, sid: str) -> frozenset[UUID]:
        """The jobs a socket follows."""
        return frozenset(self._jobs_of.get(sid, ()))

    # Joining and leaving

    async def join(self, sid: str, principal: Principal, job_id: UUID, *, follows: bool = True) -> Membership:
        """Let a socket into a job's room, without the dot yet. Raises NotFound for who has no right.

        Subscribe first, then read: whatever happens after the read reaches this room, so the snapshot
        that the caller reads next and the events that follow it leave no gap. `see_dot` comes last.
        """
        await self._bus.subscribe(job_room(job_id))
        try:
            facts = await self._read_facts(job_id)
            membership = decide(principal, facts, self._visible, time.time()) if facts else None
            if facts is None or membership is None or not self._engine.enter(sid, job_room(job_id)):
                raise NotFound("There is no such job, or it is not yours to follow.")
        except BaseException:
            self._bus.unsubscribe(job_room(job_id))
            raise
        room = self.rooms.setdefault(job_id, JobRoom(job_id, facts))
        if sid in room.members:
            self._bus.unsubscribe(job_room(job_id))  # one subscription per member
            if not follows:
                return membership  # a pro's own socket, put here meanwhile by its own wish: it stays as it is
        room.members[sid] = Member(principal, Membership(False, membership.crew), -1, follows)
        self._jobs_of.setdefault(sid, set()).add(job_id)
        if membership.crew:
            self._engine.enter(sid, crew_room(job_id))
        self._watchers_changed(room)
        if not follows and room.facts.version > facts.version:  # told while we read, and no `see_dot` follows
            self._judge(room, sid, room.members[sid], room.facts, "not_yours")
        return membership

    def see_dot(self, sid: str, facts: JobFacts) -> Membership:
        """Settle a joiner's right by the facts its snapshot was read with. Raises NotFound when lost.

        A status that arrived in between has judged by newer facts already; then that judgement stays.
        """
        room = self.rooms.get(facts.job_id)
        member = room.members.get(sid) if room else None
        if room is None or member is None:
            raise NotFound("There is no such job, or it is not yours to follow.")
        if member.decided_at < facts.version:
            self._judge(room, sid, member, facts, "not_yours")
            if sid not in room.members:
                raise NotFound("There is no such job, or it is not yours to follow.")
        return member.membership

    def unfollow(self, sid: str, job_id: UUID) -> None:
        """Take the map away. A pro stays in the room of its own job, to hear who watches."""
        room = self.rooms.get(job_id)
        member = room.members.get(sid) if room else None
        if member is None or member.principal.role is not Role.PRO:
            self.leave(sid, job_id)
        else:
            member.follows = False
            self._engine.leave(sid, dot_room(job_id))

    def leave(self, sid: str, job_id: UUID) -> None:
        """Take a socket out of a room; leaving twice is harmless."""
        room = self.rooms.get(job_id)
        if room is None or room.members.pop(sid, None) is None:
            return
        self._jobs_of[sid].discard(job_id)
        for name in (job_room(job_id), dot_room(job_id), crew_room(job_id)):
            self._engine.leave(sid, name)
        self._watchers_changed(room)
        if not room.members:
            del self.rooms[job_id]
        self._bus.unsubscribe(job_room(job_id))

    def leave_all(self, sid: str) -> None:
        """A socket is gone."""
        for job_id in self.jobs_of(sid):
            self.leave(sid, job_id)
        self._jobs_of.pop(sid, None)

    # Telling

    def tell_status(self, news: StatusNews) -> None:
        """Recheck every member by the new facts, then tell the step. A version is told once.

        A gap in versions means that something was missed: the room catches up from the database.
        """
        room = self.rooms.get(news.facts.job_id)
        if room is None or news.facts.version <= room.facts.version:
            return
        if news.facts.pro_id != room.facts.pro_id:
            room.seq, room.dot = 0, None  # the dot was another pro's
        if news.facts.version > room.facts.version + 1:
            self._catch_up(room.job_id)
        else:
            room.facts = news.facts
            self._engine.broadcast(job_room(room.job_id), Told.STATUS_CHANGED, news.as_event())
        for sid, member in list(room.members.items()):
            if member.decided_at < news.facts.version:
                self._judge(room, sid, member, news.facts, "not_yours")

    def tell_position(self, job_id: UUID, payload: dict[str, Any]) -> bool:
        """Move the dot for members who may see it.

        Not told is an older fix than the last told one, and where the pro was before setting out: a phone
        that was offline sends that afterwards, when the customer is looking already.
        """
        room = self.rooms.get(job_id)
        if room is None or payload["seq"] <= room.seq:
            return False
        if payload["seq"] < (room.facts.shown_from_ms or 0) - SET_OUT_SLACK_MS:
            return False
        room.seq = payload["seq"]
        room.dot = told = {**payload, "version": room.facts.version}
        self._engine.broadcast(
            dot_room(job_id), Told.LOCATION_UPDATE, told, droppable=True, key=room_key(job_id)
        )
        return True

    def newest_dot(self, job_id: UUID) -> dict[str, Any] | None:
        """The last `location_update` told here, with its ETA; None when nobody here follows the job."""
        room = self.rooms.get(job_id)
        return room.dot if room else None

    def tell(self, job_id: UUID, event: Told, payload: dict[str, Any]) -> None:
        """Tell something else about the job: to the crew, or to everybody who sees the dot."""
        if job_id in self.rooms:
            audience = crew_room(job_id) if event is Told.PRESENCE_CHANGED else dot_room(job_id)
            self._engine.broadcast(
                audience, event, payload, droppable=event in DROPPABLE, key=room_key(job_id)
            )

    def _judge(self, room: JobRoom, sid: str, member: Member, facts: JobFacts, reason: str) -> None:
        membership = decide(member.principal, facts, self._visible, time.time())
        if membership is None:
            self.revoke(sid, room.job_id, reason)
            return
        enter_or_leave = self._engine.enter if membership.sees_dot and member.follows else self._engine.leave
        enter_or_leave(sid, dot_room(room.job_id))
        member.membership = membership
        member.decided_at = facts.version

    def revoke(self, sid: str, job_id: UUID, reason: str) -> None:
        """End a socket's stream of a job, telling it why."""
        self._engine.send(sid, Told.REVOKED, {"job_id": str(job_id), "reason": reason})
        self.leave(sid, job_id)

    # Presence

    def watched(self, job_id: UUID) -> bool:
        """Whether anybody follows this job's map, on any node, as far as this node has heard."""
        room = self.rooms.get(job_id)
        return room is not None and room.is_watched(time.monotonic())

    def hear_watchers(self, job_id: UUID, node: str, count: int) -> None:
        """Another node said how many of its sockets watch."""
        room = self.rooms.get(job_id)
        if room is not None:
            room.elsewhere[node] = (count, time.monotonic() + PRESENCE_TTL_S)
            self._tell_watchers(room)

    def say_watchers(self, job_id: UUID) -> None:
        """Tell the other nodes how many watch here."""
        room = self.rooms.get(job_id)
        if room is not None:
            self._watchers_changed(room)  # another node's word may have run out meanwhile

    def _watchers_changed(self, room: JobRoom) -> None:
        self._publish_watchers(room)
        self._tell_watchers(room)

    def _publish_watchers(self, room: JobRoom) -> None:
        self._bus.publish(
            job_room(room.job_id), {"k": "watchers", "node": self._node_id, "n": room.watchers_here}
        )

    def _tell_watchers(self, room: JobRoom) -> None:
        watchers = room.watchers(time.monotonic())
        if watchers != room.told_watchers:
            room.told_watchers = watchers
            self.on_watchers(room.job_id)
            self.tell(room.job_id, Told.PRESENCE_CHANGED, {"job_id": str(room.job_id), "watchers": watchers})


def room_key(job_id: UUID) -> str:
    """The conflation slot of a job's droppable events for a slow reader."""
    return str(job_id)
