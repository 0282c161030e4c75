"""A batch of orders becomes jobs: each in a transaction of its own, so that a bad one spoils no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from db.errors import Problem, Unavailable
from db.pool import Connection, Database
from tracker.jobs.facts import Actor
from tracker.jobs.intake import Created
from tracker.jobs.orders import import_order


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one order; `problem` says why it was refused."""

    outcome: Literal["created", "existing", "refused"]
    reference: str | None
    job_id: UUID | None = None
    problem: Problem | None = None


async def import_orders(
    database: Database, values: Sequence[Any], *, actor: Actor, now: datetime
) -> list[Outcome]:
    """Take every order that can be taken, in order. Sending the batch again makes nothing twice.

    When the database leaves midway, the orders not yet taken are refused as `unavailable`: send them again.
    """
    outcomes: list[Outcome] = []
    away: Unavailable | None = None
    for value in values:
        outcome = _refused(value, away) if away else await _import_one(database, value, actor, now)
        if isinstance(outcome.problem, Unavailable):
            away = outcome.problem
        outcomes.append(outcome)
    return outcomes


async def _import_one(database: Database, value: Any, actor: Actor, now: datetime) -> Outcome:
    async def work(conn: Connection) -> Created:
        return await import_order(conn, value, actor=actor, now=now)

    try:
        made = await database.in_transaction(work)
    except Problem as problem:
        return _refused(value, problem)
    return Outcome("created" if made.made_now else "existing", _reference_in(value), made.job_id)


def _refused(value: Any, problem: Problem) -> Outcome:
    return Outcome("refused", _reference_in(value), problem=problem)


def _reference_in(value: Any) -> str | None:
    """The reference that an order names, also one that is wrong otherwise, so that its sender finds it."""
    reference = value.get("reference") if isinstance(value, dict) else None
    return reference[:128] if isinstance(reference, str) else None
