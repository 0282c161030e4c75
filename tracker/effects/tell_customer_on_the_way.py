"""The `tell_customer_on_the_way` effect: the tracking link is made and texted, with a first ETA."""

from __future__ import annotations

from datetime import datetime, timedelta

from db.job_news import write_promise
from db.jobs import Job
from db.notifications import was_told
from db.pool import Connection
from db.positions import last_position
from tracker.effects.task import Task, Tools
from tracker.identity.links import About, living_link
from tracker.messages.job_news import news_of
from tracker.messages.kinds import Kind
from tracker.messages.notify import notify
from tracker.positions.eta import PRIOR_PACE_M_S, estimate
from tracker.positions.geo import geodesic_m

FRESH = timedelta(minutes=10)  # an older position says too little about where the pro is now
FARTHEST_S = 6 * 3600  # a pro who is farther away than this is not on the way in any usual sense


async def tell_customer_on_the_way(tools: Tools, task: Task) -> None:
    """Open the tracking page to the customer and tell them; nothing when the job has moved on.

    The link's secret is derived, so a retry texts the same one, and nothing but its hash is stored.
    """
    async with tools.database.transaction() as conn:
        news = await news_of(conn, task, Kind.ON_THE_WAY)
        if news is None or await was_told(conn, news.key):
            return
        job, version = news.job, news.event.version
        secret = tools.settings.need_secret()
        if await living_link(conn, secret, About.ON_THE_WAY, job.id, version, now=task.now) is None:
            return
        eta_s = await _seconds_away(conn, job, task.now)
        if eta_s is not None:
            await write_promise(conn, job.id, task.now + timedelta(seconds=eta_s))
        facts = {
            "pro": job.pro_name or "",
            "service": job.service,
            "eta_s": "" if eta_s is None else str(eta_s),
            "version": str(version),
        }
        notice = news.notice(Kind.ON_THE_WAY, (job.customer_id,), facts)
        await notify(conn, tools.settings, notice, now=task.now)
    if eta_s is not None:  # the promise is no event of the job
        tools.say.card_changed(job.id)


async def _seconds_away(conn: Connection, job: Job, now: datetime) -> int | None:
    """The first ETA, from the pro's last position; None when there is no fresh one."""
    last = await last_position(conn, job.pro_id) if job.pro_id else None
    if last is None or last.recorded_at < now - FRESH:
        return None
    seconds = estimate(geodesic_m(last.lat, last.lng, job.lat, job.lng), PRIOR_PACE_M_S).seconds
    return seconds if seconds <= FARTHEST_S else None
