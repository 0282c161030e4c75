"""The caller: who I am, my jobs today, my duty switch, signing out."""

from __future__ import annotations

from typing import TypeAlias

from api.job_view import JobPage, view_of
from api.jobs import EVERYBODY
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer, Input, Name
from db.errors import NotFound
from db.jobs import list_jobs
from db.people import profile_of, set_on_duty, sign_out, update_profile
from rooms.principal import Role
from tracker.evidence.portraits import portrait_address

Req: TypeAlias = Request[Services, None, None]


class MeAnswer(Answer):
    """The caller's own record. `demo`: this server is one, and may make up where I drive. `photo`: the
    portrait's public address, relative to the server's root."""

    id: str
    role: str
    name: str | None
    phone: str | None
    email: str | None
    on_duty: bool
    skills: list[str]
    photo: str | None
    demo: bool


class MeBody(Input):
    """What a person may change about themself."""

    name: Name | None = None
    on_duty: bool | None = None


@endpoint("GET", "/api/me", summary="Who I am.", roles=EVERYBODY, answer=MeAnswer)
async def read_me(request: Req) -> MeAnswer:
    async with request.services.database.connection() as conn:
        person = await profile_of(conn, request.principal.id)
    role, demo = request.principal.role.value, request.services.settings.demo_city is not None
    if person is None:  # staff need no record
        return MeAnswer(
            id=request.principal.id,
            role=role,
            name=None,
            phone=None,
            email=None,
            on_duty=False,
            skills=[],
            photo=None,
            demo=demo,
        )
    return MeAnswer(
        id=person.id,
        role=role,
        name=person.name,
        phone=person.phone,
        email=person.email,
        on_duty=person.on_duty,
        skills=person.skills,
        photo=portrait_address(person.photo_key),
        demo=demo,
    )


@endpoint(
    "PATCH",
    "/api/me",
    summary="Change my name or my duty switch.",
    roles=EVERYBODY,
    body=MeBody,
    answer=MeAnswer,
    problems=[NotFound],
)
async def change_me(request: Request[Services, MeBody, None]) -> MeAnswer:
    async with request.services.database.transaction() as conn:
        if await profile_of(conn, request.principal.id) is None:
            raise NotFound("There is no record of you to change.")
        if request.body.name is not None:
            await update_profile(conn, request.principal.id, name=request.body.name)
        if request.body.on_duty is not None and request.principal.role is Role.PRO:
            await set_on_duty(conn, request.principal.id, on_duty=request.body.on_duty)
    if request.body.on_duty is not None and request.principal.role is Role.PRO:
        await request.services.duty_changed(request.principal.id)
    return await read_me.handler(request)  # type: ignore[no-any-return]


@endpoint(
    "GET",
    "/api/me/jobs",
    summary="The jobs I am busy with (pro) or have ordered (customer), newest first.",
    roles={Role.PRO, Role.CUSTOMER},
    answer=JobPage,
)
async def my_jobs(request: Req) -> JobPage:
    me = request.principal
    async with request.services.database.connection() as conn:
        if me.role is Role.PRO:
            jobs = await list_jobs(conn, active_of=me.id, limit=100)
        else:
            jobs = await list_jobs(conn, customer_id=me.id, limit=100)
    return JobPage(jobs=[view_of(job, me) for job in jobs])


@endpoint("POST", "/api/me/sign-out", summary="End every session of mine, everywhere.", roles=EVERYBODY)
async def sign_me_out(request: Req) -> None:
    async with request.services.database.transaction() as conn:
        await sign_out(conn, request.principal.id, request.principal.role.value, request.now)
    request.services.forget_person(request.principal.id)
