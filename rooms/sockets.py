"""What a client may say over its socket, and who answers.

Every handler gets the caller's session and one JSON object, and returns the ack. Refusals are `Problem`s,
which the engine turns into `{ok: false, error}`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from db.errors import Forbidden, Invalid, NotFound, Problem
from rooms.board import Board
from rooms.events import Said
from rooms.feed_watch import FeedWatch, FeedWatches
from rooms.fleet import Fleet
from rooms.job_rooms import JobRooms
from rooms.membership import JobFacts
from rooms.names import fleet_cells_over
from rooms.principal import Principal, Role

MAX_WATCHED_JOBS = 200  # per socket; a screen that wants more watches the fleet


class UnknownEvent(Problem):
    """There is no such event."""

    code = "unknown_event"


@dataclass(frozen=True, slots=True)
class Session:
    """One connected socket and who it is."""

    sid: str
    principal: Principal


@dataclass(frozen=True, slots=True)
class Since:
    """How far a returning watcher had come: the last version and the last dot (epoch ms)."""

    version: int
    seq: int


@dataclass(frozen=True, slots=True)
class Answers:
    """The tracker's side of the conversation, supplied by the composition root.

    Heartbeats do not come this way: the engine hands them to a lane of their own.
    """

    # (principal, job, since) → (facts it was read with, function from "sees the dot" to the ack)
    snapshot: Callable[
        [Principal, UUID, Since | None], Awaitable[tuple[JobFacts, Callable[[bool], dict[str, Any]]]]
    ]
    fleet: Callable[[float, float, float, float], Awaitable[list[dict[str, Any]]]]
    # (principal, lat, lng, radius_miles) → (watch, jobs near now); raises Invalid
    feed: Callable[[Principal, Any, Any, Any], Awaitable[FeedWatch]]
    feed_jobs: Callable[[Principal, Any, Any, Any], Awaitable[list[dict[str, Any]]]]


class Sockets:
    """Dispatches a client's events."""

    def __init__(
        self, jobs: JobRooms, fleet: Fleet, feeds: FeedWatches, board: Board, answers: Answers
    ) -> None:
        self._jobs = jobs
        self._fleet = fleet
        self._feeds = feeds
        self._board = board
        self._answers = answers

    async def on_event(self, sid: str, session: Session, event: str, data: dict[str, Any]) -> dict[str, Any]:
        """Answer one event. Raises Problem."""
        match event:
            case Said.WATCH:
                return await self._watch(session, data)
            case Said.UNWATCH:
                return self._unwatch(session, data)
            case Said.WATCH_FLEET:
                return await self._watch_fleet(session, data)
            case Said.UNWATCH_FLEET:
                _only(data)
                self._fleet.unwatch(sid)
                return {"ok": True}
            case Said.WATCH_FEED:
                return await self._watch_feed(session, data)
            case Said.UNWATCH_FEED:
                _only(data)
                self._feeds.unwatch(sid)
                return {"ok": True}
            case Said.WATCH_BOARD:
                return await self._watch_board(session, data)
            case Said.UNWATCH_BOARD:
                _only(data)
                self._board.unwatch(sid)
                return {"ok": True}
            case _:
                raise UnknownEvent(f"There is no event '{event[:40]}'.")

    def on_leave(self, session: Session) -> None:
        """A socket is gone: it leaves every room."""
        self._jobs.leave_all(session.sid)
        self._fleet.unwatch(session.sid)
        self._feeds.unwatch(session.sid)
        self._board.unwatch(session.sid)

    async def _watch(self, session: Session, data: dict[str, Any]) -> dict[str, Any]:
        _only(data, "job_id", "since")
        job_id = _job_id(data.get("job_id", session.principal.job_id))
        since = _since(data.get("since"))
        following = self._jobs.jobs_of(session.sid)
        if len(following) >= MAX_WATCHED_JOBS and job_id not in following:
            raise Invalid(f"A socket follows at most {MAX_WATCHED_JOBS} jobs; watch the fleet instead.")
        await self._jobs.join(session.sid, session.principal, job_id)
        try:
            facts, ack = await self._answers.snapshot(session.principal, job_id, since)
            membership = self._jobs.see_dot(session.sid, facts)
        except BaseException:
            self._jobs.leave(session.sid, job_id)
            raise
        return ack(membership.sees_dot)

    def _unwatch(self, session: Session, data: dict[str, Any]) -> dict[str, Any]:
        _only(data, "job_id")
        job_id = _job_id(data.get("job_id", session.principal.job_id))
        self._jobs.unfollow(session.sid, job_id)
        return {"ok": True}

    async def _watch_fleet(self, session: Session, data: dict[str, Any]) -> dict[str, Any]:
        _only(data, "bbox")
        if not session.principal.is_staff:
            raise Forbidden("Only dispatchers watch the fleet.")
        west, south, east, north = _bbox(data.get("bbox"))
        await self._fleet.watch(session.sid, fleet_cells_over(west, south, east, north))
        return {"ok": True, "positions": await self._answers.fleet(west, south, east, north)}

    async def _watch_board(self, session: Session, data: dict[str, Any]) -> dict[str, Any]:
        _only(data)
        if not session.principal.is_staff:
            raise Forbidden("Only dispatchers watch the board.")
        await self._board.watch(session.sid)
        return {"ok": True}

    async def _watch_feed(self, session: Session, data: dict[str, Any]) -> dict[str, Any]:
        _only(data, "lat", "lng", "radius")
        if session.principal.role is not Role.PRO:
            raise Forbidden("Only pros watch the feed.")
        place = (data.get("lat"), data.get("lng"), data.get("radius", 20))
        await self._feeds.watch(session.sid, await self._answers.feed(session.principal, *place))
        return {"ok": True, "jobs": await self._answers.feed_jobs(session.principal, *place)}


def _only(data: dict[str, Any], *known: str) -> None:
    unknown = sorted(set(data) - set(known))
    if unknown:
        raise Invalid(f"unknown field '{unknown[0][:40]}'", field=unknown[0][:40])


def _job_id(value: object) -> UUID:
    try:
        return UUID(value) if isinstance(value, str) else _no_job(value)
    except ValueError:
        raise NotFound("There is no such job, or it is not yours to follow.") from None


def _no_job(_value: object) -> UUID:
    raise Invalid("job_id is missing or not text", field="job_id")


def _since(value: object) -> Since | None:
    if value is None:
        return None
    if isinstance(value, dict) and set(value) <= {"version", "seq"}:
        version, seq = value.get("version"), value.get("seq", 0)
        if type(version) is int and type(seq) is int and 0 <= version < 2**63 and 0 <= seq < 2**53:
            return Since(version, seq)
    raise Invalid("since must be {version, seq}, both whole numbers", field="since")


def _bbox(value: object) -> tuple[float, float, float, float]:
    if isinstance(value, list) and len(value) == 4:
        numbers = [float(number) for number in value if type(number) in (int, float)]
        if len(numbers) == 4:
            west, south, east, north = numbers
            if -180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90:
                return west, south, east, north
    raise Invalid("bbox must be [west, south, east, north] in degrees", field="bbox")
