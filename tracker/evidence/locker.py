"""Keeping one piece of evidence, so that a crash at any moment leaves nothing half.

The files are noted as loose, then written, then one transaction makes the row and takes them off that list. A
crash before its commit leaves loose files, which the sweep deletes; a row without its files cannot be.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from db.errors import Busy, Conflict, NotFound, Unavailable
from db.evidence import (
    Evidence,
    NewEvidence,
    add_evidence,
    adopt_files,
    count_of_kind,
    evidence_by_upload_key,
    note_loose_files,
    remove_evidence,
)
from db.need_job import lock_needed_job, need_job
from db.pool import Connection, Database
from rooms.principal import Principal
from tracker.evidence.capture import taken_by
from tracker.evidence.develop import Darkroom, Developed
from tracker.evidence.rules import (
    MAX_PER_KIND,
    Kind,
    Taken,
    TooMuchEvidence,
    check_may_add,
    distance_m,
    doubts_of,
)
from tracker.evidence.store import Store
from tracker.evidence.strokes import Signature, draw
from tracker.evidence.sweep import LOOSE_FOR, delete_files
from tracker.jobs.facts import Actor, record_fact
from tracker.settings import Settings

log = logging.getLogger("tracker.evidence")

UPLOADS_AT_ONCE = 8  # each holds its file in memory
UPLOADS_PER_PERSON = 2  # so that one slow phone leaves room for the others

Read = Callable[[], Awaitable[bytes]]
Develop = Callable[[bytes], Awaitable[Developed]]


class UploadKeyUsed(Conflict):
    """This upload key stands for other evidence of the job."""

    code = "upload_key_used"


class EvidenceRemoved(Conflict):
    """This evidence was removed."""

    code = "evidence_removed"


@dataclass(frozen=True, slots=True)
class Piece:
    """What somebody wants to add. `upload_key` is the device's own name of it: sent twice, kept once."""

    job_id: UUID
    kind: Kind
    upload_key: str
    device: Taken


@dataclass(frozen=True, slots=True)
class Kept:
    """The piece in the locker; `version` is the job's. `created` is False when it was there before."""

    evidence: Evidence
    version: int
    created: bool


class Locker:
    """One per process."""

    def __init__(self, settings: Settings, database: Database, store: Store) -> None:
        self._zone = ZoneInfo(settings.time_zone)
        self._database = database
        self._store = store
        self._darkroom = Darkroom()
        self._under_way: Counter[str] = Counter()

    @property
    def under_way(self) -> int:
        """How many uploads there are just now."""
        return self._under_way.total()

    async def add_photo(
        self, principal: Principal, piece: Piece, read: Read, media_type: str, now: datetime
    ) -> Kept:
        """Keep a photo, or a photographed signature; `read` gets its bytes once it is known to be welcome.

        Raises NotFound, Forbidden, EvidenceClosed, TooMuchEvidence, UploadKeyUsed, EvidenceRemoved,
        PhotoRefused, Busy, Unavailable, and what `read` raises.
        """

        async def develop(data: bytes) -> Developed:
            return await self._darkroom.develop(data, media_type, signature=piece.kind is Kind.SIGNATURE)

        return await self._add(principal, piece, read, develop, now)

    async def add_signature(
        self, principal: Principal, piece: Piece, signature: Signature, now: datetime
    ) -> Kept:
        """Keep a signature that was drawn. Raises what `add_photo` does."""

        async def read() -> bytes:
            return signature.as_source()

        async def develop(_: bytes) -> Developed:
            return await asyncio.to_thread(draw, signature)

        return await self._add(principal, piece, read, develop, now)

    async def remove(self, actor: Actor, evidence_id: UUID, reason: str, now: datetime) -> Kept:
        """Take a piece away for good. Its row stays, its files go. Raises NotFound, Unavailable."""

        async def work(conn: Connection) -> Kept:
            removed = await remove_evidence(conn, evidence_id, by=actor.id, at=now)
            if removed is None:
                raise NotFound("There is no such evidence.")
            files = [removed.store_key, removed.thumb_key]
            await note_loose_files(conn, files, delete_after=now, condemned=True)
            version = await record_fact(
                conn,
                removed.job_id,
                kind="evidence_removed",
                data={"evidence_id": str(removed.id), "kind": removed.kind, "reason": reason},
                actor=actor,
                now=now,
            )
            return Kept(removed, version, created=False)

        kept = await self._database.in_transaction(work)
        try:
            files = [kept.evidence.store_key, kept.evidence.thumb_key]
            await delete_files(self._store, self._database, files)
        except Unavailable:
            log.warning("the files of removed evidence %s are left to the next sweep", evidence_id)
        return kept

    async def _add(
        self, principal: Principal, piece: Piece, read: Read, develop: Develop, now: datetime
    ) -> Kept:
        async with self._database.connection() as conn:
            job = await need_job(conn, piece.job_id)
            check_may_add(principal, job, now)
            if await evidence_by_upload_key(conn, job.id, piece.upload_key) is None:
                await _check_room(conn, piece)
        with self._counted(principal.id):
            data = await read()
            source = hashlib.sha256(data).digest()
            async with self._database.connection() as conn:
                if before := await _kept_before(conn, piece, source):
                    return Kept(before, job.version, created=False)
            return await self._keep(principal, piece, await develop(data), source, now)

    async def _keep(
        self, principal: Principal, piece: Piece, developed: Developed, source: bytes, now: datetime
    ) -> Kept:
        picture_key, thumb_key = keys = [secrets.token_hex(16), secrets.token_hex(16)]
        async with self._database.transaction() as conn:
            await note_loose_files(conn, keys, delete_after=now + LOOSE_FOR)
        await self._store.put(picture_key, developed.picture, developed.media_type)
        await self._store.put(thumb_key, developed.thumbnail, developed.media_type)
        taken = taken_by(developed.exif, piece.device, self._zone)

        async def work(conn: Connection) -> Kept:
            job = await lock_needed_job(conn, piece.job_id)
            check_may_add(principal, job, now)  # it may have been lost while the photo was on its way
            if before := await _kept_before(conn, piece, source):
                return Kept(before, job.version, created=False)
            await _check_room(conn, piece)
            if not await adopt_files(conn, keys):
                raise Unavailable("The upload took too long; nothing was kept. Please retry.")
            evidence = await add_evidence(
                conn,
                NewEvidence(
                    job_id=piece.job_id,
                    kind=piece.kind.value,
                    uploaded_by=principal.id,
                    upload_key=piece.upload_key,
                    store_key=picture_key,
                    thumb_key=thumb_key,
                    sha256=hashlib.sha256(developed.picture).digest(),
                    source_sha256=source,
                    media_type=developed.media_type,
                    bytes=len(developed.picture),
                    width=developed.width,
                    height=developed.height,
                    taken_at=taken.at,
                    distance_m=distance_m(job, taken),
                    doubts=[doubt.value for doubt in doubts_of(job, taken, now)],
                ),
            )
            return Kept(evidence, await _record(conn, evidence, Actor.of(principal), now), created=True)

        return await self._database.in_transaction(work)

    @contextmanager
    def _counted(self, person_id: str) -> Iterator[None]:
        """A place for one upload. Raises Busy when there is none."""
        if self.under_way >= UPLOADS_AT_ONCE or self._under_way[person_id] >= UPLOADS_PER_PERSON:
            raise Busy("Too many uploads at once; wait for one to end.", retry_after_s=2)
        self._under_way[person_id] += 1
        try:
            yield
        finally:
            self._under_way[person_id] -= 1
            self._under_way += Counter()  # forgets those at zero


async def _check_room(conn: Connection, piece: Piece) -> None:
    if await count_of_kind(conn, piece.job_id, piece.kind.value) >= MAX_PER_KIND:
        raise TooMuchEvidence(f"A job may have {MAX_PER_KIND} of a kind.", limit=MAX_PER_KIND)


async def _kept_before(conn: Connection, piece: Piece, source: bytes) -> Evidence | None:
    """The same upload, when it was kept before. Raises UploadKeyUsed, EvidenceRemoved."""
    before = await evidence_by_upload_key(conn, piece.job_id, piece.upload_key)
    if before is None:
        return None
    if before.source_sha256 != source or before.kind != piece.kind.value:
        raise UploadKeyUsed
    if before.removed_at is not None:
        raise EvidenceRemoved
    return before


async def _record(conn: Connection, evidence: Evidence, actor: Actor, now: datetime) -> int:
    return await record_fact(
        conn,
        evidence.job_id,
        kind="evidence_added",
        data={
            "evidence_id": str(evidence.id),
            "kind": evidence.kind,
            "sha256": evidence.sha256.hex(),
            "doubts": evidence.doubts,
        },
        actor=actor,
        now=now,
    )
