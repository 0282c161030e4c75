"""The bell over HTTP: what I was told, and that I have read it."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta

from api.cursors import one_page
from api.jobs import EVERYBODY
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer, Input, Instant
from db.errors import NotFound
from db.notifications import (
    MOST_UNREAD,
    Notification,
    list_notifications,
    mark_all_read,
    mark_read,
    unread_count,
)
from tracker.messages.kinds import PAGE

Req: TypeAlias = Request[Services, None, None]


class NotificationsQuery(Input):
    """`cursor`: the `next` of the page before."""

    cursor: Annotated[int, Meta(ge=1, le=2**63 - 1)] | None = None
    limit: Annotated[int, Meta(ge=1, le=100)] = 30


class NotificationAnswer(Answer):
    """One thing I was told. `url`: a page to open, like a payment's. `page`: one of the dispatch portal."""

    id: int
    kind: str
    title: str
    body: str
    job_id: str | None
    url: str | None
    page: str | None
    created_at: Instant
    read_at: Instant | None


class NotificationsAnswer(Answer):
    """Newest first; `next` is the cursor of the next page."""

    notifications: list[NotificationAnswer]
    unread: Annotated[int, Meta(le=MOST_UNREAD, description="How many are unread; counting ends there.")]
    next: int | None


class ReadAnswer(Answer):
    """How many are still unread."""

    success: bool
    unread: int


@endpoint(
    "GET",
    "/api/notifications",
    summary="What I was told, newest first.",
    roles=EVERYBODY,
    query=NotificationsQuery,
    answer=NotificationsAnswer,
)
async def my_notifications(request: Request[Services, None, NotificationsQuery]) -> NotificationsAnswer:
    me, query = request.principal.id, request.query
    async with request.services.database.connection() as conn:
        found = await list_notifications(conn, me, before=query.cursor, limit=query.limit + 1)
        unread = await unread_count(conn, me)
    page, more = one_page(found, query.limit, lambda one: one.id)
    return NotificationsAnswer(
        notifications=[_answer(one) for one in page],
        unread=unread,
        next=more,
    )


@endpoint(
    "POST",
    "/api/notifications/{id:int}/read",
    summary="I have read this one.",
    roles=EVERYBODY,
    answer=ReadAnswer,
    problems=[NotFound],
)
async def read_notification(request: Req) -> ReadAnswer:
    me = request.principal.id
    async with request.services.database.transaction() as conn:
        if not await mark_read(conn, me, int(request.path["id"]), request.now):
            raise NotFound("You have no such notification.")
        return ReadAnswer(success=True, unread=await unread_count(conn, me))


@endpoint(
    "POST",
    "/api/notifications/read-all",
    summary="I have read all of them.",
    roles=EVERYBODY,
    answer=ReadAnswer,
)
async def read_all_notifications(request: Req) -> ReadAnswer:
    me = request.principal.id
    async with request.services.database.transaction() as conn:
        await mark_all_read(conn, me, request.now)
        return ReadAnswer(success=True, unread=await unread_count(conn, me))


def _answer(one: Notification) -> NotificationAnswer:
    return NotificationAnswer(
        id=one.id,
        kind=one.kind,
        title=one.title,
        body=one.body,
        job_id=None if one.job_id is None else str(one.job_id),
        url=one.facts.get("url"),
        page=one.facts.get(PAGE),
        created_at=Instant.of(one.created_at),
        read_at=Instant.maybe(one.read_at),
    )
