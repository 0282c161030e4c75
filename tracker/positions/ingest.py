"""The group commit: rows that arrive while the database is busy with others are written together.

Self-clocked: a writer that is free takes everything that waits (up to a cap) and writes it with one
statement; the slower the database, the larger the groups. When the database is so quick that groups become
tiny, a writer takes a breath of a few milliseconds between two of them: a statement costs as much as twenty
of its rows. A lone heartbeat never waits. Whoever submitted rows hears from it exactly once: after the
commit, or with a refusal within two seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

from db.errors import Busy, Problem, Unavailable
from db.pool import COLLIDED, Connection, Database
from db.position_group import NoPartitionError, PositionRow, RowsRefusedError, insert_group
from db.positions import ensure_partitions

log = logging.getLogger(__name__)

ANSWER_WITHIN_S = 1.5  # plus one tick: below the two seconds that are promised
TICK_S = 0.25
RETRY_S = 0.2  # pause after the database went away; back in service well within a second of its return
ATTEMPTS = 3  # at a group that collided with another
DAYS_PAST, DAYS_AHEAD = 8, 2  # what `heartbeat.py` accepts, and the edges of its days
WORTH_ROWS = 64  # so many rows are worth a statement at once, and a second writer
BREATH_S = 0.006  # at 2,000 heartbeats a second this makes groups of a dozen of what would be groups of 1

Outcome: TypeAlias = "frozenset[int] | Problem"
"""The places of the submitted rows that were known before, or why nothing is known to be kept."""
Done: TypeAlias = Callable[[Outcome], None]


class _Submission:
    """Rows of one message. They go into one group together, and are answered together."""

    __slots__ = ("arrived", "done", "rows")

    def __init__(self, rows: Sequence[PositionRow], done: Done, arrived: float) -> None:
        self.rows = rows
        self.done: Done | None = done
        self.arrived = arrived

    def answer(self, outcome: Outcome) -> None:
        """Tell the submitter, the first time only: a commit may end after its deadline has been answered."""
        done, self.done = self.done, None
        if done is None:
            return
        try:
            done(outcome)
        except Exception:  # one submitter's mistake must not stop the writer of all
            log.exception("a heartbeat's answer failed")


class Committer:
    """Writes submitted rows with `writers` connections, at most about `cap` rows in a statement.

    Make it inside a running event loop. `observe(seconds)` hears how long each group took, from its first
    row's arrival until it was durable.
    """

    def __init__(
        self,
        database: Database,
        *,
        writers: int = 2,
        cap: int = 1000,
        most_waiting: int = 20_000,
        observe: Callable[[float], None] | None = None,
    ) -> None:
        self._database = database
        self._cap = cap
        self._most_waiting = most_waiting
        self._observe = observe
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[_Submission] = deque()
        self._waiting_rows = 0
        self._in_flight: list[list[_Submission]] = []
        self._idle: list[asyncio.Future[None]] = []
        self._nothing_left = asyncio.Event()
        self._nothing_left.set()
        self._ticking = False
        self._closing = False
        self.rows_kept = 0
        self.groups = 0
        self._writers = [self._loop.create_task(self._write()) for _ in range(writers)]

    def submit(self, rows: Sequence[PositionRow], done: Done, arrived: float | None = None) -> None:
        """Queue rows; `done` is called once. `arrived` (loop time) is when their message came in.

        Raises Busy when too much waits already, and Unavailable while closing; then `done` is not called.
        """
        if self._closing:
            raise Unavailable("This server is stopping; please reconnect.")
        if self._waiting_rows >= self._most_waiting:
            raise Busy("The database is behind; send this again in a moment.")
        self._waiting.append(_Submission(rows, done, self._loop.time() if arrived is None else arrived))
        self._waiting_rows += len(rows)
        self._nothing_left.clear()
        if len(self._idle) == len(self._writers) or self._waiting_rows >= WORTH_ROWS:
            self._wake_one()
        if not self._ticking:
            self._ticking = True
            self._loop.call_later(TICK_S, self._tick)

    def stats(self) -> dict[str, int]:
        """Rows waiting now; rows kept and groups written since the start."""
        return {"waiting": self._waiting_rows, "rows": self.rows_kept, "groups": self.groups}

    async def aclose(self, drain_s: float = 3.0) -> None:
        """Take no more, write what waits for at most `drain_s` seconds, refuse the rest."""
        self._closing = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(drain_s):
                await self._nothing_left.wait()
        for submission in [*self._waiting, *(each for group in self._in_flight for each in group)]:
            submission.answer(Unavailable())
        for writer in self._writers:
            writer.cancel()
        await asyncio.gather(*self._writers, return_exceptions=True)

    # The writers

    async def _write(self) -> None:
        while True:
            await self._work()
            try:
                async with self._database.connection() as conn:
                    await self._write_with(conn)
            except Exception as error:
                if not isinstance(error, Problem):
                    log.exception("writing positions failed")
                await asyncio.sleep(RETRY_S)

    async def _write_with(self, conn: Connection) -> None:
        """Write groups until the connection is lost; one that died while idle is noticed before its use."""
        breathed = 0.0
        while not conn.is_closed():
            if self._waiting_rows < WORTH_ROWS and self._loop.time() - breathed < 2 * BREATH_S:
                await asyncio.sleep(BREATH_S)
            group = self._take()
            if not group:
                await self._work()
                continue
            self._in_flight.append(group)
            try:
                await self._keep(conn, group)
            except BaseException:
                conn.terminate()  # whatever it waits for, the pool must not wait with it
                raise
            finally:
                self._in_flight.remove(group)
                for submission in group:
                    submission.answer(Unavailable())
                self._note_what_is_left()
                breathed = self._loop.time()

    async def _work(self) -> None:
        """Return once something waits."""
        while not self._waiting:
            future = self._loop.create_future()
            self._idle.append(future)
            await future

    def _wake_one(self) -> None:
        while self._idle:
            future = self._idle.pop()
            if not future.done():
                future.set_result(None)
                return

    def _note_what_is_left(self) -> None:
        if not self._waiting and not self._in_flight:
            self._nothing_left.set()

    def _take(self) -> list[_Submission]:
        group = []
        rows = 0
        while self._waiting and rows < self._cap:
            submission = self._waiting.popleft()
            rows += len(submission.rows)
            group.append(submission)
        self._waiting_rows -= rows
        return group

    async def _keep(self, conn: Connection, group: list[_Submission]) -> None:
        rows = [row for submission in group for row in submission.rows]
        try:
            known = await _insert(conn, rows)
        except RowsRefusedError:
            if len(group) > 1:
                for submission in group:  # one of them spoils it for all
                    await self._keep(conn, [submission])
            else:
                log.exception("positions that no constraint should refuse")
            return
        self.groups += 1
        self.rows_kept += len(rows) - len(known)
        if self._observe:
            self._observe(self._loop.time() - group[0].arrived)
        if not known:
            for submission in group:
                submission.answer(known)
            return
        start = 0
        for submission in group:
            end = start + len(submission.rows)
            submission.answer(frozenset(place - start for place in known if start <= place < end))
            start = end

    # The deadline

    def _tick(self) -> None:
        """Refuse what has waited too long, and see that nobody waits for a writer that is stuck."""
        too_old = self._loop.time() - ANSWER_WITHIN_S
        for group in self._in_flight:
            for submission in group:
                if submission.arrived < too_old:
                    submission.answer(Unavailable())
        late = [submission for submission in self._waiting if submission.arrived < too_old]
        if late:
            self._waiting = deque(each for each in self._waiting if each.arrived >= too_old)
            self._waiting_rows = sum(len(each.rows) for each in self._waiting)
            for submission in late:
                submission.answer(Unavailable())
            self._note_what_is_left()
        if self._waiting:
            self._wake_one()
        self._ticking = bool(self._waiting or self._in_flight)
        if self._ticking:
            self._loop.call_later(TICK_S, self._tick)


async def _insert(conn: Connection, rows: list[PositionRow]) -> frozenset[int]:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return await insert_group(conn, rows)
        except COLLIDED:
            if attempt == ATTEMPTS:
                raise
        except NoPartitionError:
            if attempt == ATTEMPTS:
                raise
            await ensure_partitions(conn, datetime.now(UTC), DAYS_PAST, DAYS_AHEAD)  # the worker is behind
    raise AssertionError("unreachable")
