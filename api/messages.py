"""Messages over HTTP: how I want to be told, and what dispatch sees of every message sent."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from msgspec import Meta

from api.cursors import one_page
from api.jobs import STAFF, told
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer, Input, Instant, PersonId
from db.errors import NotFound
from db.messages import Message, list_messages
from tracker.messages.resend import NotResendable, resend

Req: TypeAlias = Request[Services, None, None]
DeliveryState = Literal["queued", "sending", "sent", "delivered", "failed", "suppressed", "expired"]
ChannelName = Literal["sms", "email", "push"]


class MessagesQuery(Input):
    """Filters, all of which must fit; `cursor` is the `next` of the page before."""

    job_id: UUID | None = None
    person: PersonId | None = None
    status: DeliveryState | None = None
    channel: ChannelName | None = None
    cursor: Annotated[int, Meta(ge=1, le=2**63 - 1)] | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class MessageAnswer(Answer):
    """One message by one channel, and what became of it.

    `recipient` is a number, an address, or for push the person. `sandbox`: nothing was really sent.
    `cost_micros` are millionths of a dollar, as the provider bills.
    """

    id: int
    person_id: str
    person_name: str
    kind: str
    job_id: str | None
    title: str
    body: str
    channel: str
    recipient: str
    status: str
    problem: str | None
    provider: str | None
    sandbox: bool
    cost_micros: int | None
    segments: int | None
    created_at: Instant
    send_after: Instant
    sent_at: Instant | None
    updated_at: Instant


class MessagesAnswer(Answer):
    """Newest first; `next` is the cursor of the next page."""

    messages: list[MessageAnswer]
    next: int | None


class ResentAnswer(Answer):
    """It is queued again."""

    success: bool


@endpoint(
    "GET",
    "/api/dispatch/messages",
    summary="Every message sent by SMS, mail or push, newest first.",
    roles=STAFF,
    query=MessagesQuery,
    answer=MessagesAnswer,
)
async def dispatch_messages(request: Request[Services, None, MessagesQuery]) -> MessagesAnswer:
    query = request.query
    async with request.services.database.connection() as conn:
        found = await list_messages(
            conn,
            job_id=query.job_id,
            person_id=query.person,
            status=query.status,
            channel=query.channel,
            before=query.cursor,
            limit=query.limit + 1,
        )
    page, more = one_page(found, query.limit, lambda one: one.id)
    return MessagesAnswer(messages=[_answer(one) for one in page], next=more)


@endpoint(
    "POST",
    "/api/dispatch/messages/{id:int}/resend",
    summary="Send a message that failed or came too late after all, once.",
    roles=STAFF,
    answer=ResentAnswer,
    problems=[NotFound, NotResendable],
)
async def resend_message(request: Req) -> ResentAnswer:
    services = request.services
    done = await resend(services.database, request.principal, int(request.path["id"]), now=request.now)
    if done.job_id is not None and done.version is not None:
        await told(services, done.job_id, done.version)
    return ResentAnswer(success=True)


def _answer(one: Message) -> MessageAnswer:
    return MessageAnswer(
        id=one.id,
        person_id=one.person_id,
        person_name=one.person_name,
        kind=one.kind,
        job_id=None if one.job_id is None else str(one.job_id),
        title=one.title,
        body=one.body,
        channel=one.channel,
        recipient=one.recipient,
        status=one.status,
        problem=one.problem,
        provider=one.provider,
        sandbox=one.provider == "sandbox",
        cost_micros=one.cost_micros,
        segments=one.segments,
        created_at=Instant.of(one.created_at),
        send_after=Instant.of(one.send_after),
        sent_at=Instant.maybe(one.sent_at),
        updated_at=Instant.of(one.updated_at),
    )
