"""The lists that people look at all day read what they show, not every row there ever was."""

from __future__ import annotations

from typing import Any

import pytest

from db.jobs import list_jobs
from db.outbox import Lane, backlog, lease
from db.pool import Database
from tests.company import add_job, with_company
from tracker.jobs.consequences import Effect


@pytest.mark.parametrize(
    ("index", "question"),
    [
        ("jobs_newest", {}),
        ("jobs_of_active_pro", {"active_of": "pat"}),
        ("jobs_of_customer", {"customer_id": "cleo"}),
        ("outbox_waiting", None),
        ("outbox_dead", None),
    ],
)
def test_each_list_has_its_index(database_url: str, index: str, question: dict[str, Any] | None) -> None:
    async def story(database: Database) -> None:
        await add_job(database, "accepted")
        async with database.connection() as conn:
            async with conn.transaction():
                await conn.execute("SET LOCAL enable_seqscan = off")
                if question is None:
                    await backlog(conn)
                else:
                    assert len(await list_jobs(conn, **question)) == 1
            await conn.execute("SELECT pg_stat_force_next_flush()")
            used = await conn.fetchval(
                "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = $1", index
            )
        assert used > 0

    with_company(database_url, story)


def test_a_worker_that_takes_twenty_effects_reads_twenty_and_not_the_whole_outbox(database_url: str) -> None:
    async def story(database: Database) -> None:
        async with database.connection() as conn:
            await conn.execute(
                "INSERT INTO outbox (effect, subject, done_at)"
                " SELECT 'send_sms', g::text, CASE WHEN g > 5000 THEN now() END"
                " FROM generate_series(1, 15000) g"
            )
            await conn.execute("ANALYZE outbox")
        lanes = [Lane(effect.value, 20, 20.0) for effect in Effect]
        reads = "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'outbox'"
        async with database.connection() as conn:
            await conn.execute("SELECT pg_stat_force_next_flush()")
            before = await conn.fetchval(reads)
            assert len(await lease(conn, lanes)) == 20
            await conn.execute("SELECT pg_stat_force_next_flush()")
            assert await conn.fetchval(reads) == before

    with_company(database_url, story)
