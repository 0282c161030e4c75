"""The `announce` effect: tell the rooms, the feeds and the pros concerned about one job event.

Runs right after the commit in the process that made the change, and again from the outbox in case that
process died in between. Twice is harmless: a room tells a version once, and offers carry the job's id.
"""

from __future__ import annotations

from uuid import UUID

from db.job_events import JobEvent, events_since
from db.jobs import Job, job_by_id
from db.pool import Database
from db.times import iso
from rooms.broadcast import Broadcaster
from rooms.job_rooms import StatusNews
from rooms.membership import JobFacts
from tracker.dots import set_out_ms
from tracker.effects.task import Task, Tools
from tracker.jobs.feed_geometry import feed_cell
from tracker.jobs.lifecycle import Status
from tracker.jobs.offers import offer_of


async def announce(tools: Tools, task: Task) -> None:
    """Tell what the job event changed."""
    await announce_version(tools.database, tools.say, *task.job_event())


async def announce_version(database: Database, say: Broadcaster, job_id: UUID, version: int) -> None:
    """Tell what event `version` of a job changed. Raises Unavailable when the database is away."""
    async with database.connection() as conn:
        job = await job_by_id(conn, job_id)
        events = await events_since(conn, job_id, version - 1, limit=1)
    if job is None or not events:
        return
    announce_event(say, job, events[0])


def announce_event(say: Broadcaster, job: Job, event: JobEvent) -> None:
    """Tell one event of a job, judged by the job as it is now."""
    facts = JobFacts(
        job.id, event.version, job.status, job.customer_id, job.pro_id, shown_from_ms=set_out_ms(job)
    )
    say.status(StatusNews(facts, event.to_status or job.status, event.from_status, iso(event.occurred_at)))
    for pro_id in {job.pro_id, event.data.get("previous_pro_id")} - {None}:
        say.jobs_changed(str(pro_id))
    cell = feed_cell(job.lat, job.lng)
    if job.status == Status.OPEN:
        say.offer_posted(cell, offer_of(job))
    elif Status.OPEN in (event.from_status, event.to_status):
        say.offer_taken(cell, job.id)
