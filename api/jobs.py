"""Jobs over HTTP: create, read, move, claim, release."""

from __future__ import annotations

from typing import Annotated, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Meta

from api.job_view import JobAnswer, view_of
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer, Cents, Input, Instant, Latitude, Line, Longitude, Paragraph, PersonId, Version
from db.errors import Forbidden, Invalid, NotFound, Unavailable
from db.need_job import need_job
from rooms.principal import Role
from tracker.jobs.claim import JobTaken
from tracker.jobs.intake import ReferenceConflict, take_in
from tracker.jobs.lifecycle import GuardRefused, Status, TransitionRefused, parse_status
from tracker.jobs.metadata import EquipmentLane, Install, Item
from tracker.jobs.orders import Wanted, new_job
from tracker.jobs.transition import Moved, Step, move_job

STAFF = {Role.DISPATCHER, Role.ADMIN}
EVERYBODY = {*Role}

Req: TypeAlias = Request[Services, None, None]


class NewJobBody(Input):
    """A job to do at somebody's home. `open` offers it in the feeds at once.

    Without `equipment_lane` and `order_required` they follow from the items' mounts.
    """

    customer_id: PersonId
    skill: Annotated[str, Meta(min_length=1, max_length=64, description="A code of the skill catalogue.")]
    service: Annotated[str, Meta(min_length=1, max_length=200)]
    lat: Latitude
    lng: Longitude
    address: Line
    price_cents: Cents
    reference: Annotated[str, Meta(min_length=1, max_length=128)] | None = None
    approximate_address: Line | None = None
    notes: Paragraph | None = None
    order_required: bool | None = None
    window_start: Instant | None = None
    window_end: Instant | None = None
    items: Annotated[list[Item], Meta(max_length=50)] = msgspec.field(default_factory=list)
    install: Install = Install()
    equipment_lane: EquipmentLane | None = None
    order_id: Annotated[str, Meta(min_length=1, max_length=128)] | None = None
    open: bool = False


class NewJobAnswer(Answer):
    """The job; `created` is False when this reference had made it before."""

    success: bool
    id: str
    status: str
    version: Version
    created: bool


class StatusBody(Input):
    """The next status, where and when the device was, and why a dispatcher overrides a guard."""

    status: Annotated[str, Meta(min_length=1, max_length=40)]
    lat: Latitude | None = None
    lng: Longitude | None = None
    occurred_at: Instant | None = None
    notes: Paragraph | None = None
    override_reason: Annotated[str, Meta(min_length=3, max_length=500)] | None = None


class StatusAnswer(Answer):
    """The job's status and version after the step."""

    success: bool
    status: str
    version: Version


class ClaimAnswer(Answer):
    """The job is yours. A retry by the winner gets the same answer."""

    success: bool
    job_id: str
    status: str
    version: Version


@endpoint(
    "POST",
    "/api/jobs",
    summary="Create a job, once per reference.",
    roles=STAFF,
    body=NewJobBody,
    answer=NewJobAnswer,
    problems=[ReferenceConflict, Invalid],
)
async def create_job(request: Request[Services, NewJobBody, None]) -> NewJobAnswer:
    body = request.body
    wanted = {name: getattr(body, name) for name in Wanted.__struct_fields__}
    source = "appointment" if body.window_start else "api"
    new = new_job(Wanted(**wanted), body.reference, body.customer_id, source=source)
    made = await take_in(request.services.database, request.principal, new, now=request.now)
    await told(request.services, made.job_id, made.version)
    return NewJobAnswer(
        success=True,
        id=str(made.job_id),
        status=made.status.value,
        version=made.version,
        created=made.made_now,
    )


@endpoint(
    "GET",
    "/api/jobs/{id}",
    summary="Read a job you are a party to.",
    roles=EVERYBODY,
    links=True,
    shared=True,
    answer=JobAnswer,
    problems=[NotFound],
)
async def read_job(request: Req) -> JobAnswer:
    async with request.services.database.connection() as conn:
        job = await need_job(conn, request.id)
    return view_of(job, request.principal)


@endpoint(
    "POST",
    "/api/jobs/{id}/status",
    summary="Move a job to its next status.",
    roles=EVERYBODY,
    body=StatusBody,
    answer=StatusAnswer,
    problems=[TransitionRefused, GuardRefused, Forbidden, NotFound, Invalid],
)
async def change_status(request: Request[Services, StatusBody, None]) -> StatusAnswer:
    body = request.body
    step = Step(
        to=parse_status(body.status),
        occurred_at=body.occurred_at,
        lat=body.lat,
        lng=body.lng,
        notes=body.notes,
        override_reason=body.override_reason,
    )
    return status_answer(await step_and_tell(request.services, request, request.id, step))


@endpoint(
    "POST",
    "/api/jobs/{id}/accept",
    summary="Claim an open job; exactly one pro wins.",
    roles={Role.PRO},
    answer=ClaimAnswer,
    problems=[JobTaken, Forbidden, NotFound],
)
async def accept_job(request: Req) -> ClaimAnswer:
    services = request.services
    claimed = await services.gate.claim(services.database, request.principal, request.id, request.now)
    if claimed.won_now:
        await told(services, claimed.job_id, claimed.version)
    return ClaimAnswer(
        success=True,
        job_id=str(claimed.job_id),
        status=Status.ACCEPTED.value,
        version=claimed.version,
    )


@endpoint(
    "POST",
    "/api/jobs/{id}/release",
    summary="Give a job back; it is offered again.",
    roles={Role.PRO, *STAFF},
    answer=StatusAnswer,
    problems=[TransitionRefused, NotFound],
)
async def release_job(request: Req) -> StatusAnswer:
    return status_answer(await step_and_tell(request.services, request, request.id, Step(to=Status.OPEN)))


async def step_and_tell(
    services: Services, request: Request[Services, object, object], job_id: UUID, step: Step
) -> Moved:
    """Take a step and tell the rooms, when it was not taken before."""
    moved = await move_job(
        services.database,
        request.principal,
        job_id,
        step,
        now=request.now,
        link_grace=services.link_grace,
    )
    if moved.changed:
        await told(services, moved.job_id, moved.version)
    return moved


async def told(services: Services, job_id: UUID, version: int) -> None:
    """Tell the rooms now. The step is committed: a database that left meanwhile must not fail it."""
    try:
        await services.announce(job_id, version)
    except Unavailable:
        return  # the worker tells it from the outbox


def status_answer(moved: Moved) -> StatusAnswer:
    """The answer to any step."""
    return StatusAnswer(success=True, status=moved.status.value, version=moved.version)
