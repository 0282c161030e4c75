"""Stripe's webhook: verify, keep the event once, answer. A worker acts on it later (`docs/payouts.md`)."""

from __future__ import annotations

from api.raw_body import RawBody, Upload
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer
from db.errors import NotFound
from tracker.money.stripe_events import receive_event
from tracker.money.webhook_signature import BadSignature, NotAnEvent, verified_event

MAX_EVENT_BYTES = 256 * 1024  # Stripe's largest events (checkout with line items) are a tenth of it


class ReceivedAnswer(Answer):
    """The event is kept; also for the hundredth time."""

    received: bool


@endpoint(
    "POST",
    "/webhooks/stripe",
    summary="Take in an event that Stripe signed.",
    roles=None,
    raw=RawBody(max_bytes=MAX_EVENT_BYTES),
    answer=ReceivedAnswer,
    problems=[BadSignature, NotAnEvent, NotFound],
)
async def stripe_webhook(request: Request[Services, Upload, None]) -> ReceivedAnswer:
    settings = request.services.settings
    if settings.stripe_webhook_secret is None:
        raise NotFound
    signatures = request.headers.getlist("stripe-signature")
    payload = await request.body.read()
    event = verified_event(payload, signatures, settings.stripe_webhook_secret, now=request.now)
    await receive_event(request.services.database, settings, event)
    return ReceivedAnswer(received=True)
