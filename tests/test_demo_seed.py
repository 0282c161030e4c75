"""The demo city in the database: its jobs carry what the rules would have given them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from db.job_events import broken_links
from db.jobs import list_jobs
from db.pain_flags import flags_of_jobs
from db.pool import Database
from tests.photos import opened
from tracker.city.seed import build_city
from tracker.demo_seed import seed_city, seed_portraits
from tracker.evidence.disk_store import DiskStore
from tracker.jobs.install import equipment_of
from tracker.jobs.lifecycle import Status, unmet_guards
from tracker.jobs.order_plan import is_outdated
from tracker.jobs.pain_flags import FlagFacts, FlagType, evaluate
from tracker.jobs.transition import facts_of


def test_jobs_of_the_demo_carry_items_details_plans_and_the_flags_that_their_facts_ask_for(
    database_url: str,
) -> None:
    async def story() -> None:
        database = await Database.connect(database_url)
        try:
            assert await seed_city(database, build_city(), datetime.now(UTC))
            async with database.connection() as conn:
                jobs = await list_jobs(conn, limit=500)
                flags = await flags_of_jobs(conn, [job.id for job in jobs])
                assert await broken_links(conn) == []
        finally:
            await database.close()
        seen: set[FlagType] = set()
        for job in jobs:
            equipment = equipment_of(job)
            facts = FlagFacts(job.skill, job.notes, job.order_required, equipment.metadata)
            types = {FlagType(flag.type) for flag in flags[job.id] if flag.is_open}
            assert types == evaluate(facts)
            seen |= types
            assert bool(equipment.metadata.items) == (job.skill in ("tv_mounting", "camera_installation"))
            assert not is_outdated(equipment.metadata)
            if job.status not in ("pending", "pending_scheduling", "scheduled"):  # a demo pro can do it
                assert unmet_guards(facts_of(job), Status.IN_PROGRESS, pro_id="somebody") == {}
        assert {
            FlagType.WALL_TYPE_UNKNOWN,
            FlagType.WIRE_MANAGEMENT_UNKNOWN,
            FlagType.ORDERING_AMBIGUOUS,
            FlagType.TEAM_REQUIRED_UNCONFIRMED,
        } <= seen

    asyncio.run(story())


def test_customers_of_the_demo_see_a_face_of_every_pro_and_no_two_files_are_one(
    database_url: str, tmp_path: Path
) -> None:
    async def story() -> None:
        database, store = await Database.connect(database_url), DiskStore(tmp_path)
        try:
            await seed_city(database, build_city(), datetime.now(UTC))
            await seed_portraits(database, store, build_city())
            async with database.connection() as conn:
                shown = [
                    row["photo_key"]
                    for row in await conn.fetch("SELECT photo_key FROM people WHERE role = 'pro'")
                ]
            faces = [opened(await store.get(key)) for key in shown]
        finally:
            await store.aclose()
            await database.close()
        assert len(set(shown)) == len(shown) >= 40
        assert {face.size for face in faces} == {(256, 256)}

    asyncio.run(story())
