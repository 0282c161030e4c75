"""Effects that wait, and dead letters: seeing them, giving one another try, letting one go."""

from __future__ import annotations

from typing import Annotated, TypeAlias
from uuid import UUID

from msgspec import Meta

from api.cursors import Cursor, read_cursor, row_number, write_cursor
from api.jobs import STAFF
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer, Input, Instant
from db.dead_letters import dead_letters
from db.errors import Invalid, NotFound
from db.outbox import backlog
from tracker.outbox.dead_letters import NotDead, TooLateToRetry, discard_letter, retry_letter

Req: TypeAlias = Request[Services, None, None]


class DeadQuery(Input):
    """Which page."""

    cursor: Cursor | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class DiscardBody(Input):
    """Why the effect is let go; the job's record keeps it."""

    reason: Annotated[str, Meta(min_length=1, max_length=300)]


class KindBacklog(Answer):
    """Effects of one kind. `failing` of the waiting ones have failed and wait for another try."""

    effect: str
    waiting: int
    failing: int
    dead: int
    oldest: Instant | None


class OutboxAnswer(Answer):
    """Effects that wait, and dead letters; `oldest` is since when the oldest due one is due."""

    waiting: int
    failing: int
    dead: int
    oldest: Instant | None
    kinds: list[KindBacklog]


class DeadLetter(Answer):
    """An effect that was put aside. It is about a job's event, or a `subject` like a delivery's number."""

    id: int
    effect: str
    job_id: UUID | None
    subject: str | None
    attempts: int
    reason: str | None
    dead_at: Instant
    retried_by: str | None


class DeadPage(Answer):
    """Dead letters, the newest first; `next` is the cursor of the page after this one."""

    dead: list[DeadLetter]
    next: str | None


class Decided(Answer):
    """It is so."""

    success: bool
    id: int


@endpoint(
    "GET", "/api/dispatch/outbox", summary="What effects wait, by kind.", roles=STAFF, answer=OutboxAnswer
)
async def read_outbox(request: Req) -> OutboxAnswer:
    async with request.services.database.connection() as conn:
        kinds = await backlog(conn)
    return OutboxAnswer(
        waiting=sum(kind.waiting for kind in kinds),
        failing=sum(kind.failing for kind in kinds),
        dead=sum(kind.dead for kind in kinds),
        oldest=Instant.maybe(min((kind.oldest for kind in kinds if kind.oldest), default=None)),
        kinds=[
            KindBacklog(
                effect=kind.effect,
                waiting=kind.waiting,
                failing=kind.failing,
                dead=kind.dead,
                oldest=Instant.maybe(kind.oldest),
            )
            for kind in kinds
        ],
    )


@endpoint(
    "GET",
    "/api/dispatch/outbox/dead",
    summary="Effects that were put aside, newest first, with their reasons.",
    roles=STAFF,
    query=DeadQuery,
    answer=DeadPage,
    problems=[Invalid],
)
async def read_dead(request: Request[Services, None, DeadQuery]) -> DeadPage:
    query = request.query
    async with request.services.database.connection() as conn:
        letters = await dead_letters(
            conn, before=read_cursor(query.cursor, row_number), limit=query.limit + 1
        )
    shown = [
        DeadLetter(
            id=letter.id,
            effect=letter.effect,
            job_id=letter.job_id,
            subject=letter.subject,
            attempts=letter.attempts,
            reason=letter.reason,
            dead_at=Instant.of(letter.dead_at),
            retried_by=letter.retried_by,
        )
        for letter in letters[: query.limit]
        if letter.dead_at is not None
    ]
    more = write_cursor(shown[-1].dead_at, shown[-1].id) if len(letters) > query.limit else None
    return DeadPage(dead=shown, next=more)


@endpoint(
    "POST",
    "/api/dispatch/outbox/{effect:int}/retry",
    summary="Give a dead letter all its tries again.",
    roles=STAFF,
    answer=Decided,
    problems=[NotFound, NotDead, TooLateToRetry],
)
async def retry_dead(request: Req) -> Decided:
    row_id = int(str(request.path["effect"]))
    await retry_letter(request.services.database, request.principal, row_id, now=request.now)
    return Decided(success=True, id=row_id)


@endpoint(
    "POST",
    "/api/dispatch/outbox/{effect:int}/discard",
    summary="Let a dead letter go, for a reason.",
    roles=STAFF,
    body=DiscardBody,
    answer=Decided,
    problems=[Invalid, NotFound, NotDead],
)
async def discard_dead(request: Request[Services, DiscardBody, None]) -> Decided:
    row_id = int(str(request.path["effect"]))
    await discard_letter(
        request.services.database, request.principal, row_id, request.body.reason, now=request.now
    )
    return Decided(success=True, id=row_id)
