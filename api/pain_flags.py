"""Pain flags over HTTP: what may go wrong with a job, added and resolved by dispatch."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta

from api.jobs import STAFF, told
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer, Input, Instant, Version
from db.errors import Invalid, NotFound
from db.need_job import need_job
from db.pain_flags import PainFlag, flags_of_job
from tracker.jobs.facts import Actor, StaleVersion
from tracker.jobs.flagging import Flagged, FlagOpen, FlagResolved, add_by_person, resolve_by_person
from tracker.jobs.pain_flags import FlagType, Severity

Req: TypeAlias = Request[Services, None, None]


class FlagBody(Input):
    """What somebody sees coming. CRITICAL: the job cannot be completed while it is open."""

    version: Version
    type: FlagType
    severity: Severity
    note: Annotated[str, Meta(max_length=1000)] | None = None


class ResolveFlagBody(Input):
    """What was done about it."""

    notes: Annotated[str, Meta(min_length=1, max_length=1000)]


class FlagView(Answer):
    """A flag. `by_rule`: the company's rules opened it. Without `resolved_by` a rule took it back."""

    id: int
    type: FlagType
    severity: Severity
    by_rule: bool
    note: str | None
    created_by: str
    created_at: Instant
    resolved_at: Instant | None
    resolved_by: str | None
    resolution_notes: str | None


class FlagAnswer(Answer):
    """The flag and the job's version after the call."""

    success: bool
    version: Version
    flag: FlagView


class FlagsAnswer(Answer):
    """All flags of a job, oldest first."""

    version: Version
    pain_flags: list[FlagView]


@endpoint(
    "GET",
    "/api/dispatch/jobs/{id}/pain-flags",
    summary="What may go wrong with a job.",
    roles=STAFF,
    answer=FlagsAnswer,
    problems=[NotFound],
)
async def list_flags(request: Req) -> FlagsAnswer:
    async with request.services.database.connection() as conn:
        job = await need_job(conn, request.id)
        flags = await flags_of_job(conn, job.id)
    return FlagsAnswer(version=job.version, pain_flags=[flag_view(flag) for flag in flags])


@endpoint(
    "POST",
    "/api/dispatch/jobs/{id}/pain-flags",
    summary="Add a flag, or make one that a rule opened one's own.",
    roles=STAFF,
    body=FlagBody,
    answer=FlagAnswer,
    problems=[NotFound, StaleVersion, FlagOpen, Invalid],
)
async def add_flag(request: Request[Services, FlagBody, None]) -> FlagAnswer:
    body = request.body
    flagged = await add_by_person(
        request.services.database,
        request.id,
        body.type,
        body.severity,
        body.note,
        actor=Actor.of(request.principal),
        now=request.now,
        expected_version=body.version,
    )
    return await _answer(request, flagged)


@endpoint(
    "POST",
    "/api/dispatch/jobs/{id}/pain-flags/{flag:int}/resolve",
    summary="Resolve a flag for good; no rule opens its type on this job again.",
    roles=STAFF,
    body=ResolveFlagBody,
    answer=FlagAnswer,
    problems=[NotFound, FlagResolved, Invalid],
)
async def resolve_flag(request: Request[Services, ResolveFlagBody, None]) -> FlagAnswer:
    flagged = await resolve_by_person(
        request.services.database,
        request.id,
        int(request.path["flag"]),
        request.body.notes,
        actor=Actor.of(request.principal),
        now=request.now,
    )
    return await _answer(request, flagged)


async def _answer(request: Request[Services, object, object], flagged: Flagged) -> FlagAnswer:
    if flagged.changed:
        await told(request.services, request.id, flagged.version)
    return FlagAnswer(success=True, version=flagged.version, flag=flag_view(flagged.flag))


def flag_view(flag: PainFlag) -> FlagView:
    """A flag as answers show it."""
    return FlagView(
        id=flag.id,
        type=FlagType(flag.type),
        severity=Severity(flag.severity),
        by_rule=flag.by_rule,
        note=flag.note,
        created_by=flag.created_by,
        created_at=Instant.of(flag.created_at),
        resolved_at=Instant.maybe(flag.resolved_at),
        resolved_by=flag.resolved_by,
        resolution_notes=flag.resolution_notes,
    )
