"""Reading snapshots: everything in one go from the database, so any node can answer.

That holds also right after the pro's phone, another node, or Redis died.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from db.active_jobs import ActiveJobRow, active_jobs_of, names_of
from db.errors import NotFound
from db.job_events import events_since
from db.jobs import Job, job_by_id, jobs_by_ids
from db.pool import Connection, Database
from db.positions import (
    LastPosition,
    TrailRow,
    last_position,
    last_positions_in,
    last_positions_of,
    trail_of,
    trail_since,
)
from db.times import epoch_ms, iso
from db.tracking_links import link_by_id
from rooms.membership import JobFacts
from rooms.principal import Principal
from rooms.sockets import Since
from tracker.dots import Dot, contact_for, dot_of, visible_since
from tracker.jobs.lifecycle import ACTIVE
from tracker.positions.forms import job_at_hand
from tracker.snapshot import TRAIL_TAIL, Snapshot, is_crew

FLEET_MEMORY = timedelta(hours=12)  # pros not heard for longer are not on a dispatcher's map


class Snapshots:
    """Reads snapshots. `newest_dot(job_id)` gives the last dot told on this node, with its live ETA.

    `time_zone` is the company's (IANA): windows are agreed on in it, wherever they are read.
    """

    def __init__(
        self,
        database: Database,
        *,
        visible: frozenset[str],
        newest_dot: Callable[[UUID], Dot | None] = lambda _job_id: None,
        time_zone: str | None = None,
    ) -> None:
        self._database = database
        self._visible = visible
        self._time_zone = time_zone
        self.newest_dot = newest_dot

    async def read(
        self, principal: Principal, job_id: UUID, since: Since | None
    ) -> tuple[JobFacts, Callable[[bool], dict[str, Any]]]:
        """The facts that the snapshot was read with, and its ack. Raises NotFound, Unavailable."""
        async with self._database.connection() as conn:
            job = await job_by_id(conn, job_id)
            if job is None or not await _still_opens(conn, principal):
                raise NotFound("There is no such job, or it is not yours to follow.")
            last = await last_position(conn, job.pro_id) if job.pro_id else None
            crew = is_crew(principal)
            shown_from = None if crew else visible_since(job)
            whose = None if principal.is_staff else job.pro_id
            trail = await trail_since(conn, job_id, shown_from, TRAIL_TAIL, pro_id=whose)
            missed = await events_since(conn, job_id, since.version) if since else []
        facts = JobFacts(job.id, job.version, job.status, job.customer_id, job.pro_id)
        last = None if last and shown_from and last.recorded_at < shown_from else last
        dot, now = self._dot(job, last), datetime.now(UTC)
        snapshot = Snapshot(job, principal, last, dot, trail, since, missed, now, self._time_zone)
        return facts, snapshot.ack

    async def trail(
        self,
        conn: Connection,
        job: Job,
        principal: Principal,
        *,
        after: datetime | None,
        limit: int,
        every_verdict: bool = False,
    ) -> list[TrailRow]:
        """A page of a job's trail; for a customer only while, and from when, the pro is visible.

        Only dispatch sees where a pro went who had the job before.
        """
        if not is_crew(principal):
            if job.status not in self._visible:
                return []
            after = max(filter(None, (after, visible_since(job))), default=None)
        whose = None if principal.is_staff else job.pro_id
        return await trail_of(conn, job.id, after, limit, every_verdict=every_verdict, pro_id=whose)

    async def dots(self, job_ids: list[UUID]) -> dict[UUID, Dot]:
        """The newest position of each of these jobs that is active, for rooms that missed some."""
        async with self._database.connection() as conn:
            jobs = [job for job in await jobs_by_ids(conn, job_ids) if job.status in ACTIVE and job.pro_id]
            last = await last_positions_of(conn, {job.pro_id for job in jobs if job.pro_id})
        found = ((job, last.get(job.pro_id or "")) for job in jobs)
        return {job.id: dot_of(job, position) for job, position in found if position}

    async def fleet(self, west: float, south: float, east: float, north: float) -> list[dict[str, Any]]:
        """Every pro at work who was lately seen in a viewport, as `watch_fleet` answers it."""
        now = datetime.now(UTC)
        async with self._database.connection() as conn:
            seen = await last_positions_in(conn, west, south, east, north, seen_after=now - FLEET_MEMORY)
            pro_ids = [position.pro_id for position in seen]
            names = await names_of(conn, pro_ids)
            jobs = await active_jobs_of(conn, pro_ids)
        return [_fleet_place(each, names.get(each.pro_id), jobs[each.pro_id], now) for each in seen]

    def _dot(self, job: Job, last: LastPosition | None) -> Dot | None:
        """The live dot of this node when it is as new as the database's, for its smoothed ETA."""
        told = self.newest_dot(job.id)
        if last is None or (told and told["seq"] >= epoch_ms(last.recorded_at)):
            return told if last else None
        return dot_of(job, last)


async def _still_opens(conn: Connection, principal: Principal) -> bool:
    """Whether a caller by link may still come in: who was not in the room did not hear that the link died."""
    if not principal.is_link:
        return True
    link = await link_by_id(conn, principal.link_id)
    return link is not None and link.is_alive(datetime.now(UTC))


def _fleet_place(
    position: LastPosition, name: str | None, jobs: list[ActiveJobRow], now: datetime
) -> dict[str, Any]:
    """A pro on the dispatchers' map, like `tracker.positions.forms.fleet_place_of` from memory."""
    job = job_at_hand(jobs)
    return {
        "pro_id": position.pro_id,
        "name": name,
        "lat": position.lat,
        "lng": position.lng,
        "heading": position.heading_deg,
        "recorded_at": iso(position.recorded_at),
        "contact": contact_for([each.status for each in jobs], position.received_at, now),
        "job_id": None if job is None else str(job.id),
    }
