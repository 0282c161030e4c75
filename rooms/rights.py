"""Rights that end while a socket is open: expired tokens, dead links, suspended and signed-out people.

News of an ended right comes over the bus; the sweep finds what news missed. Known ends are kept in a heap
and cut within half a second.
"""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Iterable

from db.pool import Database
from db.room_facts import barred_people, link_ends
from rooms.engine import Engine
from rooms.job_rooms import JobRooms
from rooms.names import person_room
from rooms.sockets import Session

SPARE_ENDS = 1000  # of sockets that have left; more are swept out
RECHECKED_AT_ONCE = 250  # sockets: more stall the loop


class Rights:
    """Knows when each open socket's right ends."""

    def __init__(self, database: Database, engine: Engine, jobs: JobRooms) -> None:
        self._database = database
        self._engine = engine
        self._jobs = jobs
        self._sessions: dict[str, Session] = {}
        self._ends: list[tuple[float, str]] = []

    def opened(self, session: Session) -> None:
        """A socket connected."""
        self._sessions[session.sid] = session
        self._expect_end(session.sid, session.principal.expires_at)

    def closed(self, session: Session) -> bool:
        """A socket is gone; False when that was known."""
        return self._sessions.pop(session.sid, None) is not None

    def all_sessions(self) -> list[Session]:
        """The open sockets of this node."""
        return list(self._sessions.values())

    def sessions_of(self, person_id: str) -> list[Session]:
        """The open sockets of one person on this node."""
        sids = self._engine.members(person_room(person_id))
        return [self._sessions[sid] for sid in sids if sid in self._sessions]

    def cut_expired(self) -> None:
        """Close every socket whose right has ended by the clock."""
        now = time.time()
        while self._ends and self._ends[0][0] <= now:
            _, sid = heapq.heappop(self._ends)
            if sid in self._sessions:
                self._cut(self._sessions[sid], "expired")

    async def recheck(self, person_ids: Iterable[str] | None = None) -> None:
        """Ask the database about everybody here (or about these people) and cut whose right is gone.

        Raises Unavailable; the next sweep asks again.
        """
        wanted = None if person_ids is None else set(person_ids)
        sessions = [s for s in self._sessions.values() if wanted is None or s.principal.id in wanted]
        for start in range(0, len(sessions), RECHECKED_AT_ONCE):
            await self._recheck(sessions[start : start + RECHECKED_AT_ONCE])
        self.cut_expired()

    async def _recheck(self, sessions: list[Session]) -> None:
        people = sorted({s.principal.id for s in sessions if not s.principal.is_link})
        links = sorted({s.principal.link_id for s in sessions if s.principal.is_link})
        async with self._database.connection() as conn:
            barred = await barred_people(conn, people) if people else {}
            ends = await link_ends(conn, links) if links else {}
        for session in sessions:
            principal = session.principal
            if principal.is_link:
                self._expect_end(session.sid, ends[principal.link_id])
            elif (principal.issued_at or 0.0) <= barred.get(principal.id, -math.inf):
                self._cut(session, "signed_out")

    def _expect_end(self, sid: str, at: float | None) -> None:
        if at is not None and at < math.inf:
            heapq.heappush(self._ends, (at, sid))
        if len(self._ends) > 2 * len(self._sessions) + SPARE_ENDS:  # a token may outlive its socket by years
            self._ends = sorted({end for end in self._ends if end[1] in self._sessions})  # sorted is a heap

    def _cut(self, session: Session, reason: str) -> None:
        for job_id in self._jobs.jobs_of(session.sid):
            self._jobs.revoke(session.sid, job_id, reason)
        self._engine.disconnect(session.sid, reason)
