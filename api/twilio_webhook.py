"""Twilio's webhook: verify, keep, answer. A worker acts on it later (`docs/messages.md`)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from api.raw_body import RawBody, Upload
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Input
from db.errors import Invalid, NotFound
from tracker.messages.callback_url import callback_url
from tracker.messages.twilio_events import receive_callback
from tracker.messages.twilio_signature import BadSignature, verified_form

MAX_CALLBACK_BYTES = 64 * 1024  # an inbound text has 1600 characters and about twenty fields around it


class CallbackQuery(Input):
    """`delivery`: the number that we put into a status callback's address."""

    delivery: Annotated[int, Meta(ge=1, le=2**63 - 1)] | None = None


@endpoint(
    "POST",
    "/webhooks/twilio",
    summary="Take in a text's status, or an inbound text, that Twilio signed.",
    roles=None,
    raw=RawBody(max_bytes=MAX_CALLBACK_BYTES, media_types=("application/x-www-form-urlencoded",)),
    query=CallbackQuery,
    problems=[BadSignature, Invalid, NotFound],
)
async def twilio_webhook(request: Request[Services, Upload, CallbackQuery]) -> None:
    settings, delivery = request.services.settings, request.query.delivery
    if settings.twilio_auth_token is None:
        raise NotFound
    signatures = request.headers.getlist("x-twilio-signature")
    body = await request.body.read()
    form = verified_form(body, signatures, callback_url(settings, delivery), settings.twilio_auth_token)
    await receive_callback(request.services.database, form, delivery)
