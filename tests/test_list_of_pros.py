"""Dispatch reads the pros by name, page by page, or those whose name holds a word."""

from __future__ import annotations

from db.people import list_pros
from db.pool import Database
from db.seeding import SeedPerson, write_people
from tests.company import add_job, with_company


def test_pages_hold_every_pro_once_also_where_names_are_the_same(database_url: str) -> None:
    async def story(database: Database) -> None:
        await add_job(database, "accepted", pro="quinn")
        async with database.connection() as conn:
            more = [SeedPerson(f"sam{n}", "pro", "Sam 100%", None, None, ["junk_removal"]) for n in range(3)]
            await write_people(conn, more)
            seen: list[tuple[str, int]] = []
            while page := await list_pros(conn, after=seen[-1][0] if seen else None, limit=2):
                seen += [(pro.id, pro.active_jobs) for pro in page]
            assert seen == [("pat", 0), ("quinn", 1), ("sam0", 0), ("sam1", 0), ("sam2", 0)]
            assert [pro.id for pro in await list_pros(conn, search="0%", after="sam0")] == ["sam1", "sam2"]
            assert await list_pros(conn, search="%%") == []
            assert await list_pros(conn, after="nobody") == []

    with_company(database_url, story)
