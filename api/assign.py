"""Who gets a job, over HTTP: who could, giving it to one, and giving many at once."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from api.jobs import STAFF, StatusAnswer, status_answer, told
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer, Input, Instant, Latitude, Longitude, PersonId, Version
from db.candidates import candidates_for, skill_name
from db.errors import Invalid, NotFound, Problem, Unavailable
from db.need_job import need_job
from tracker.jobs.assign import Holder, reassign_job
from tracker.jobs.candidates import Ranked, rank
from tracker.jobs.facts import StaleVersion
from tracker.jobs.lifecycle import TransitionRefused


class AssignBody(Input):
    """Who gets the job. `version`: only if nothing changed since."""

    pro_id: PersonId
    version: Version | None = None


class Assignment(Input):
    """Which job, and who gets it. `holder`: only if this pro has it still; null: if nobody has."""

    job_id: UUID
    pro_id: PersonId
    holder: PersonId | UnsetType | None = UNSET


class BulkBody(Input):
    """Up to 100 assignments, each tried by itself, in order."""

    assignments: Annotated[list[Assignment], Meta(min_length=1, max_length=100)]


class AssignOutcome(Answer):
    """What became of one assignment; a refusal says why, and whether a retry can help."""

    job_id: str
    pro_id: str
    outcome: Literal["assigned", "unchanged", "refused"]
    status: str | None
    version: int | None
    code: str | None
    detail: str | None
    retry: bool


class BulkAnswer(Answer):
    """The outcomes, in the order in which they were asked for."""

    success: bool
    outcomes: list[AssignOutcome]


class CandidatesQuery(Input):
    """How many to name."""

    limit: Annotated[int, Meta(ge=1, le=200)] = 20


class CandidateView(Answer):
    """A pro who could take the job. `conflicts`: their jobs in the same window.

    `lat` and `lng` are where they were last, at `seen_at`, unless that is too long ago to say where they are.
    """

    id: str
    name: str
    on_duty: bool
    distance_m: int | None
    lat: Latitude | None
    lng: Longitude | None
    seen_at: Instant | None
    active_jobs: int
    conflicts: int
    rating: float | None
    rating_count: int


class CandidatesAnswer(Answer):
    """Best first: on duty, free in the window, near. `skill` is the one that all of them have, by name."""

    skill: str
    candidates: list[CandidateView]


@endpoint(
    "POST",
    "/api/dispatch/jobs/assign",
    summary="Give up to 100 jobs to pros; each is tried by itself.",
    roles=STAFF,
    body=BulkBody,
    answer=BulkAnswer,
    problems=[Invalid],
)
async def assign_jobs(request: Request[Services, BulkBody, None]) -> BulkAnswer:
    outcomes = [await _assign_one(request, one) for one in request.body.assignments]
    return BulkAnswer(success=True, outcomes=outcomes)


@endpoint(
    "POST",
    "/api/dispatch/jobs/{id}/assign",
    summary="Give a job to a pro, also one that another pro has but has not set out for.",
    roles=STAFF,
    body=AssignBody,
    answer=StatusAnswer,
    problems=[TransitionRefused, StaleVersion, Invalid, NotFound],
)
async def assign_job(request: Request[Services, AssignBody, None]) -> StatusAnswer:
    services = request.services
    moved = await reassign_job(
        services.database,
        request.principal,
        request.id,
        request.body.pro_id,
        expected_version=request.body.version,
        now=request.now,
    )
    if moved.changed:
        await told(services, moved.job_id, moved.version)
    return status_answer(moved)


@endpoint(
    "GET",
    "/api/dispatch/jobs/{id}/candidates",
    summary="The pros who could take a job, best first.",
    roles=STAFF,
    query=CandidatesQuery,
    answer=CandidatesAnswer,
    problems=[NotFound, Invalid],
)
async def list_candidates(request: Request[Services, None, CandidatesQuery]) -> CandidatesAnswer:
    async with request.services.database.connection() as conn:
        job = await need_job(conn, request.id)
        found = await candidates_for(conn, job.id)
        skill = await skill_name(conn, job.skill)
    ranked = rank(found, lat=job.lat, lng=job.lng, now=request.now)
    return CandidatesAnswer(
        skill=skill, candidates=[_candidate(one) for one in ranked[: request.query.limit]]
    )


async def _assign_one(request: Request[Services, BulkBody, None], one: Assignment) -> AssignOutcome:
    services = request.services
    try:
        moved = await reassign_job(
            services.database,
            request.principal,
            one.job_id,
            one.pro_id,
            expected_holder=None if one.holder is UNSET else Holder(one.holder),
            now=request.now,
        )
    except Unavailable:
        raise  # for all of them: asking again gives what is given already to the same pro
    except Problem as problem:
        return AssignOutcome(
            job_id=str(one.job_id),
            pro_id=one.pro_id,
            outcome="refused",
            status=None,
            version=None,
            code=problem.code,
            detail=problem.detail,
            retry=problem.retry,
        )
    if moved.changed:
        await told(services, moved.job_id, moved.version)
    return AssignOutcome(
        job_id=str(moved.job_id),
        pro_id=one.pro_id,
        outcome="assigned" if moved.changed else "unchanged",
        status=moved.status.value,
        version=moved.version,
        code=None,
        detail=None,
        retry=False,
    )


def _candidate(one: Ranked) -> CandidateView:
    who = one.candidate
    known = one.distance_m is not None
    return CandidateView(
        id=who.id,
        name=who.name,
        on_duty=who.on_duty,
        distance_m=None if one.distance_m is None else round(one.distance_m),
        lat=who.lat if known else None,
        lng=who.lng if known else None,
        seen_at=Instant.maybe(who.seen_at),
        active_jobs=who.active_jobs,
        conflicts=who.conflicts,
        rating=round(who.rating_sum / who.rating_count, 2) if who.rating_count else None,
        rating_count=who.rating_count,
    )
