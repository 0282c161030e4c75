"""A locker to keep evidence in, and Pat's job to keep it of."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from db.errors import Unavailable
from db.pool import Database
from rooms.principal import Principal, Role
from tests.company import add_job, with_database
from tests.effects import settings_of
from tests.photos import photo
from tracker.evidence.disk_store import DiskStore
from tracker.evidence.locker import Kept, Locker, Piece
from tracker.evidence.rules import Kind, Taken
from tracker.evidence.strokes import Signature, draw

PAT, DEE = Principal("pat", Role.PRO), Principal("dee", Role.DISPATCHER)
SCRIBBLE = Signature([[(1, 1), (50, 20), (99, 30), (60, 49)]], 100, 50)
DRAWN = draw(SCRIBBLE)
JPEG = photo(64, 64)


class Stage:
    """A locker over a disk store in a folder, and Pat's job."""

    def __init__(self, database: Database, folder: Path, job_id: UUID) -> None:
        self.database, self.folder, self.job_id = database, folder, job_id
        self.store = DiskStore(folder)
        self.locker = Locker(settings_of(database), database, self.store)

    async def send(
        self, key: str = "1", data: bytes = JPEG, kind: Kind = Kind.BEFORE, who: Principal = PAT
    ) -> Kept:
        async def read() -> bytes:
            return data

        piece = Piece(self.job_id, kind, key, Taken())
        return await self.locker.add_photo(who, piece, read, "image/jpeg", datetime.now(UTC))

    async def sign(self, key: str) -> Kept:
        """A drawn signature, sent again as a phone does when it is told to retry."""
        piece = Piece(self.job_id, Kind.SIGNATURE, key, Taken())
        while True:
            try:
                return await self.locker.add_signature(PAT, piece, SCRIBBLE, datetime.now(UTC))
            except Unavailable:
                await asyncio.sleep(0.1)

    def files(self) -> set[str]:
        return {path.name for path in self.folder.rglob("*") if path.is_file()}

    async def asked(self, question: str) -> Any:
        async with self.database.connection() as conn:
            return await conn.fetchval(question)

    async def named(self) -> set[str]:
        """The files that rows name."""
        async with self.database.connection() as conn:
            rows = await conn.fetch("SELECT store_key, thumb_key FROM evidence WHERE removed_at IS NULL")
        return {key for row in rows for key in (row["store_key"], row["thumb_key"])}


def staged(
    database_url: str, folder: Path, work: Callable[[Stage], Awaitable[None]], status: str = "arrived"
) -> None:
    async def story(database: Database) -> None:
        stage = Stage(database, folder, await add_job(database, status))
        try:
            await work(stage)
        finally:
            await stage.store.aclose()

    with_database(database_url, story)
