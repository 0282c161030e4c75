"""The audit of a job over HTTP: everything that happened to it, in order, with the chain of hashes."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from api.cursors import one_page
from api.jobs import STAFF
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer, Input, Instant, Version
from db.errors import Invalid, NotFound
from db.job_events import ChainedEvent, JobEvent, chained_events_since
from db.need_job import need_job
from db.people import names_of


class EventsQuery(Input):
    """Events after this version, oldest first."""

    after: Annotated[int, Meta(ge=0, le=1_000_000_000)] = 0
    limit: Annotated[int, Meta(ge=1, le=200)] = 100


class EventView(Answer):
    """One thing that happened. `occurred_at` is the device's word for when, `recorded_at` the server's.

    `hash` is SHA-256, in hex, over this event and `prev_hash`; `tracker verify` checks the chain.
    """

    version: Version
    kind: str
    from_status: str | None
    to_status: str | None
    actor_id: str
    actor_role: str
    occurred_at: Instant
    recorded_at: Instant
    data: dict[str, Any]
    prev_hash: str | None
    hash: str


class EventsAnswer(Answer):
    """A page of events; `next` is the `after` of the page after this one.

    `people` are the names of those who acted, and of the pros who got or lost the job.
    """

    events: list[EventView]
    next: Version | None
    people: dict[str, str]


@endpoint(
    "GET",
    "/api/dispatch/jobs/{id}/events",
    summary="What happened to a job, who did it, and what changed.",
    roles=STAFF,
    query=EventsQuery,
    answer=EventsAnswer,
    problems=[NotFound, Invalid],
)
async def list_events(request: Request[Services, None, EventsQuery]) -> EventsAnswer:
    query = request.query
    async with request.services.database.connection() as conn:
        await need_job(conn, request.id)
        events = await chained_events_since(conn, request.id, query.after, limit=query.limit + 1)
        page, more = one_page(events, query.limit, lambda one: one.event.version)
        people = await names_of(conn, {who for one in page for who in _named_in(one.event)})
    return EventsAnswer(events=[_view(one) for one in page], next=more, people=people)


def _named_in(event: JobEvent) -> list[str]:
    pros = (event.data.get("pro_id"), event.data.get("previous_pro_id"))
    return [event.actor_id, *(who for who in pros if isinstance(who, str))]


def _view(one: ChainedEvent) -> EventView:
    event = one.event
    return EventView(
        version=event.version,
        kind=event.kind,
        from_status=event.from_status,
        to_status=event.to_status,
        actor_id=event.actor_id,
        actor_role=event.actor_role,
        occurred_at=Instant.of(event.occurred_at),
        recorded_at=Instant.of(event.recorded_at),
        data=event.data,
        prev_hash=one.prev_hash.hex() if one.prev_hash else None,
        hash=one.hash.hex(),
    )
