"""Tracking links: the customer's view of one job, without an account.

A link is 128 random bits in 22 URL-safe characters. It opens one job, can be revoked, and dies with the
job. A link that is unknown, malformed, expired or revoked is refused by the very same words after the very
same work, so that nobody learns which links ever existed.
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
from uuid import UUID

from db.errors import NotFound, Unauthorized
from db.pool import Connection, Database
from db.tracking_links import add_link, link_by_hash, revoke_links_of_job
from rooms.principal import Principal, Role

RANDOM_BYTES = 16
MAX_LINK_CHARS = 128


class LinkRefused(Unauthorized):
    """This tracking link is not valid, or not any more."""


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
        """A new link instead of those that the job has. Raises NotFound, Unavailable."""
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
        async with self._database.connection() as conn:
            link = await link_by_hash(conn, token_hash)
        if link is None or link.revoked_at is not None:
            raise LinkRefused
        if link.expires_at is not None and link.expires_at <= self._now():
            raise LinkRefused
        return Principal(
            f"link:{link.id}",
            Role.CUSTOMER,
            expires_at=None if link.expires_at is None else link.expires_at.timestamp(),
            job_id=str(link.job_id),
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


def on_the_way_link(secret: str, job_id: UUID, version: int) -> str:
    """The link in "on the way", derived from the server's secret and the step that it tells of.

    The message is made when it is sent, perhaps more than once, and its link is kept nowhere: every try
    derives the same one. HMAC-SHA256 cut to 128 bits; the NUL keeps it apart from tokens, which hold none.
    """
    code = hmac.digest(secret.encode(), f"on the way\0{job_id}\0{version}".encode(), "sha256")[:RANDOM_BYTES]
    return base64.urlsafe_b64encode(code).rstrip(b"=").decode()


async def keep_link(conn: Connection, job_id: UUID, token: str, *, created_by: str) -> bool:
    """Let a derived link open the job from now on, in the caller's transaction; again changes nothing.

    False for a job that has ended. A link that was revoked stays so.
    """
    stored = await link_by_hash(conn, hash_of(token))
    if stored is not None:
        return True
    return await add_link(conn, job_id, hash_of(token), created_by=created_by, expires_at=None) is not None


def hash_of(token: str) -> bytes:
    """What is stored. A plain hash is enough: 128 random bits cannot be guessed from it."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
