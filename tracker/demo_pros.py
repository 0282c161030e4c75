"""`tracker simulate`: who drives in the demo. Pros with a job under way go on where they were last seen."""

from __future__ import annotations

import asyncio
import logging
import signal

from db.active_jobs import active_jobs_of
from db.pool import Database
from db.positions import last_positions_of
from rooms.principal import Role
from tracker.city.people import VISITOR
from tracker.city.seed import City, build_city
from tracker.city.sim import Assignment, simulate
from tracker.identity.tokens import mint
from tracker.logs import start_logging
from tracker.settings import Settings

TOKEN_S = 30 * 24 * 3600.0
AT_WORK = 3


def run_pros(settings: Settings, count: int) -> int:
    """Let `count` simulated pros live against the running server until SIGTERM or Ctrl-C."""
    start_logging(settings.log_level)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # a line for every request is no news
    asyncio.run(_run(settings, count))
    return 0


async def _run(settings: Settings, count: int) -> None:
    city = build_city()
    database = await Database.connect(settings.need_database_url(), size=1)
    try:
        assignments = await who_drives(settings, database, city, count)
    finally:
        await database.close()
    life = asyncio.create_task(
        simulate(
            settings.public_url,
            city,
            assignments,
            dispatcher_token=mint(settings.need_secret(), "demo", Role.DISPATCHER, TOKEN_S),
        )
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, life.cancel)
    await asyncio.gather(life, return_exceptions=True)
    if not life.cancelled() and (error := life.exception()):
        raise error


async def who_drives(settings: Settings, database: Database, city: City, count: int) -> list[Assignment]:
    """The first `count` pros, those on the way first, then those with another job, then the free ones.

    A few more who are at work already join them, so that a visitor soon sees work finished and paid. The
    visitor's own pro is the visitor's.
    """
    pro_ids = [person.id for person in city.people if person.role == "pro" and person.id != VISITOR]
    async with database.connection() as conn:
        jobs = await active_jobs_of(conn, pro_ids)
        last = await last_positions_of(conn, pro_ids)

    def urgency(pro_id: str) -> int:
        statuses = {job.status for job in jobs[pro_id]}
        return 0 if "en_route" in statuses else 1 if statuses - {"scheduled"} else 2

    driving = sorted(pro_ids, key=urgency)[:count]
    at_work = [
        pro_id for pro_id in pro_ids if {"arrived", "in_progress"} & {job.status for job in jobs[pro_id]}
    ]
    chosen = [*driving, *[pro_id for pro_id in at_work if pro_id not in driving][:AT_WORK]]
    return [
        Assignment(
            pro_id,
            mint(settings.need_secret(), pro_id, Role.PRO, TOKEN_S),
            job_id=next((str(job.id) for job in jobs[pro_id] if job.status != "scheduled"), None),
            start=(last[pro_id].lat, last[pro_id].lng) if pro_id in last else None,
        )
        for pro_id in chosen
    ]
