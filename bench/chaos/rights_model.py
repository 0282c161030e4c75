"""Two nodes' job rooms without sockets or Redis, and an oracle that says who may see what.

The oracle is written from the design's words and shares no code with `rooms.membership`. News and dots
travel between the nodes in order, late, and sometimes not at all; then the room is read again, as after an
outage. A socket must never be handed a position that the facts its node knew of did not allow, and must be
handed every one that they did allow.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID, uuid4

from db.errors import NotFound
from rooms.bus import Bus
from rooms.engine import Engine
from rooms.job_rooms import JobRooms, StatusNews
from rooms.membership import VISIBLE_STATUSES, JobFacts
from rooms.names import dot_room
from rooms.principal import Principal, Role

WITHOUT_PRO = ("pending", "open")
WITH_PRO = ("accepted", "scheduled", "en_route", "arrived", "in_progress", "completed", "cancelled")
LATEST = 40  # messages that may be under way to a node
JOBS = 6
SOCKETS = 40


def may_see(role: str, person: str, link_job: UUID | None, job: JobFacts) -> bool:
    """Whether this viewer may see where the pro of this job is. Design §6, in its own words."""
    if link_job is not None:
        return link_job == job.job_id and job.status in ("en_route", "arrived", "in_progress")
    if role in ("dispatcher", "admin"):
        return job.pro_id is not None
    if role == "pro":
        return person == job.pro_id
    return person == job.customer_id and job.status in ("en_route", "arrived", "in_progress")


@dataclass(slots=True)
class Viewer:
    """One socket. `knows` has the version of each followed job that its node has judged it by."""

    sid: str
    principal: Principal
    knows: dict[UUID, int] = field(default_factory=dict)

    def may_see(self, job: JobFacts) -> bool:
        """The oracle's word."""
        link_job = UUID(self.principal.job_id) if self.principal.job_id else None
        return may_see(self.principal.role.value, self.principal.id, link_job, job)


class QuietEngine:
    """Rooms of sids; `told` collects who was handed a position."""

    def __init__(self) -> None:
        self.rooms: defaultdict[str, set[str]] = defaultdict(set)
        self.told: list[str] = []
        self.revoked: list[str] = []

    def enter(self, sid: str, room: str) -> bool:
        self.rooms[room].add(sid)
        return True

    def leave(self, sid: str, room: str) -> None:
        self.rooms[room].discard(sid)

    def broadcast(self, room: str, event: str, _payload: dict[str, Any], **_: object) -> int:
        if event == "location_update":
            self.told.extend(self.rooms[room])
        return len(self.rooms[room])

    def send(self, sid: str, event: str, _payload: dict[str, Any], **_: object) -> bool:
        if event == "revoked":
            self.revoked.append(sid)
        return True


class QuietBus:
    """The model carries the news itself."""

    async def subscribe(self, _channel: str) -> None:
        return

    def unsubscribe(self, _channel: str) -> None:
        return

    def publish(self, _channel: str, _message: dict[str, Any]) -> None:
        return


class Node:
    """The job rooms of one process, its viewers, and what is under way to it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.engine = QuietEngine()
        self.coming: deque[Callable[[], None]] = deque()
        self.rooms = JobRooms(
            cast(Engine, self.engine),
            cast(Bus, QuietBus()),
            node_id=f"node{id(self)}",
            visible=VISIBLE_STATUSES,
            read_facts=self._read,
            catch_up=self.catch_up,
        )
        self.viewers = {
            (viewer := world.new_viewer(f"{id(self)}-{number}")).sid: viewer for number in range(SOCKETS)
        }

    async def _read(self, job_id: UUID) -> JobFacts:
        return self._world.now(job_id)

    def hear_news(self, news: StatusNews) -> None:
        """A status step arrives."""
        self.rooms.tell_status(news)
        self._now_know(news.facts.job_id, news.facts.version)

    def catch_up(self, job_id: UUID) -> None:
        """What the server does: the missed events, judged by the newest facts."""
        room = self.rooms.rooms.get(job_id)
        for version in range(room.facts.version + 1 if room else 0, self._world.now(job_id).version + 1):
            now = self._world.now(job_id)
            facts = JobFacts(job_id, version, now.status, now.customer_id, now.pro_id)
            self.rooms.tell_status(StatusNews(facts, now.status, None, ""))
        self._now_know(job_id, self._world.now(job_id).version)

    def hear_dot(self, job_id: UUID, seq: int) -> None:
        """A position arrives: count who was handed it, and who should have been."""
        self.engine.told.clear()
        if not self.rooms.tell_position(job_id, {"job_id": str(job_id), "seq": seq}):
            return
        told = set(self.engine.told)
        for sid, viewer in self.viewers.items():
            if job_id not in viewer.knows:
                self._world.counts["to strangers"] += sid in told
                continue
            allowed = viewer.may_see(self._world.history[job_id][viewer.knows[job_id]])
            self._world.counts["rightly"] += sid in told and allowed
            self._world.counts["wrongly"] += sid in told and not allowed
            self._world.counts["withheld"] += sid not in told and allowed

    async def join(self, viewer: Viewer, job_id: UUID) -> None:
        """A `watch`: join, read the snapshot, settle the right; sometimes the job moves in between."""
        try:
            await self.rooms.join(viewer.sid, viewer.principal, job_id)
            facts = self._world.now(job_id)
            if random.random() < 0.2:
                self._world.step(job_id, random.choice(self._world.nodes))
            self.rooms.see_dot(viewer.sid, facts)
        except NotFound:
            self.rooms.leave(viewer.sid, job_id)
            viewer.knows.pop(job_id, None)
        else:
            viewer.knows[job_id] = max(facts.version, viewer.knows.get(job_id, 0), self._heard_of(job_id))
        self.engine.revoked.clear()

    def leave(self, viewer: Viewer, job_id: UUID) -> None:
        """An `unwatch`, or a socket that is gone."""
        self.rooms.leave(viewer.sid, job_id)
        viewer.knows.pop(job_id, None)

    def _heard_of(self, job_id: UUID) -> int:
        room = self.rooms.rooms.get(job_id)
        return room.facts.version if room else 0

    def _now_know(self, job_id: UUID, version: int) -> None:
        for viewer in self.viewers.values():
            if job_id in viewer.knows:
                viewer.knows[job_id] = max(version, viewer.knows[job_id])
        for sid in self.engine.revoked:
            self.viewers[sid].knows.pop(job_id, None)
        self.engine.revoked.clear()
        stray = self.engine.rooms[dot_room(job_id)] - self.viewers.keys()
        assert not stray


class World:
    """The database, two nodes and the way between them. `counts` is the outcome."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.history: dict[UUID, list[JobFacts]] = {}
        self._seq = 0
        for number in range(JOBS):
            job_id = uuid4()
            self.history[job_id] = [JobFacts(job_id, 0, "open", f"customer{number % 3}", None)]
        self.nodes = [Node(self), Node(self)]

    def now(self, job_id: UUID) -> JobFacts:
        """The job as the database has it."""
        return self.history[job_id][-1]

    def new_viewer(self, sid: str) -> Viewer:
        """Somebody of a random role."""
        number = random.randrange(3)
        role = random.choice([*Role, "link"])
        if role == "link":
            job_id = random.choice(list(self.history))
            return Viewer(sid, Principal(f"link:{sid}", Role.CUSTOMER, job_id=str(job_id)))
        return Viewer(sid, Principal(f"{role}{number}", Role(role)))

    def step(self, job_id: UUID, at: Node) -> None:
        """A job moves, or changes hands, through one node; the other one hears of it later."""
        last = self.now(job_id)
        status = random.choice(WITHOUT_PRO + WITH_PRO)
        keeps = last.pro_id is not None and random.random() < 0.7
        pro = None if status in WITHOUT_PRO else last.pro_id if keeps else f"pro{random.randrange(3)}"
        facts = JobFacts(job_id, last.version + 1, status, last.customer_id, pro)
        self.history[job_id].append(facts)
        news = StatusNews(facts, status, last.status, "")
        self._say(at, lambda node: node.hear_news(news))

    def dot(self, job_id: UUID, at: Node) -> None:
        """A pro's position comes in at one node."""
        self._seq += 1
        seq = self._seq
        self._say(at, lambda node: node.hear_dot(job_id, seq))

    def _say(self, at: Node, tell: Callable[[Node], None]) -> None:
        other = self.nodes[self.nodes[0] is at]
        tell(at)
        other.coming.append(lambda: tell(other))
        while len(other.coming) > LATEST:
            other.coming.popleft()()

    async def walk(self, steps: int) -> None:
        """That many random steps."""
        job_ids = list(self.history)
        for _ in range(steps):
            node, job_id = random.choice(self.nodes), random.choice(job_ids)
            viewer = random.choice(list(node.viewers.values()))
            chance = random.random()
            if chance < 0.40:
                self.dot(job_id, node)
            elif chance < 0.55:
                self.step(job_id, node)
            elif chance < 0.75:
                await node.join(viewer, job_id)
            elif chance < 0.80:
                node.leave(viewer, job_id)
            elif chance < 0.99:
                for _ in range(min(random.randrange(8), len(node.coming))):
                    node.coming.popleft()()
            else:
                node.coming.clear()  # an outage of the bus, and what follows it
                for each in job_ids:
                    node.catch_up(each)
