"""Uploads without a token: an address that is good for one picture, and the PUT that uses it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from api.evidence_shapes import MAX_BYTES, PHOTO, REFUSALS, KeptAnswer, UploadFacts, kept_answer
from api.jobs import STAFF
from api.raw_body import Upload
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer, Input, Instant
from db.errors import Forbidden, NotFound
from db.need_job import need_job
from rooms.principal import Role
from tracker.evidence.develop import MEDIA_TYPES
from tracker.evidence.links import SEND_FOR, Ticket, bearer_of, opened, sealed
from tracker.evidence.locker import Piece
from tracker.evidence.rules import EvidenceClosed, check_may_add


class TicketQuery(Input):
    """The ticket that the address was made with."""

    ticket: Annotated[str, Meta(min_length=1, max_length=2000)]


class TicketAnswer(Answer):
    """Where to PUT the file, without a token, once; until when, and how large it may be."""

    success: bool
    method: str
    url: str
    expires_at: Instant
    max_bytes: int
    media_types: list[str]


@endpoint(
    "POST",
    "/api/jobs/{id}/evidence/uploads",
    summary="Get an address for one upload, for a client that cannot send its token along.",
    roles={Role.PRO, *STAFF},
    body=UploadFacts,
    answer=TicketAnswer,
    problems=[EvidenceClosed, Forbidden, NotFound],
)
async def make_upload_ticket(request: Request[Services, UploadFacts, None]) -> TicketAnswer:
    services, sent, caller = request.services, request.body, request.principal
    async with services.database.connection() as conn:
        job = await need_job(conn, request.id)
    check_may_add(caller, job, request.now)
    expires_at = request.now + SEND_FOR
    ticket = Ticket(
        job_id=job.id,
        kind=sent.kind,
        upload_key=sent.upload_key,
        by=caller.id,
        role=caller.role,
        issued_at=request.now.timestamp(),
        expires_at=expires_at.timestamp(),
        taken_at=sent.taken_at,
        lat=sent.lat,
        lng=sent.lng,
        accuracy_m=sent.accuracy,
    )
    return TicketAnswer(
        success=True,
        method="PUT",
        url=f"{services.settings.public_url}/api/evidence/uploads?ticket={sealed(services.settings, ticket)}",
        expires_at=Instant.of(expires_at),
        max_bytes=MAX_BYTES,
        media_types=list(MEDIA_TYPES),
    )


@endpoint(
    "PUT",
    "/api/evidence/uploads",
    summary="Send the picture that a ticket was made for.",
    roles=None,
    raw=PHOTO,
    query=TicketQuery,
    answer=KeptAnswer,
    problems=[*REFUSALS, Forbidden, NotFound],
)
async def use_upload_ticket(request: Request[Services, Upload, TicketQuery]) -> KeptAnswer:
    services = request.services
    ticket = opened(services.settings, request.query.ticket, request.now)
    async with services.database.connection() as conn:
        bearer = await bearer_of(conn, ticket)
    piece = Piece(ticket.job_id, ticket.kind, ticket.upload_key, ticket.device)
    kept = await services.locker.add_photo(
        bearer, piece, request.body.read, request.body.media_type, request.now
    )
    return await kept_answer(services, kept, bearer, request.now)
