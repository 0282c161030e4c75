"""People over HTTP, for dispatch: the pros, who somebody is, and whether they may still come in."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

from api.cursors import one_page
from api.jobs import STAFF
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer, Input, Name, PersonId
from db.errors import Forbidden, Invalid, NotFound
from db.people import is_admin, list_pros, set_suspended, upsert_person
from db.pool import Connection
from rooms.principal import Principal, Role
from tracker.identity.claims import is_person_id
from tracker.messages.phones import need_e164

Req: TypeAlias = Request[Services, None, None]


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


class ProsQuery(Input):
    """`search` is a part of the name."""

    search: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    cursor: Annotated[PersonId, Meta(description="`next` of the page before.")] | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] = 1000


class ProsAnswer(Answer):
    """Pros by name; `next` is the cursor of the page after this one."""

    pros: list[ProEntry]
    next: str | None


@endpoint(
    "GET",
    "/api/dispatch/pros",
    summary="Pros by name, a thousand at a time.",
    roles=STAFF,
    query=ProsQuery,
    answer=ProsAnswer,
    problems=[Invalid],
)
async def dispatch_pros(request: Request[Services, None, ProsQuery]) -> ProsAnswer:
    query = request.query
    async with request.services.database.connection() as conn:
        found = await list_pros(conn, search=query.search, after=query.cursor, limit=query.limit + 1)
    pros, more = one_page(found, query.limit, lambda pro: pro.id)
    return ProsAnswer(
        next=more,
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
        ],
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
        await _check_may_change(conn, request.principal, person_id)
        unknown = await upsert_person(
            conn,
            person_id,
            role=body.role,
            name=body.name,
            phone=need_e164(body.phone) if body.phone else None,
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
    problems=[NotFound, Forbidden],
)
async def suspend_person(request: Req) -> PersonAnswer:
    return await _set_suspended(request, suspended=True)


@endpoint(
    "POST",
    "/api/dispatch/people/{person:str}/reinstate",
    summary="Let a suspended person back in.",
    roles=STAFF,
    answer=PersonAnswer,
    problems=[NotFound, Forbidden],
)
async def reinstate_person(request: Req) -> PersonAnswer:
    return await _set_suspended(request, suspended=False)


async def _set_suspended(request: Req, *, suspended: bool) -> PersonAnswer:
    person_id = str(request.path["person"])
    async with request.services.database.transaction() as conn:
        await _check_may_change(conn, request.principal, person_id)
        if not await set_suspended(conn, person_id, at=request.now if suspended else None):
            raise NotFound("There is no such person.")
    request.services.forget_person(person_id)
    await request.services.duty_changed(person_id)
    return PersonAnswer(success=True, id=person_id)


async def _check_may_change(conn: Connection, who: Principal, person_id: str) -> None:
    """Raises Forbidden for a dispatcher who would rename, demote or lock out an admin."""
    if who.role is not Role.ADMIN and await is_admin(conn, person_id):
        raise Forbidden("Only an admin changes an admin.")
