"""The pros whose heartbeats come to this node: who they are, loaded from the database and kept fresh.

A pro is loaded at the first heartbeat, never twice at once, and together with every other pro that waits:
one query for all. Meanwhile the pro's messages wait in order. Facts are looked up again every few seconds,
also in one query for all; the bus makes that the safety net and not the rule (`refresh`).
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from uuid import UUID

from db.active_jobs import ActiveJobRow, active_jobs_of, pros_of
from db.errors import Problem, Unavailable
from db.pool import Database
from db.positions import LastPosition, last_positions_of
from db.tracking_sessions import SessionKey, sessions_of
from tracker.positions.live_pro import ActiveJob, LivePro, Message

log = logging.getLogger(__name__)

TRUST_S = 5.0  # facts older than this are looked up before they decide anything
REFRESH_S = 3.0  # facts of pros in use are looked up ahead of that
IN_USE_S = 90.0
FORGET_AFTER_S = 1800.0
REFRESH_TICK_S = 1.0
ANSWER_WITHIN_S = 1.5  # how long a message waits to be understood; see also `ingest.py`
WAITING_TICK_S = 0.25
RETRY_S = 0.1
MOST_PROS = 20_000
MOST_LOADED_AT_ONCE = 100  # more at once stall the loop, and so the acks of all others
MOST_WAITING = 200  # messages of one pro


class LivePros:
    """Make it inside a running event loop.

    `on_loaded(pro, gone)` is called after each load, with the jobs that the pro has lost; then
    `on_message(pro, message)` for each message that waited. `on_gone(pro)` hears of pros forgotten.
    """

    def __init__(
        self,
        database: Database,
        *,
        on_loaded: Callable[[LivePro, list[ActiveJob]], None],
        on_message: Callable[[LivePro, Message], None],
        on_gone: Callable[[LivePro], None],
    ) -> None:
        self._database = database
        self._on_loaded = on_loaded
        self._on_message = on_message
        self._on_gone = on_gone
        self._loop = asyncio.get_running_loop()
        self._pros: OrderedDict[str, LivePro] = OrderedDict()  # least lately used first
        self._pro_of: dict[UUID, LivePro] = {}
        self._wanted: dict[str, LivePro] = {}
        self._patient: dict[str, LivePro] = {}  # pros with waiting messages
        self._loader: asyncio.Task[None] | None = None
        self._ticking = False
        self._refresher = self._loop.create_task(self._keep_fresh())

    def __len__(self) -> int:
        return len(self._pros)

    def get(self, pro_id: str) -> LivePro:
        """The pro, perhaps not loaded yet."""
        now = self._loop.time()
        pro = self._pros.get(pro_id)
        if pro is None:
            pro = self._pros[pro_id] = LivePro(pro_id, now)
            if len(self._pros) > MOST_PROS:
                self.forget(next(iter(self._pros)))
        else:
            self._pros.move_to_end(pro_id)
        pro.used_at = now
        return pro

    def find(self, pro_id: str) -> LivePro | None:
        """The pro, if this node has heard of it lately; does not count as use."""
        return self._pros.get(pro_id)

    def with_job(self, job_id: UUID) -> LivePro | None:
        """The pro of this node who has this active job."""
        return self._pro_of.get(job_id)

    def take(self, pro: LivePro, message: Message) -> None:
        """Hand the message to `on_message`: now if the facts are fresh, else once they are."""
        if not pro.waiting and self._is_ready(pro, message):
            self._on_message(pro, message)
            return
        if len(pro.waiting) >= MOST_WAITING:
            message.done(Unavailable())
            return
        pro.waiting.append(message)
        self._patient[pro.id] = pro
        self._want(pro)
        if not self._ticking:
            self._ticking = True
            self._loop.call_later(WAITING_TICK_S, self._tick)

    def refresh(self, pro_id: str) -> None:
        """The pro's jobs changed: look them up before the next message counts, and soon in any case."""
        pro = self._pros.get(pro_id)
        if pro is not None:
            pro.asked_for += 1
            self._want(pro)

    def forget(self, pro_id: str) -> None:
        """Know nothing of this pro any more."""
        pro = self._pros.pop(pro_id, None)
        if pro is not None:
            self._lose(pro, pro.jobs.values())
            self._on_gone(pro)

    async def aclose(self) -> None:
        """Stop looking up; messages that still wait are refused."""
        tasks = [task for task in (self._refresher, self._loader) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for pro in self._patient.values():
            _refuse(pro, Unavailable("This server is stopping; please reconnect."))

    # Loading

    def _is_ready(self, pro: LivePro, message: Message) -> bool:
        return (
            pro.loaded_for == pro.asked_for
            and self._loop.time() - pro.loaded_at < TRUST_S
            and (pro.name is None or all(fix.session in pro.sessions for _, fix in message.fixes))
            and (pro.loaded_at >= message.arrived or _names_known_jobs(pro, message))
        )

    def _want(self, pro: LivePro) -> None:
        self._wanted[pro.id] = pro
        if self._loader is None:
            self._loader = self._loop.create_task(self._load_wanted())

    async def _load_wanted(self) -> None:
        """Load until nobody is wanted; who comes meanwhile is in the next round."""
        try:
            while self._wanted:
                pros = list(islice(self._wanted.values(), MOST_LOADED_AT_ONCE))
                for pro in pros:
                    del self._wanted[pro.id]
                try:
                    await self._load(pros)
                except Exception as error:
                    if not isinstance(error, Problem):
                        log.exception("loading pros failed")
                    for pro in pros:
                        _refuse(pro, error if isinstance(error, Problem) else Unavailable())
                    await asyncio.sleep(RETRY_S)
        finally:
            self._loader = None

    async def _load(self, pros: list[LivePro]) -> None:
        asked_for = [pro.asked_for for pro in pros]
        started = self._loop.time()
        ids = [pro.id for pro in pros]
        async with self._database.connection() as conn:
            jobs = await active_jobs_of(conn, ids)
            last = await last_positions_of(conn, ids)
            people = await pros_of(conn, ids)
            sessions = await sessions_of(
                conn, [key for pro in pros for key in pro.missing_sessions(jobs[pro.id])]
            )
        numbers: dict[str, dict[SessionKey, int]] = {}
        for key, number in sessions.items():
            numbers.setdefault(key.pro_id, {})[key] = number
        for pro, answered in zip(pros, asked_for, strict=True):
            if person := people.get(pro.id):
                pro.name, pro.on_duty = person
            pro.loaded_at, pro.loaded_for = started, answered
            self._loaded(pro, jobs[pro.id], last.get(pro.id), numbers.get(pro.id, {}))

    def _loaded(
        self,
        pro: LivePro,
        rows: list[ActiveJobRow],
        last: LastPosition | None,
        sessions: dict[SessionKey, int],
    ) -> None:
        pro.take_last_position(last)
        new, gone = pro.take_jobs(rows)
        pro.take_sessions(sessions)
        if self._pros.get(pro.id) is pro:
            self._lose(pro, gone)
            self._pro_of.update((job.id, pro) for job in new)
            self._on_loaded(pro, gone)
        while pro.waiting and self._is_ready(pro, pro.waiting[0]):
            self._on_message(pro, pro.waiting.popleft())
        if pro.waiting:
            self._want(pro)
        else:
            self._patient.pop(pro.id, None)

    def _lose(self, pro: LivePro, jobs: Iterable[ActiveJob]) -> None:
        for job in jobs:
            if self._pro_of.get(job.id) is pro:
                del self._pro_of[job.id]

    # Clocks

    async def _keep_fresh(self) -> None:
        """Look up pros in use before their facts are too old to trust, and forget who is long silent."""
        while True:
            await asyncio.sleep(REFRESH_TICK_S)
            now = self._loop.time()
            for pro in self._in_use(now - IN_USE_S):
                if pro.loaded_at < now - REFRESH_S:
                    self._want(pro)
            while self._pros and next(iter(self._pros.values())).used_at < now - FORGET_AFTER_S:
                self.forget(next(iter(self._pros)))

    def _in_use(self, since: float) -> Iterator[LivePro]:
        for pro in reversed(self._pros.values()):
            if pro.used_at < since:
                return
            yield pro

    def _tick(self) -> None:
        """Refuse messages that have waited too long for the database."""
        too_old = self._loop.time() - ANSWER_WITHIN_S
        for pro in list(self._patient.values()):
            while pro.waiting and pro.waiting[0].arrived < too_old:
                pro.waiting.popleft().done(Unavailable())
            if not pro.waiting:
                del self._patient[pro.id]
        self._ticking = bool(self._patient)
        if self._ticking:
            self._loop.call_later(WAITING_TICK_S, self._tick)


def _names_known_jobs(pro: LivePro, message: Message) -> bool:
    """False: a job it names may have become the pro's a moment ago, on a node whose word has not come.

    A phone drops what is refused for good, so the database is asked before that.
    """
    return all(fix.job_id is None or fix.job_id in pro.jobs for _, fix in message.fixes)


def _refuse(pro: LivePro, problem: Problem) -> None:
    while pro.waiting:
        pro.waiting.popleft().done(problem)
