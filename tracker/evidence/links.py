"""Short-lived addresses: one to look at a file, one to send one. Whoever holds it may use it, until it ends.

An address carries what it allows and a code over it (HMAC-SHA-256, RFC 2104) that only this server can make.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from db.errors import NotFound
from db.people import standing_of
from db.pool import Connection
from rooms.principal import Principal, Role
from tracker.evidence.rules import Kind, Taken
from tracker.identity.authenticate import check_standing
from tracker.settings import Settings

LOOK_FOR = timedelta(minutes=5)
SEND_FOR = timedelta(minutes=15)


class Size(StrEnum):
    """Which of a piece's two files."""

    PHOTO = "photo"
    THUMB = "thumb"


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """One upload that somebody may make without a token: which, for whom, until when (epoch seconds)."""

    job_id: UUID
    kind: Kind
    upload_key: str
    by: str
    role: Role
    issued_at: float
    expires_at: float
    taken_at: datetime | None = None
    lat: float | None = None
    lng: float | None = None
    accuracy_m: float | None = None

    @property
    def device(self) -> Taken:
        """What the device said of time and place when it asked for the ticket."""
        return Taken(self.taken_at, self.lat, self.lng, self.accuracy_m)


def signed_url(settings: Settings, evidence_id: UUID, size: Size, expires_at: datetime) -> str:
    """The address of one file of a piece of evidence, good until `expires_at`, in whole seconds."""
    expires = int(expires_at.timestamp())
    signature = _code(settings, "look", f"{evidence_id}/{size.value}/{expires}")
    allowed = f"size={size.value}&expires={expires}&signature={signature}"
    return f"{settings.public_url}/evidence/{evidence_id}?{allowed}"


def check_url(
    settings: Settings, evidence_id: UUID, size: Size, expires: int, signature: str, now: datetime
) -> None:
    """Raises NotFound for an address that is over and for one that this server did not make."""
    right = _code(settings, "look", f"{evidence_id}/{size.value}/{expires}")
    if not hmac.compare_digest(right.encode(), signature.encode()) or expires <= now.timestamp():
        raise NotFound


def sealed(settings: Settings, ticket: Ticket) -> str:
    """The ticket as a text for an address."""
    body = urlsafe_b64encode(msgspec.json.encode(ticket)).rstrip(b"=").decode()
    return f"{body}.{_code(settings, 'send', body)}"


def opened(settings: Settings, text: str, now: datetime) -> Ticket:
    """The ticket in an address. Raises NotFound when it is over or not ours."""
    body, _, code = text.partition(".")
    if not hmac.compare_digest(_code(settings, "send", body).encode(), code.encode()):
        raise NotFound
    ticket = msgspec.json.decode(urlsafe_b64decode(body + "=" * (-len(body) % 4)), type=Ticket)
    if ticket.expires_at <= now.timestamp():
        raise NotFound
    return ticket


async def bearer_of(conn: Connection, ticket: Ticket) -> Principal:
    """Who made the ticket. Raises Unauthorized when that person was suspended or signed out since."""
    principal = Principal(ticket.by, ticket.role, ticket.expires_at, issued_at=ticket.issued_at)
    check_standing(principal, await standing_of(conn, ticket.by))
    return principal


def _code(settings: Settings, purpose: str, text: str) -> str:
    """A code over `text`, worth nothing for another purpose."""
    key = hmac.digest(settings.need_secret().encode(), f"evidence: {purpose}".encode(), hashlib.sha256)
    return urlsafe_b64encode(hmac.digest(key, text.encode(), hashlib.sha256)).rstrip(b"=").decode()
