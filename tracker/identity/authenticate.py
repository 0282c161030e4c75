"""From credentials to a caller, for a request or a socket: `{token}` or `{link}`, and nothing else.

A valid token is not enough: its person may have been suspended or signed out since. Their standing is read
from the database at most every two seconds per person.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from db.errors import Unauthorized
from db.people import Standing, standing_of
from db.pool import Database
from rooms.principal import Principal
from tracker.identity.jwks import JwksKeys
from tracker.identity.links import Links
from tracker.identity.tokens import SecretKey, Verifier
from tracker.settings import Settings

STANDING_TTL_S = 2.0
MAX_CACHED = 50_000


class Authenticator:
    """`await authenticate({"token": …})`. One per process."""

    def __init__(
        self,
        verifier: Verifier,
        links: Links,
        database: Database,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._verifier = verifier
        self._links = links
        self._database = database
        self._clock = clock
        self._standings: OrderedDict[str, tuple[float, Standing | None]] = OrderedDict()
        self._reading: dict[str, asyncio.Future[Standing | None]] = {}

    async def authenticate(self, auth: dict[str, Any]) -> Principal:
        """The caller. Raises Unauthorized, and Unavailable when that cannot be known just now."""
        match auth:
            case {"token": token, **others} if not others:
                principal = await self._verifier.verify(token)
            case {"link": link, **others} if not others:
                return await self._links.resolve(link)
            case _:
                raise Unauthorized
        check_standing(principal, await self._standing(principal.id))
        return principal

    def forget(self, person_id: str) -> None:
        """Read this person's standing anew: they were suspended, reinstated or signed out."""
        self._standings.pop(person_id, None)
        self._reading.pop(person_id, None)

    async def aclose(self) -> None:
        """Close the connection to the identity provider, if there is one."""
        await self._verifier.aclose()

    async def _standing(self, person_id: str) -> Standing | None:
        """The cached standing, or the database's; callers at the same time share one read."""
        cached = self._standings.get(person_id)
        if cached is not None and self._clock() - cached[0] < STANDING_TTL_S:
            return cached[1]
        reading = self._reading.get(person_id)
        if reading is None:
            reading = self._reading[person_id] = asyncio.ensure_future(self._read(person_id))
            # Whoever waited may be gone when it fails; nobody else needs to hear of it.
            reading.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(reading)

    async def _read(self, person_id: str) -> Standing | None:
        me = asyncio.current_task()
        asked_at = self._clock()
        try:
            async with self._database.connection() as conn:
                standing = await standing_of(conn, person_id)
            if self._reading.get(person_id) is me:  # else forgotten meanwhile: this answer may be old
                self._standings[person_id] = (asked_at, standing)
                self._standings.move_to_end(person_id)
                if len(self._standings) > MAX_CACHED:
                    self._standings.popitem(last=False)
            return standing
        finally:
            if self._reading.get(person_id) is me:
                del self._reading[person_id]


def authenticator_for(settings: Settings, database: Database, links: Links) -> Authenticator:
    """The authenticator that the settings describe: JWKS_URL's keys if set, else TRACKER_SECRET."""
    keys = JwksKeys(settings.jwks_url) if settings.jwks_url else SecretKey(settings.need_secret())
    verifier = Verifier(keys, audience=settings.jwt_audience, issuer=settings.jwt_issuer)
    return Authenticator(verifier, links, database)


def check_standing(principal: Principal, standing: Standing | None) -> None:
    """Raises Unauthorized for a suspended person, and for tokens issued before the last sign-out.

    A token without `iat` cannot show that it is newer. Somebody without a record has nothing against them.
    """
    if standing is None:
        return
    if standing.suspended_at is not None:
        raise Unauthorized("This account is suspended.")
    if standing.signed_out_at is not None and (
        principal.issued_at is None or principal.issued_at <= standing.signed_out_at.timestamp()
    ):
        raise Unauthorized("You have signed out; please sign in again.")
