"""News of a job: the event that caused it, the job as it is now, and whether it is still worth telling."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from db.job_events import JobEvent, events_since
from db.job_news import is_superseded
from db.jobs import Job, lock_job
from db.pool import Connection
from db.times import iso
from tracker.effects.task import GiveUp, Task
from tracker.jobs.lifecycle import Status
from tracker.messages.kinds import PLANS, Kind
from tracker.messages.notify import Notice

SOON = timedelta(hours=18)  # a visit before the next evening: nobody may wait for it, also if it is night
UNDER_WAY = frozenset({Status.EN_ROUTE, Status.ARRIVED, Status.IN_PROGRESS})
NEWEST_ONLY = frozenset({Kind.APPOINTMENT, Kind.ON_THE_WAY})  # a later one says what holds now


@dataclass(frozen=True, slots=True)
class JobNews:
    """One event of a job. `key` names what the effect tells of it, for ever."""

    job: Job
    event: JobEvent
    key: str

    @property
    def given_to(self) -> str | None:
        """The pro who got the job by this event (a claim, an assignment), or None when nobody did.

        A pro who turned back gets nothing by it: the job was theirs before.
        """
        assigned = self.event.data.get("pro_id")
        if assigned is not None:
            return str(assigned)
        if self.event.from_status == Status.OPEN.value and self.event.actor_role == "pro":
            return self.event.actor_id
        return None

    @property
    def taken_from(self) -> str | None:
        """The pro from whom somebody else took the job by this event, or None."""
        previous = self.event.data.get("previous_pro_id")
        return None if previous in (None, self.event.actor_id) else str(previous)

    def somebody_may_wait(self, now: datetime) -> bool:
        """Whether news of a visit that falls through cannot wait for the morning."""
        begin, end = self.job.window_start, self.job.window_end
        soon = begin is not None and end is not None and begin <= now + SOON and now < end
        return soon or self.event.from_status in UNDER_WAY

    def notice(
        self,
        kind: Kind,
        people: tuple[str, ...],
        facts: dict[str, str],
        *,
        part: str = "",
        urgent: bool = False,
    ) -> Notice:
        """The news as a notice; `part` tells several of one effect apart."""
        key = f"{self.key}:{part}" if part else self.key
        return Notice(kind, key, people, facts, self.job.id, urgent, self.event.recorded_at)

    @property
    def window(self) -> dict[str, str]:
        """The appointment as a message's facts; empty texts when there is none."""
        job = self.job
        return {
            "window_start": iso(job.window_start) if job.window_start else "",
            "window_end": iso(job.window_end) if job.window_end else "",
        }


async def news_of(conn: Connection, task: Task, kind: Kind) -> JobNews | None:
    """The news that a task is about, with the job locked; None when the job has moved on since.

    Needs a transaction. Raises GiveUp for an event that does not exist.
    """
    job_id, version = task.job_event()
    job = await lock_job(conn, job_id)
    event = next(iter(await events_since(conn, job_id, version - 1, limit=1)), None)
    if job is None or event is None or event.version != version:
        raise GiveUp(f"there is no event {version} of job {job_id}")
    wanted = PLANS[kind].while_status
    if wanted is not None and Status(job.status) not in wanted:
        return None
    if kind in NEWEST_ONLY and await is_superseded(conn, job_id, version, task.effect.value):
        return None
    return JobNews(job, event, event_key(job_id, version, task))


def event_key(job_id: UUID, version: int, task: Task) -> str:
    """The name of what an effect tells: once per job event and effect."""
    return f"job:{job_id}:{version}:{task.effect.value}"
