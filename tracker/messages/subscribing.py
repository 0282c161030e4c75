"""A browser asks to be told: what it names is checked before anything is kept or called."""

from __future__ import annotations

import base64
import binascii
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec

from db.errors import Conflict, Invalid, NotFound
from db.message_choices import know_person
from db.need_job import need_job
from db.pool import Connection, Database
from db.push_subscriptions import add_subscription, drop_subscription_of
from rooms.principal import Principal
from tracker.messages.push_hosts import is_push_endpoint
from tracker.settings import Settings

MOST_BROWSERS = 20  # of one person
_AUTH_BYTES = 16  # RFC 8291 §3.2


class TooManyBrowsers(Conflict):
    """You have as many browsers subscribed as one person may; unsubscribe one first."""

    code = "too_many_subscriptions"


async def subscribe(
    database: Database, settings: Settings, principal: Principal, *, endpoint: str, p256dh: str, auth: str
) -> int:
    """Keep a browser's subscription; its number. A link's browser hears of the link's job only.

    Raises Invalid, TooManyBrowsers, NotFound, Unavailable.
    """
    if not is_push_endpoint(endpoint, settings.push_hosts):
        raise Invalid("this push service is not one that this server uses", field="endpoint")
    _check_keys(p256dh, auth)
    async with database.transaction() as conn:
        person_id, link_id = await _whose(conn, principal)
        if link_id is None:
            await know_person(conn, person_id, principal.role.value)
        number = await add_subscription(
            conn,
            person_id,
            link_id=link_id,
            endpoint=endpoint,
            p256dh=p256dh,
            auth=auth,
            at_most=MOST_BROWSERS,
        )
    if number is None:
        raise TooManyBrowsers(at_most=MOST_BROWSERS)
    return number


async def unsubscribe(database: Database, principal: Principal, number: int) -> None:
    """Forget a browser of the caller's. Raises NotFound, Unavailable."""
    async with database.transaction() as conn:
        person_id, link_id = await _whose(conn, principal)
        if not await drop_subscription_of(conn, number, person_id, link_id=link_id):
            raise NotFound("You have no such subscription.")


async def _whose(conn: Connection, principal: Principal) -> tuple[str, int | None]:
    """The person, and the link's number for a caller by link: the job's customer."""
    if principal.job_id is None:
        return principal.id, None
    job = await need_job(conn, UUID(principal.job_id))
    return job.customer_id, principal.link_id


def _check_keys(p256dh: str, auth: str) -> None:
    """Raises Invalid unless they are a point on P-256 and a secret of 16 bytes."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _bytes(p256dh))
    except (ValueError, binascii.Error):
        raise Invalid("p256dh must be a P-256 point, base64url", field="keys.p256dh") from None
    try:
        fits = len(_bytes(auth)) == _AUTH_BYTES
    except (ValueError, binascii.Error):
        fits = False
    if not fits:
        raise Invalid(f"auth must be {_AUTH_BYTES} bytes, base64url", field="keys.auth")


def _bytes(text: str) -> bytes:
    return base64.b64decode(
        text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True
    )
