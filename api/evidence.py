"""Evidence over HTTP: add a photo or a signature, list what there is, take a piece away."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from api.evidence_shapes import (
    PHOTO,
    REFUSALS,
    Captured,
    EvidenceItem,
    KeptAnswer,
    UploadFacts,
    UploadKey,
    item_of,
    kept_answer,
)
from api.jobs import EVERYBODY, STAFF, told
from api.raw_body import Upload
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer, Input, Version
from db.errors import Forbidden, Invalid, NotFound
from db.evidence import evidence_of_job
from db.jobs import job_by_id
from db.need_job import NoSuchJob
from rooms.principal import Role
from tracker.evidence.locker import Piece
from tracker.evidence.rules import Kind, may_see
from tracker.evidence.strokes import Signature
from tracker.jobs.facts import Actor

Coordinate = Annotated[float, Meta(ge=0, le=10_000)]
Side = Annotated[float, Meta(ge=50, le=10_000)]
Stroke = Annotated[list[tuple[Coordinate, Coordinate]], Meta(min_length=1, max_length=8000)]


class SignatureBody(Captured, kw_only=True):
    """A signature as it was drawn: lines of [x, y] points on a canvas of `width` × `height`."""

    upload_key: UploadKey
    width: Side
    height: Side
    strokes: Annotated[list[Stroke], Meta(min_length=1, max_length=500)]


class RemoveQuery(Input):
    """Why; it stays on the job's record."""

    reason: Annotated[str, Meta(min_length=3, max_length=500)]


class EvidenceList(Answer):
    """A job's evidence, oldest first."""

    evidence: list[EvidenceItem]


class RemovedAnswer(Answer):
    """The piece is gone; its record stays."""

    success: bool
    version: Version


@endpoint(
    "POST",
    "/api/jobs/{id}/evidence",
    summary="Add a photo, or a photographed signature; the body is the picture.",
    roles={Role.PRO, *STAFF},
    raw=PHOTO,
    query=UploadFacts,
    answer=KeptAnswer,
    problems=[*REFUSALS, Forbidden, NotFound, Invalid],
)
async def add_evidence(request: Request[Services, Upload, UploadFacts]) -> KeptAnswer:
    services, sent = request.services, request.query
    piece = Piece(request.id, sent.kind, sent.upload_key, sent.device)
    kept = await services.locker.add_photo(
        request.principal, piece, request.body.read, request.body.media_type, request.now
    )
    return await kept_answer(services, kept, request.principal, request.now)


@endpoint(
    "POST",
    "/api/jobs/{id}/evidence/signature",
    summary="Add a signature as it was drawn.",
    roles={Role.PRO, *STAFF},
    body=SignatureBody,
    answer=KeptAnswer,
    problems=[*REFUSALS, Forbidden, NotFound],
)
async def add_signature(request: Request[Services, SignatureBody, None]) -> KeptAnswer:
    services, sent = request.services, request.body
    piece = Piece(request.id, Kind.SIGNATURE, sent.upload_key, sent.device)
    signature = Signature(sent.strokes, sent.width, sent.height)
    kept = await services.locker.add_signature(request.principal, piece, signature, request.now)
    return await kept_answer(services, kept, request.principal, request.now)


@endpoint(
    "GET",
    "/api/jobs/{id}/evidence",
    summary="What there is of photos and signatures.",
    roles=EVERYBODY,
    links=True,
    answer=EvidenceList,
    problems=[NotFound],
)
async def list_evidence(request: Request[Services, None, None]) -> EvidenceList:
    caller = request.principal
    async with request.services.database.connection() as conn:
        job = await job_by_id(conn, request.id)
        found = await evidence_of_job(conn, request.id)
    if job is None or not (may_see(caller, job, Kind.BEFORE) or caller.job_id == str(job.id)):
        raise NoSuchJob
    shown = [one for one in found if may_see(caller, job, Kind(one.kind))]
    return EvidenceList(evidence=[item_of(request.services, one, caller, request.now) for one in shown])


@endpoint(
    "DELETE",
    "/api/dispatch/evidence/{id}",
    summary="Take a piece of evidence away for good; its record and the reason stay.",
    roles=STAFF,
    query=RemoveQuery,
    answer=RemovedAnswer,
    problems=[NotFound],
)
async def remove_evidence(request: Request[Services, None, RemoveQuery]) -> RemovedAnswer:
    services = request.services
    removed = await services.locker.remove(
        Actor.of(request.principal), request.id, request.query.reason, request.now
    )
    await told(services, removed.evidence.job_id, removed.version)
    return RemovedAnswer(success=True, version=removed.version)
