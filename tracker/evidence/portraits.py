"""Portraits of pros: what a pro sends is drawn anew as a small square, like evidence, and customers see it.

A portrait is public to whoever knows its address: 128 random bits, which change with each new portrait. The
old file is condemned in the transaction that replaces it.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime

from db.errors import Busy, NotFound, Unavailable
from db.evidence import adopt_files, note_loose_files
from db.pool import Connection, Database
from db.portraits import Swapped, is_portrait, is_pro, swap_portrait
from tracker.evidence.develop import Darkroom
from tracker.evidence.store import Store
from tracker.evidence.store_problems import NoSuchFile
from tracker.evidence.sweep import LOOSE_FOR, delete_files

log = logging.getLogger("tracker.evidence")

UPLOADS_AT_ONCE = 2  # each holds its file in memory; a portrait is sent once in years
MEDIA_TYPE = "image/jpeg"


def portrait_address(key: str | None) -> str | None:
    """Where a portrait is served, relative to the server's root."""
    return None if key is None else f"photos/{key}"


class Portraits:
    """One per process."""

    def __init__(self, database: Database, store: Store) -> None:
        self._database = database
        self._store = store
        self._darkroom = Darkroom(at_once=1)
        self._under_way = 0

    async def put(
        self, pro_id: str, read: Callable[[], Awaitable[bytes]], media_type: str, now: datetime
    ) -> str:
        """Give a pro a new portrait; its key. `read` gets the bytes once they are known to be welcome.

        Raises NotFound, PhotoRefused, Busy, Unavailable, and what `read` raises.
        """
        async with self._database.connection() as conn:
            if not await is_pro(conn, pro_id):
                raise NotFound("There is no such pro.")
        if self._under_way >= UPLOADS_AT_ONCE:
            raise Busy("Too many uploads at once; wait for one to end.", retry_after_s=2)
        self._under_way += 1
        try:
            drawn = await self._darkroom.develop(await read(), media_type, signature=False, portrait=True)
            return await self._keep(pro_id, drawn.picture, now)
        finally:
            self._under_way -= 1

    async def remove(self, pro_id: str, now: datetime) -> None:
        """Take a pro's portrait away; none is fine. Raises NotFound, Unavailable."""
        await self._swap(pro_id, None, now)

    async def picture(self, key: str) -> bytes:
        """The JPEG at a portrait's address. Raises NotFound, Unavailable."""
        async with self._database.connection() as conn:
            if not await is_portrait(conn, key):
                raise NotFound
        try:
            return await self._store.get(key)
        except NoSuchFile:
            log.error("the portrait %s has lost its file", key)  # the store was changed by other hands
            raise NotFound from None

    async def _keep(self, pro_id: str, picture: bytes, now: datetime) -> str:
        key = secrets.token_hex(16)
        async with self._database.transaction() as conn:
            await note_loose_files(conn, [key], delete_after=now + LOOSE_FOR)
        await self._store.put(key, picture, MEDIA_TYPE)
        await self._swap(pro_id, key, now)
        return key

    async def _swap(self, pro_id: str, key: str | None, now: datetime) -> None:
        async def work(conn: Connection) -> Swapped:
            if key is not None and not await adopt_files(conn, [key]):
                raise Unavailable("The upload took too long; nothing was kept. Please retry.")
            swapped = await swap_portrait(conn, pro_id, key)
            if swapped is None:
                raise NotFound("There is no such pro.")
            if swapped.before is not None:
                await note_loose_files(conn, [swapped.before], delete_after=now, condemned=True)
            return swapped

        before = (await self._database.in_transaction(work)).before
        if before is None:
            return
        try:
            await delete_files(self._store, self._database, [before])
        except Unavailable:
            log.warning("an old portrait of %s is left to the next sweep", pro_id)
