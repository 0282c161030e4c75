"""Is this webhook Stripe's, is it fresh, and is it an event? Everything else ends as a typed 400.

Stripe signs `<t>.<body>` with HMAC-SHA256 and sends `Stripe-Signature: t=<seconds>,v1=<hex>[,v1=<hex>…]`; two
`v1` stand there while a secret is being rolled (https://docs.stripe.com/webhooks#verify-manually). The
comparison is the SDK's own, in constant time. The header is read by us first: the SDK takes `t=+5`, breaks on
letters outside ASCII, and lets a timestamp lie in the future for ever.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stripe import SignatureVerificationError, WebhookSignature

from db.errors import Invalid, Problem
from db.external_events import ExternalEvent
from rooms.strict_json import loads

TOLERANCE_S = 300  # as Stripe advises, here in both directions
MAX_SIGNATURES = 16  # far more than a rolled secret needs; each costs a comparison
MAX_HEADER_CHARS = 4096
_ITEM = re.compile(r"(?P<key>[a-z][a-z0-9]{0,15})=(?P<value>[0-9a-zA-Z]{1,128})", re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)
_ID = re.compile(r"[!-~]{1,200}", re.ASCII)
_TYPE = re.compile(r"[a-z0-9_.]{1,100}", re.ASCII)


class BadSignature(Problem):
    """This is not signed with our webhook secret, or not now."""

    code = "bad_signature"
    status = 400


class NotAnEvent(Problem):
    """This is signed, but it is no event."""

    code = "not_an_event"
    status = 400


@dataclass(frozen=True, slots=True)
class SignedEvent:
    """A verified event. `livemode`: about real money. `account`: it happened on a connected account's own."""

    stored: ExternalEvent
    livemode: bool
    account: str | None


def verified_event(payload: bytes, headers: list[str], secret: str, *, now: datetime) -> SignedEvent:
    """The event in a webhook's body; `headers` are all values of `Stripe-Signature`.

    Raises BadSignature and NotAnEvent.
    """
    if len(headers) != 1:
        raise BadSignature("Send exactly one Stripe-Signature header.")
    age_s = now.timestamp() - _signed_at(headers[0])
    try:
        WebhookSignature.verify_header(payload, headers[0], secret, tolerance=None)
    except (SignatureVerificationError, UnicodeDecodeError):
        raise BadSignature from None
    if abs(age_s) > TOLERANCE_S:
        raise BadSignature(f"The signature is more than {TOLERANCE_S} s {'old' if age_s > 0 else 'ahead'}.")
    return _event(payload)


def _signed_at(header: str) -> int:
    """The header's timestamp, when all of the header is as Stripe writes it. Raises BadSignature."""
    if len(header) > MAX_HEADER_CHARS:
        raise BadSignature("The Stripe-Signature header is too long.")
    items = [_ITEM.fullmatch(part) for part in header.split(",")]
    pairs = [(item["key"], item["value"]) for item in items if item]
    times = [value for key, value in pairs if key == "t"]
    signatures = [value for key, value in pairs if key == WebhookSignature.EXPECTED_SCHEME]
    if len(pairs) != len(items) or len(times) != 1 or not _SECONDS.fullmatch(times[0]):
        raise BadSignature("The Stripe-Signature header is not t=<seconds>,v1=<hex>.")
    if not 1 <= len(signatures) <= MAX_SIGNATURES:
        raise BadSignature(f"The Stripe-Signature header has no v1, or more than {MAX_SIGNATURES}.")
    return int(times[0])


def _event(payload: bytes) -> SignedEvent:
    try:
        body = loads(payload, max_depth=64)  # Stripe's objects are nested deeper than our own messages
    except Invalid as error:
        raise NotAnEvent(error.detail) from None
    if not isinstance(body, dict) or body.get("object") != "event":
        raise NotAnEvent
    about = body.get("data", {}).get("object") if isinstance(body.get("data"), dict) else None
    object_id = about.get("id") if isinstance(about, dict) else None
    account = body.get("account")
    well_formed = (
        _matches(_ID, body.get("id"))
        and _matches(_TYPE, body.get("type"))
        and isinstance(body.get("livemode"), bool)
        and isinstance(about, dict)
        and (object_id is None or _matches(_ID, object_id))
        and (account is None or _matches(_ID, account))
    )
    if not well_formed:
        raise NotAnEvent
    stored = ExternalEvent(event_id=body["id"], type=body["type"], object_id=object_id, body=body)
    return SignedEvent(stored, livemode=body["livemode"], account=account)


def _matches(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None
