"""`tracker verify`: is what the database remembers still what happened?"""

from __future__ import annotations

from db.job_events import broken_links
from db.pool import Database
from tracker.settings import Settings


async def verify(settings: Settings) -> int:
    """Check the hash chain of job events; prints each difference. Returns 1 when there is one."""
    database = await Database.connect(settings.need_database_url(), size=1, statement_timeout_s=600)
    try:
        async with database.connection() as conn:
            broken = await broken_links(conn)
    finally:
        await database.close()
    for job_id, version, wrong in broken:
        print(f"job {job_id}, event {version}: {wrong}")
    print("the chain of job events does not hold" if broken else "the chain of job events holds")
    return 1 if broken else 0
