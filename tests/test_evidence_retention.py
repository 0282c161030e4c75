"""Evidence whose time is over goes, files and all; its record stays, and nothing younger or disputed goes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from db.evidence import NewEvidence, add_evidence, remove_old_evidence
from db.pool import Connection, Database
from tests.company import add_job, with_database
from tests.effects import settings_of, shared_company, tools_of
from tracker.effects.keep_house import keep_house
from tracker.effects.task import Task
from tracker.evidence import retention
from tracker.evidence.disk_store import DiskStore
from tracker.evidence.retention import RETENTION, retire_evidence
from tracker.jobs.consequences import Effect
from tracker.local_postgres import PostgresServer

NOW = datetime.now(UTC)
KEEP_DAYS = 730
OLD, YOUNG = timedelta(days=KEEP_DAYS + 1), timedelta(days=KEEP_DAYS - 1)


@pytest.fixture(scope="module")
def url(postgres: PostgresServer, template_database: str) -> Iterator[str]:
    yield from shared_company(postgres, template_database)


async def piece(conn: Connection, job_id: UUID, *, ago: timedelta = OLD) -> UUID:
    """A photo of a job that was added so long ago; its files are not there."""
    keys = [uuid4().hex, uuid4().hex]
    new = NewEvidence(
        job_id=job_id,
        kind="after",
        uploaded_by="pat",
        upload_key=keys[0],
        store_key=keys[0],
        thumb_key=keys[1],
        sha256=bytes(32),
        source_sha256=bytes(32),
        media_type="image/jpeg",
        bytes=1,
        width=1,
        height=1,
        taken_at=None,
        distance_m=None,
        doubts=[],
    )
    kept = await add_evidence(conn, new)
    await conn.execute("UPDATE evidence SET created_at = $2 WHERE id = $1", kept.id, NOW - ago)
    return kept.id


async def ended_job(database: Database, status: str = "completed", *, ago: timedelta = OLD) -> UUID:
    """A job that ended so long ago."""
    job_id = await add_job(database, status)
    async with database.connection() as conn:
        await conn.execute(
            "UPDATE jobs SET finished_at = finished_at - $2::interval,"
            " cancelled_at = cancelled_at - $2::interval WHERE id = $1",
            job_id,
            ago,
        )
    return job_id


async def removed(conn: Connection, *pieces: UUID) -> list[str | None]:
    """Who removed each, None where nobody did."""
    rows = await conn.fetch("SELECT id, removed_by FROM evidence WHERE id = ANY($1::uuid[])", pieces)
    found = {row["id"]: row["removed_by"] for row in rows}
    return [found[one] for one in pieces]


def test_what_is_old_goes_with_its_files_and_stays_on_the_record(url: str, tmp_path: Path) -> None:
    async def story(database: Database) -> None:
        job_id = await ended_job(database)
        store = DiskStore(tmp_path)
        async with database.connection() as conn:
            pieces = [await piece(conn, job_id) for _ in range(2)]
            rows = await conn.fetch("SELECT store_key, thumb_key FROM evidence WHERE job_id = $1", job_id)
            for key in (key for row in rows for key in row.values()):
                await store.put(key, b"x", "image/jpeg")
        settings = settings_of(database, evidence_folder=tmp_path, evidence_retention_days=KEEP_DAYS)
        tools = tools_of(database, settings=settings)
        for _ in range(2):
            await keep_house(tools, Task(Effect.KEEP_HOUSE, None, None, "2026-11-21T05", 1, NOW))
        async with database.connection() as conn:
            assert await removed(conn, *pieces) == [RETENTION, RETENTION]
            events = await conn.fetch(
                "SELECT actor_id, data::text AS data FROM job_events"
                " WHERE job_id = $1 AND kind = 'evidence_removed'",
                job_id,
            )
            assert await conn.fetchval("SELECT count(*) FROM loose_files") == 0
        assert len(events) == 1
        assert events[0]["actor_id"] == "system"
        assert all(str(one) in events[0]["data"] for one in pieces)
        await tools.providers.aclose()
        await store.aclose()

    with_database(url, story)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_what_is_young_not_over_or_disputed_stays(url: str) -> None:
    async def story(database: Database) -> None:
        jobs = {
            "old": await ended_job(database),
            "cancelled": await ended_job(database, "cancelled"),
            "young": await ended_job(database, ago=YOUNG),
            "running": await add_job(database, "in_progress"),
            "disputed": await ended_job(database),
            "won": await ended_job(database),
        }
        async with database.transaction() as conn:
            pieces = {name: await piece(conn, job_id) for name, job_id in jobs.items()}
            pieces["added late"] = await piece(conn, jobs["old"], ago=YOUNG)
            for name, status in (("disputed", "open"), ("won", "won")):
                await conn.execute(
                    """
                    WITH p AS (
                        INSERT INTO payments (job_id, purpose, provider, status, amount_cents, currency)
                        VALUES ($1, 'hold', 'sandbox', 'captured', 100, 'usd') RETURNING id)
                    INSERT INTO disputes (dispute_id, payment_id, amount_cents, reason, status)
                    SELECT $2, id, 100, 'fraudulent', $3 FROM p
                    """,
                    jobs[name],
                    f"dp_{name}",
                    status,
                )
        await retire_evidence(database, KEEP_DAYS, NOW)
        async with database.connection() as conn:
            gone = {name for name, one in pieces.items() if await removed(conn, one) == [RETENTION]}
            assert gone == {"old", "cancelled", "won"}
            await conn.execute("UPDATE disputes SET status = 'lost' WHERE dispute_id = 'dp_disputed'")
        assert await retire_evidence(database, KEEP_DAYS, NOW) == 1
        assert await retire_evidence(database, KEEP_DAYS, NOW) == 0

    with_database(url, story)


def test_two_at_once_share_the_work_and_a_run_ends_where_it_must(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 3)

    async def story(database: Database) -> None:
        jobs = [await ended_job(database) for _ in range(4)]
        async with database.transaction() as conn:
            pieces = [await piece(conn, job_id) for job_id in jobs for _ in range(3)]
        counts = await asyncio.gather(*(retire_evidence(database, KEEP_DAYS, NOW) for _ in range(2)))
        counts.append(await retire_evidence(database, KEEP_DAYS, NOW))  # what one left that the other held
        assert sum(counts) == len(pieces)
        async with database.transaction() as conn:
            for _ in range(10):
                await piece(conn, jobs[0])
        monkeypatch.setattr(retention, "MOST_PER_RUN", 6)
        assert await retire_evidence(database, KEEP_DAYS, NOW) == 6
        assert await retire_evidence(database, KEEP_DAYS, NOW) == 4

    with_database(url, story)


def test_it_is_found_by_an_index_however_much_was_removed_before(url: str) -> None:
    async def story(database: Database) -> Any:
        async with database.transaction() as conn:
            await conn.execute("SET LOCAL enable_seqscan = off")
            before = await conn.fetchval(SCANS)
            await remove_old_evidence(conn, NOW - OLD, by=RETENTION, at=NOW, limit=1)
            await conn.execute("SELECT pg_stat_force_next_flush()")
        async with database.connection() as conn:
            await conn.execute("SELECT pg_stat_force_next_flush()")
            return before, await conn.fetchval(SCANS)

    before, after = with_database(url, story)
    assert after > before


SCANS = "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'evidence_kept'"
