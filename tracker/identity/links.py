"""Tracking links: the customer's view of one job, without an account.

A link is 128 random bits in 22 URL-safe characters. It opens one job, can be revoked, and dies with the
job. A link that is unknown, malformed, expired or revoked is refused by the very same words after the very
same work, so that nobody learns which links ever existed.

The customer's own link speaks for the customer of that job (`customer_behind`). One that the customer passed
on (`shared_links.py`) only looks.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from db.errors import Conflict, NotFound, Unauthorized
from db.jobs import Job
from db.need_job import NoSuchJob
from db.people import standing_of
from db.pool import Connection, Database
from db.shared_links import note_seen
from db.tracking_links import add_link, has_living_link, link_by_hash, revoke_links_of_job
from rooms.principal import Principal, Role

RANDOM_BYTES = 16
MAX_LINK_CHARS = 128
MOST_DERIVED = 20  # of one step: as often may its link be replaced before the message is out


class LinkRefused(Unauthorized):
    """This tracking link is not valid, or not any more."""


class JobEnded(Conflict):
    """The job has ended; it gets no new link."""

    code = "job_ended"


@dataclass(frozen=True, slots=True)
class Rotated:
    """The new link, shown once, and the ids of the links that died for it."""

    token: str
    dead: list[int]


class Links:
    """Makes, revokes and resolves links. `clock` gives epoch seconds."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def make(self, job_id: UUID, *, created_by: str, expires_at: datetime | None = None) -> str:
        """A new link to a job, beside those it has. Raises NotFound, Unavailable."""
        async with self._database.transaction() as conn:
            return await make_link(conn, job_id, created_by=created_by, expires_at=expires_at)

    async def rotate(self, job_id: UUID, *, created_by: str, expires_at: datetime | None = None) -> Rotated:
        """A new link instead of all that the job has, also shared ones. Raises NotFound, Unavailable."""
        async with self._database.transaction() as conn:
            dead = await revoke_links_of_job(conn, job_id, self._now())
            return Rotated(await make_link(conn, job_id, created_by=created_by, expires_at=expires_at), dead)

    async def revoke(self, job_id: UUID) -> list[int]:
        """End all links of a job; returns the ids of those that were alive. Raises Unavailable."""
        async with self._database.transaction() as conn:
            return await revoke_links_of_job(conn, job_id, self._now())

    async def resolve(self, token: object) -> Principal:
        """The caller behind a link: a customer of that one job. Raises LinkRefused, Unavailable."""
        token_hash = hash_of(token if isinstance(token, str) and len(token) <= MAX_LINK_CHARS else "")
        now = self._now()
        async with self._database.connection() as conn:
            link = await link_by_hash(conn, token_hash)
            if link is None or not link.is_alive(now):
                raise LinkRefused
            if link.is_shared:
                await note_seen(conn, link.id, now)
        return Principal(
            f"link:{link.id}",
            Role.CUSTOMER,
            expires_at=None if link.expires_at is None else link.expires_at.timestamp(),
            job_id=str(link.job_id),
            shared=link.is_shared,
        )

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


async def make_link(
    conn: Connection, job_id: UUID, *, created_by: str, expires_at: datetime | None = None
) -> str:
    """A new link within the caller's transaction. Raises NotFound, also for a job that has ended."""
    token = secrets.token_urlsafe(RANDOM_BYTES)
    if await add_link(conn, job_id, hash_of(token), created_by=created_by, expires_at=expires_at) is None:
        raise NotFound("There is no such job, or it has ended.")
    return token


class About(StrEnum):
    """What a message with a derived link is about. The words are part of what the link is derived from."""

    ON_THE_WAY = "on the way"
    REVIEW = "review"  # after the job's end: it lives as long as the job's other links


def on_the_way_link(secret: str, job_id: UUID, version: int) -> str:
    """The link in "on the way", unless it was replaced before the message was out."""
    return derived_link(secret, About.ON_THE_WAY, job_id, version)


def derived_link(secret: str, about: About, job_id: UUID, version: int, again: int = 0) -> str:
    """The link in a message, derived from the server's secret and the job event that the message tells of.

    The message is made when it is sent, perhaps more than once, and its link is kept nowhere: every try
    derives the same one. `again` counts those that were revoked before. HMAC-SHA256 cut to 128 bits; the
    NUL keeps it apart from tokens, which hold none.
    """
    told = f"{about.value}\0{job_id}\0{version}" + (f"\0{again}" if again else "")
    code = hmac.digest(secret.encode(), told.encode(), "sha256")[:RANDOM_BYTES]
    return base64.urlsafe_b64encode(code).rstrip(b"=").decode()


async def living_link(
    conn: Connection,
    secret: str,
    about: About,
    job_id: UUID,
    version: int,
    *,
    now: datetime,
    ends_at: datetime | None = None,
    reopen: bool = False,
) -> str | None:
    """The derived link that opens the job now, made if need be, in the caller's transaction.

    One that was replaced meanwhile (the job has another) is followed by a fresh one. None where somebody
    closed the page on purpose (the message's own link was revoked, and no other put in its place), unless
    that is to `reopen`. None for a job that has ended, unless `ends_at` says when the link ends with it.
    """
    if ends_at is not None and ends_at <= now:
        return None
    for again in range(MOST_DERIVED):
        token = derived_link(secret, about, job_id, version, again)
        stored = await link_by_hash(conn, hash_of(token))
        if stored is None:
            if again and not reopen and not await has_living_link(conn, job_id, now):
                return None
            made = await add_link(
                conn,
                job_id,
                hash_of(token),
                created_by=about.name.lower(),
                expires_at=ends_at,
                also_ended=ends_at is not None,
            )
            return token if made is not None or await link_by_hash(conn, hash_of(token)) else None
        if stored.revoked_at is None:
            return token if stored.expires_at is None or stored.expires_at > now else None
    return None


async def customer_behind(conn: Connection, job: Job, principal: Principal) -> Principal:
    """Who acts: whoever holds the customer's own link to a job acts for its customer, who needs no account.

    Raises NotFound for another job's link, for a shared one, and for that of a customer who may not come in.
    """
    if not principal.is_link:
        return principal
    standing = await standing_of(conn, job.customer_id)
    suspended = standing is not None and standing.suspended_at is not None
    if principal.shared or principal.job_id != str(job.id) or suspended:
        raise NoSuchJob
    return Principal(job.customer_id, Role.CUSTOMER)


def hash_of(token: str) -> bytes:
    """What is stored. A plain hash is enough: 128 random bits cannot be guessed from it."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
