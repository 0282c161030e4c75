"""Dispatch over HTTP: every job, the pros, assigning, people and their rights."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from msgspec import Meta

from api.job_view import JobPage, view_of
from api.jobs import STAFF, StatusAnswer, status_answer, told
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer, Input, Instant, Name, PersonId
from db.errors import Forbidden, Invalid, NotFound
from db.jobs import list_jobs
from db.people import list_pros, set_suspended, upsert_person
from rooms.principal import Role
from tracker.identity.claims import is_person_id
from tracker.jobs.assign import reassign_job
from tracker.jobs.lifecycle import TransitionRefused, parse_status

Req: TypeAlias = Request[Services, None, None]


class JobsQuery(Input):
    """`status`: one or several, comma-separated. `search` looks in service, address and customer name."""

    status: Annotated[str, Meta(max_length=200)] | None = None
    search: Annotated[str, Meta(max_length=100)] | None = None
    cursor: Annotated[str, Meta(max_length=200)] | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class AssignBody(Input):
    """Who gets the job."""

    pro_id: PersonId


class PersonBody(Input):
    """A person as dispatch keeps them. `skills` (codes) replace a pro's skills when given."""

    role: Literal["customer", "pro", "dispatcher", "admin"]
    name: Name
    phone: Annotated[str, Meta(max_length=32)] | None = None
    email: Annotated[str, Meta(max_length=254)] | None = None
    skills: list[Annotated[str, Meta(max_length=64)]] | None = None


class PersonAnswer(Answer):
    """It is so."""

    success: bool
    id: str


class ProEntry(Answer):
    """A pro: skills, duty, jobs under way."""

    id: str
    name: str
    on_duty: bool
    suspended: bool
    skills: list[str]
    active_jobs: int


class ProsAnswer(Answer):
    """All pros by name."""

    pros: list[ProEntry]


@endpoint(
    "GET",
    "/api/dispatch/jobs",
    summary="Jobs, newest first, filtered and paged.",
    roles=STAFF,
    query=JobsQuery,
    answer=JobPage,
    problems=[Invalid],
)
async def dispatch_jobs(request: Request[Services, None, JobsQuery]) -> JobPage:
    query = request.query
    statuses = [parse_status(word).value for word in query.status.split(",")] if query.status else None
    async with request.services.database.connection() as conn:
        jobs = await list_jobs(
            conn,
            statuses=statuses,
            search=query.search,
            before=_read_cursor(query.cursor),
            limit=query.limit + 1,
        )
    page = jobs[: query.limit]
    more = _write_cursor(page[-1].created_at, page[-1].id) if len(jobs) > query.limit else None
    return JobPage(jobs=[view_of(job, request.principal) for job in page], next=more)


@endpoint(
    "POST",
    "/api/dispatch/jobs/{id}/assign",
    summary="Give a job to a pro, also one that another pro has but has not set out for.",
    roles=STAFF,
    body=AssignBody,
    answer=StatusAnswer,
    problems=[TransitionRefused, Invalid, NotFound],
)
async def assign_job(request: Request[Services, AssignBody, None]) -> StatusAnswer:
    services = request.services
    moved = await reassign_job(
        services.database, request.principal, request.id, request.body.pro_id, now=request.now
    )
    if moved.changed:
        await told(services, moved.job_id, moved.version)
    return status_answer(moved)


@endpoint("GET", "/api/dispatch/pros", summary="All pros.", roles=STAFF, answer=ProsAnswer)
async def dispatch_pros(request: Req) -> ProsAnswer:
    async with request.services.database.connection() as conn:
        pros = await list_pros(conn)
    return ProsAnswer(
        pros=[
            ProEntry(
                id=pro.id,
                name=pro.name,
                on_duty=pro.on_duty,
                suspended=pro.suspended,
                skills=pro.skills,
                active_jobs=pro.active_jobs,
            )
            for pro in pros
        ]
    )


@endpoint(
    "PUT",
    "/api/dispatch/people/{person:str}",
    summary="Add or change a person; the id is the `sub` of their tokens.",
    roles=STAFF,
    body=PersonBody,
    answer=PersonAnswer,
    problems=[Invalid, Forbidden],
)
async def put_person(request: Request[Services, PersonBody, None]) -> PersonAnswer:
    person_id, body = str(request.path["person"]), request.body
    if not is_person_id(person_id):
        raise Invalid("a person's id is 1 to 128 printable characters", field="person")
    if body.role == "admin" and request.principal.role is not Role.ADMIN:
        raise Forbidden("Only an admin makes admins.")
    async with request.services.database.transaction() as conn:
        unknown = await upsert_person(
            conn,
            person_id,
            role=body.role,
            name=body.name,
            phone=body.phone,
            email=body.email,
            skills=body.skills,
        )
        if unknown:
            raise Invalid(f"skill '{unknown[0]}' is not in the catalogue", field="skills")
    request.services.forget_person(person_id)
    return PersonAnswer(success=True, id=person_id)


@endpoint(
    "POST",
    "/api/dispatch/people/{person:str}/suspend",
    summary="Suspend a person: every token and stream of theirs ends now.",
    roles=STAFF,
    answer=PersonAnswer,
    problems=[NotFound],
)
async def suspend_person(request: Req) -> PersonAnswer:
    return await _set_suspended(request, suspended=True)


@endpoint(
    "POST",
    "/api/dispatch/people/{person:str}/reinstate",
    summary="Let a suspended person back in.",
    roles=STAFF,
    answer=PersonAnswer,
    problems=[NotFound],
)
async def reinstate_person(request: Req) -> PersonAnswer:
    return await _set_suspended(request, suspended=False)


async def _set_suspended(request: Req, *, suspended: bool) -> PersonAnswer:
    person_id = str(request.path["person"])
    async with request.services.database.transaction() as conn:
        if not await set_suspended(conn, person_id, at=request.now if suspended else None):
            raise NotFound("There is no such person.")
    request.services.forget_person(person_id)
    return PersonAnswer(success=True, id=person_id)


def _write_cursor(created_at: datetime, job_id: UUID) -> str:
    return base64.urlsafe_b64encode(f"{created_at.isoformat()}|{job_id}".encode()).decode()


def _read_cursor(cursor: str | None) -> tuple[datetime, UUID] | None:
    if cursor is None:
        return None
    try:
        at, _, job_id = base64.urlsafe_b64decode(cursor.encode("ascii")).decode("ascii").partition("|")
        return Instant.of(datetime.fromisoformat(at)), UUID(job_id)
    except (ValueError, OverflowError):
        raise Invalid("cursor is not one that this server gave", field="cursor") from None
