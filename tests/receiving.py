"""A receiver for tests, and a recorder of everything it says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from db.pool import Database
from tracker.positions.ingest import Committer
from tracker.positions.outputs import Outputs
from tracker.positions.receive import Receiver
from tracker.positions.routing import Routing

METRE = 1 / 111_195  # degrees of latitude
NOW = datetime.now(UTC).replace(microsecond=0)


class Heard:
    """What a receiver told the rooms, in order: (what, to whom, payload)."""

    def __init__(self) -> None:
        self.all: list[tuple[str, Any, Any]] = []
        self.watched: set[UUID] = set()

    def outputs(self) -> Outputs:
        """The callables that write everything down."""

        def note(what: str) -> Any:
            return lambda whom, payload=None, more=None: self.all.append(
                (what, getattr(whom, "id", whom), payload if more is None else (payload, more))
            )

        return Outputs(
            position=note("position"),
            fleet=note("fleet"),
            left_fleet=note("left_fleet"),
            trail_changed=note("trail_changed"),
            contact_changed=note("contact_changed"),
            arrival_suggested=note("arrival_suggested"),
            policy=note("policy"),
            watched=self.watched.__contains__,
        )

    def of(self, what: str) -> list[tuple[Any, Any]]:
        """(to whom, payload) of everything of one kind."""
        return [(whom, payload) for kind, whom, payload in self.all if kind == what]

    def dots(self, job_id: UUID) -> list[dict[str, Any]]:
        """Where the dot of a job went."""
        return [payload for whom, payload in self.of("position") if whom == job_id]


@asynccontextmanager
async def receiving(
    database: Database, *, routing: Routing | None = None
) -> AsyncIterator[tuple[Receiver, Heard]]:
    """One node's receiver; several on one database are several nodes."""
    heard = Heard()
    committer = Committer(database)
    receiver = Receiver(database, committer, heard.outputs(), routing=routing)
    try:
        yield receiver, heard
    finally:
        await receiver.aclose()
        await committer.aclose(0.5)
        if routing is not None:
            await routing.aclose()


def at(seconds: float) -> datetime:
    """So many seconds after the moment these tests begin at."""
    return NOW + timedelta(seconds=seconds)


def fix(metres_north: float = 0.0, seconds: float = 0.0, **more: Any) -> dict[str, Any]:
    """A heartbeat so far north of the bus stop, recorded then."""
    return {
        "lat": 53.4 + metres_north * METRE,
        "lng": -2.99,
        "accuracy": 8,
        "recorded_at": round(at(seconds).timestamp() * 1000),
        **more,
    }


async def rows(database: Database, columns: str = "verdict") -> list[Any]:
    """What the positions table holds, in time order: plain values for one column, tuples for several."""
    async with database.connection() as conn:
        found = await conn.fetch(
            f"SELECT {columns} FROM positions p LEFT JOIN tracking_sessions s USING (session_no)"
            " ORDER BY recorded_at, seq, session_no"
        )
    return [row[0] if len(row) == 1 else tuple(row) for row in found]


async def set_status(database: Database, job_id: UUID, status: str) -> None:
    """Change a job's status behind everybody's back."""
    async with database.connection() as conn:
        await conn.execute("UPDATE jobs SET status = $2 WHERE id = $1", job_id, status)


async def reply_of(receiver: Receiver, pro_id: str, raw: object, now: datetime) -> dict[str, Any]:
    """The ack of the socket's fast path."""
    answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
    receiver.receive_one(pro_id, raw, answer.set_result, now)
    return await answer
