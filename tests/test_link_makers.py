"""Who may make a tracking link, and when: the customer's side, while the job lasts."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import UUID

import pytest

from db.errors import NotFound
from db.pool import Database
from db.tracking_links import expire_links_of_job
from tests.company import add_job, found_company, with_company
from tests.receiving import NOW
from tests.running import serving, token
from tracker.identity.links import Links


def test_a_pro_makes_no_link_and_an_ended_job_gets_none(database_url: str, folder: Path) -> None:
    async def prepare() -> tuple[UUID, UUID]:
        database = await Database.connect(database_url, size=2)
        try:
            await found_company(database)
            return await add_job(database, "accepted"), await add_job(database, "completed")
        finally:
            await database.close()

    running, ended = asyncio.run(prepare())
    with serving(folder, database_url) as web:

        def ask(role: str, who: str, job_id: UUID, method: str = "POST") -> tuple[int, str]:
            with web.http(token(role, who)) as http:
                answer = http.request(method, f"/api/jobs/{job_id}/tracking-link")
                return answer.status_code, answer.json().get("code", "") if answer.content else ""

        assert ask("pro", "pat", running) == (403, "forbidden")
        assert ask("pro", "pat", running, "DELETE") == (403, "forbidden")
        assert ask("customer", "cleo", running) == (200, "")
        assert ask("customer", "cleo", ended) == (409, "job_ended")
        assert ask("dispatcher", "dee", ended) == (409, "job_ended")
        assert ask("customer", "zoe", ended) == (404, "not_found")
        assert ask("dispatcher", "dee", ended, "DELETE") == (204, "")


def test_a_link_made_while_the_job_ends_does_not_outlive_it(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "in_progress")
        links = Links(database)
        async with database.transaction() as conn:
            await conn.execute("UPDATE jobs SET status = 'completed' WHERE id = $1", job_id)
            making = asyncio.create_task(links.make(job_id, created_by="dee"))
            await asyncio.sleep(0.2)
            await expire_links_of_job(conn, job_id, NOW)
        with pytest.raises(NotFound):
            await making

    with_company(database_url, story)
