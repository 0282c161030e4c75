"""Evidence of jobs: one row per photo or signature, and the list of files that no row names."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

import asyncpg

from db.pool import Connection


@dataclass(frozen=True, slots=True)
class NewEvidence:
    """What keeping a piece of evidence takes; `sha256` is of the kept file, `source_sha256` of what came."""

    job_id: UUID
    kind: str
    uploaded_by: str
    upload_key: str
    store_key: str
    thumb_key: str
    sha256: bytes
    source_sha256: bytes
    media_type: str
    bytes: int
    width: int
    height: int
    taken_at: datetime | None
    distance_m: float | None
    doubts: list[str]


@dataclass(frozen=True, slots=True)
class Evidence(NewEvidence):
    """A kept piece of evidence; `removed_at`: dispatch or retention took it away, its files are gone."""

    id: UUID
    created_at: datetime
    removed_at: datetime | None
    removed_by: str | None


_NEW = ", ".join(field.name for field in fields(NewEvidence))
_COLUMNS = ", ".join(field.name for field in fields(Evidence))
_VALUES = ", ".join(f"${number + 1}" for number in range(len(fields(NewEvidence))))


def _evidence(row: asyncpg.Record) -> Evidence:
    return Evidence(**dict(row.items()))


async def evidence_by_id(conn: Connection, evidence_id: UUID) -> Evidence | None:
    """One piece, also a removed one, or None."""
    row = await conn.fetchrow(f"SELECT {_COLUMNS} FROM evidence WHERE id = $1", evidence_id)
    return _evidence(row) if row else None


async def evidence_by_upload_key(conn: Connection, job_id: UUID, upload_key: str) -> Evidence | None:
    """What a device sent under this key of its own, also when it was removed since, or None."""
    row = await conn.fetchrow(
        f"SELECT {_COLUMNS} FROM evidence WHERE job_id = $1 AND upload_key = $2", job_id, upload_key
    )
    return _evidence(row) if row else None


async def evidence_of_job(conn: Connection, job_id: UUID) -> list[Evidence]:
    """What there is of a job, oldest first; without what was removed."""
    rows = await conn.fetch(
        f"SELECT {_COLUMNS} FROM evidence WHERE job_id = $1 AND removed_at IS NULL ORDER BY created_at, id",
        job_id,
    )
    return [_evidence(row) for row in rows]


async def photos_of_job(conn: Connection, job_id: UUID) -> list[Evidence]:
    """The photos before and after the work, for its receipt; no signature."""
    return [one for one in await evidence_of_job(conn, job_id) if one.kind in ("before", "after")]


async def count_of_kind(conn: Connection, job_id: UUID, kind: str) -> int:
    """How many pieces of a kind a job has; exact while the job is locked."""
    count: int = await conn.fetchval(
        "SELECT count(*) FROM evidence WHERE job_id = $1 AND kind = $2 AND removed_at IS NULL", job_id, kind
    )
    return count


async def add_evidence(conn: Connection, new: NewEvidence) -> Evidence:
    """Keep one piece; its files are in the store already. The caller holds the job's lock."""
    row = await conn.fetchrow(
        f"INSERT INTO evidence ({_NEW}) VALUES ({_VALUES}) RETURNING {_COLUMNS}",
        *(getattr(new, field.name) for field in fields(NewEvidence)),
    )
    assert row is not None
    return _evidence(row)


async def remove_evidence(conn: Connection, evidence_id: UUID, *, by: str, at: datetime) -> Evidence | None:
    """Take one piece away; None when it was away already, or never there."""
    row = await conn.fetchrow(
        f"UPDATE evidence SET removed_at = $2, removed_by = $3 WHERE id = $1 AND removed_at IS NULL"
        f" RETURNING {_COLUMNS}",
        evidence_id,
        at,
        by,
    )
    return _evidence(row) if row else None


async def remove_old_evidence(
    conn: Connection, before: datetime, *, by: str, at: datetime, limit: int
) -> list[Evidence]:
    """Take away the oldest pieces that were added, and whose jobs ended, before a moment.

    Not while a payment of the job is disputed: evidence is what a dispute is answered with. Two who do this
    at once share the work.
    """
    rows = await conn.fetch(
        f"""
        UPDATE evidence SET removed_at = $2, removed_by = $3 WHERE id IN (
            SELECT e.id FROM evidence e JOIN jobs j ON j.id = e.job_id
            WHERE e.removed_at IS NULL AND e.created_at < $1
              AND coalesce(j.finished_at, j.cancelled_at) < $1
              AND NOT EXISTS (SELECT FROM payments p JOIN disputes d ON d.payment_id = p.id
                              WHERE p.job_id = e.job_id AND d.status = 'open')
            ORDER BY e.created_at LIMIT $4 FOR UPDATE OF e SKIP LOCKED)
        RETURNING {_COLUMNS}
        """,
        before,
        at,
        by,
        limit,
    )
    return [_evidence(row) for row in rows]


async def note_loose_files(
    conn: Connection, keys: list[str], *, delete_after: datetime, condemned: bool = False
) -> None:
    """Files that no evidence names: about to be written, or of evidence that was removed (`condemned`)."""
    await conn.execute(
        "INSERT INTO loose_files (store_key, delete_after, condemned) SELECT unnest($1::text[]), $2, $3",
        keys,
        delete_after,
        condemned,
    )


async def adopt_files(conn: Connection, keys: list[str]) -> bool:
    """Take files off the list, in the transaction that names them; False when the sweep was there first."""
    adopted = await conn.fetch(
        "DELETE FROM loose_files WHERE store_key = ANY($1::text[]) AND NOT condemned RETURNING store_key",
        keys,
    )
    return len(adopted) == len(keys)


async def condemn_files(conn: Connection, now: datetime, *, limit: int) -> list[str]:
    """Loose files whose time is over, and those that an earlier sweep condemned and did not get to delete.

    From here on nothing can adopt them.
    """
    rows = await conn.fetch(
        """
        UPDATE loose_files SET condemned = true WHERE store_key IN (
            SELECT store_key FROM loose_files WHERE delete_after <= $1
            ORDER BY delete_after LIMIT $2 FOR UPDATE SKIP LOCKED)
        RETURNING store_key
        """,
        now,
        limit,
    )
    return [row["store_key"] for row in rows]


async def put_off_files(conn: Connection, keys: list[str], *, until: datetime) -> None:
    """These could not be deleted; no sweep before `until` tries again."""
    await conn.execute(
        "UPDATE loose_files SET delete_after = $2 WHERE store_key = ANY($1::text[])", keys, until
    )


async def forget_files(conn: Connection, keys: list[str]) -> None:
    """These are deleted from the store."""
    await conn.execute("DELETE FROM loose_files WHERE store_key = ANY($1::text[])", keys)
