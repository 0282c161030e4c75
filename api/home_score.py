"""Home scores over HTTP: a customer's own, any home's for dispatch, and the catalogue of points."""

from __future__ import annotations

import logging
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from api.jobs import STAFF
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer, Input, Instant
from db.errors import Invalid, NotFound
from db.home_scores import home_score_of, replace_catalogue, score_catalogue
from db.outbox import add_task
from db.people import profile_of
from db.pool import Connection
from rooms.principal import Role
from tracker.jobs.consequences import Effect
from tracker.reputation.home_score import BASE, CAP

Req: TypeAlias = Request[Services, None, None]
_log = logging.getLogger(__name__)

SkillCode = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,63}$(?!\n)", max_length=64)]


class ScoreItemAnswer(Answer):
    """What one job adds: `points` when it was new, `counts` of them now; full until `fades_from`."""

    job_id: str
    service: str
    skill: str
    points: int
    counts: float
    finished_at: str
    fades_from: str
    gone_at: str


class HomeScoreAnswer(Answer):
    """`score` is `base` plus what the items count, at most `cap`. Without a job it was never computed."""

    customer_id: str
    score: float
    base: int
    cap: int
    items: list[ScoreItemAnswer]
    computed_at: Instant | None


class CatalogueEntry(Input):
    """The points of one skill."""

    skill: SkillCode
    points: Annotated[int, Meta(ge=0, le=CAP)]


class CatalogueBody(Input):
    """The whole catalogue; what is left out adds nothing any more."""

    entries: Annotated[list[CatalogueEntry], Meta(max_length=500)]


class CatalogueAnswer(Answer):
    """The catalogue, by skill. `recomputing`: scores are being brought up to date with it."""

    entries: list[CatalogueEntry]
    recomputing: bool


@endpoint(
    "GET",
    "/api/me/home-score",
    summary="The score of my home, and why.",
    roles={Role.CUSTOMER},
    answer=HomeScoreAnswer,
)
async def my_home_score(request: Req) -> HomeScoreAnswer:
    async with request.services.database.connection() as conn:
        return await _answer(conn, request.principal.id)


@endpoint(
    "GET",
    "/api/dispatch/people/{person:str}/home-score",
    summary="The score of a customer's home, and why.",
    roles=STAFF,
    answer=HomeScoreAnswer,
    problems=[NotFound],
)
async def read_home_score(request: Req) -> HomeScoreAnswer:
    person_id = str(request.path["person"])
    async with request.services.database.connection() as conn:
        person = await profile_of(conn, person_id)
        if person is None or person.role != Role.CUSTOMER:
            raise NotFound("There is no such customer.")
        return await _answer(conn, person_id)


@endpoint(
    "GET",
    "/api/dispatch/score-catalogue",
    summary="What each kind of job adds to a home's score.",
    roles=STAFF,
    answer=CatalogueAnswer,
)
async def read_catalogue(request: Req) -> CatalogueAnswer:
    async with request.services.database.connection() as conn:
        points = await score_catalogue(conn)
    return _catalogue(points, recomputing=False)


@endpoint(
    "PUT",
    "/api/dispatch/score-catalogue",
    summary="Replace the catalogue; every home is then scored anew.",
    roles=STAFF,
    body=CatalogueBody,
    answer=CatalogueAnswer,
    problems=[Invalid],
)
async def put_catalogue(request: Request[Services, CatalogueBody, None]) -> CatalogueAnswer:
    points = {entry.skill: entry.points for entry in request.body.entries}
    if len(points) != len(request.body.entries):
        raise Invalid("A skill is named twice.", field="entries")
    async with request.services.database.transaction() as conn:
        changed = await replace_catalogue(conn, points)
        if changed:
            run = f"catalogue-{request.now.isoformat()}"
            await add_task(conn, Effect.NIGHTLY_HOME_SCORES.value, run)
    if changed:
        _log.info("score catalogue replaced by %s: %s", request.principal.id, points)
    return _catalogue(points, recomputing=changed)


async def _answer(conn: Connection, customer_id: str) -> HomeScoreAnswer:
    row = await home_score_of(conn, customer_id)
    return HomeScoreAnswer(
        customer_id=customer_id,
        score=row.score_tenths / 10 if row else float(BASE),
        base=BASE,
        cap=CAP,
        items=msgspec.convert(row.items, list[ScoreItemAnswer]) if row else [],
        computed_at=Instant.maybe(row.computed_at) if row else None,
    )


def _catalogue(points: dict[str, int], *, recomputing: bool) -> CatalogueAnswer:
    entries = [CatalogueEntry(skill=skill, points=points[skill]) for skill in sorted(points)]
    return CatalogueAnswer(entries=entries, recomputing=recomputing)
