"""What a node knows about one pro who sends heartbeats: values in memory, no IO.

Everything here can be rebuilt from the database, and is, when the pro's heartbeats come to another node.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias
from uuid import UUID

from db.active_jobs import ActiveJobRow
from db.errors import Problem
from db.positions import LastPosition
from db.times import epoch_ms
from db.tracking_sessions import SessionKey
from tracker.positions.arrival import Arrival
from tracker.positions.eta import Pace
from tracker.positions.filters import Track
from tracker.positions.geo import geodesic_m
from tracker.positions.heartbeat import Heartbeat, Rejected
from tracker.positions.policy import IDLE

RATE_PER_S = 100.0  # messages of one pro; a phone sends one a second at most
BURST = 100.0
ITEMS_PER_TOKEN = 50  # a batch costs one token, and one more for each 50 items
REMEMBERED_DEVICES = 8  # of one pro, the newest; and those of messages that wait

Ack: TypeAlias = "dict[str, Any]"
Done: TypeAlias = Callable[["Ack | Problem"], None]


class Message:
    """One heartbeat message on its way: its well-formed items with their places, and whom to answer.

    `arrived` is event loop time, `now_ms` the wall clock when it came in.
    """

    __slots__ = ("arrived", "done", "fixes", "now_ms", "pro_id", "rejected")

    def __init__(
        self,
        pro_id: str,
        fixes: list[tuple[int, Heartbeat]],
        rejected: list[Rejected],
        now_ms: int,
        arrived: float,
        done: Done,
    ) -> None:
        self.pro_id = pro_id
        self.fixes = fixes
        self.rejected = rejected
        self.now_ms = now_ms
        self.arrived = arrived
        self.done = done


class ActiveJob:
    """An active job and what the pro's dot means for it. `key` is its id as text, `lat`, `lng` its door."""

    __slots__ = (
        "arrival",
        "customer_id",
        "id",
        "key",
        "lat",
        "lng",
        "status",
        "straight_m",
        "version",
    )

    def __init__(self, row: ActiveJobRow) -> None:
        self.id = row.id
        self.key = str(row.id)
        self.lat, self.lng = row.lat, row.lng
        self.status, self.version = row.status, row.version
        self.customer_id = row.customer_id
        self.arrival = Arrival()
        self.straight_m: float | None = None  # from the pro to the door

    def update(self, row: ActiveJobRow) -> None:
        """Take over what the database says now; a new way to the door begins with a new arrival."""
        if row.status != self.status:
            self.arrival = Arrival()
        self.lat, self.lng = row.lat, row.lng
        self.status, self.version = row.status, row.version
        self.customer_id = row.customer_id


class LivePro:
    """One pro on this node.

    `name` is None until the first load, and for a person nobody knows. `on_fleet`: the dispatchers' map was
    told where the pro is, and not yet that it shall forget it. `on_the_way`: a job is en route, so that the
    pro's speed says something about an ETA. `sessions` are the numbers by device and job.
    `asked_for` counts how often fresh facts were called for, `loaded_for` says which of these calls the
    present facts answer, `loaded_at` (loop time) how old they are.
    """

    __slots__ = (
        "asked_for",
        "battery",
        "id",
        "jobs",
        "last_received_ms",
        "loaded_at",
        "loaded_for",
        "name",
        "on_duty",
        "on_fleet",
        "on_the_way",
        "pace",
        "policy",
        "sessions",
        "tokens",
        "tokens_at",
        "track",
        "used_at",
        "waiting",
    )

    def __init__(self, pro_id: str, now: float) -> None:
        self.id = pro_id
        self.name: str | None = None
        self.on_duty = False
        self.on_fleet = False
        self.on_the_way = False
        self.jobs: dict[str, ActiveJob] = {}
        self.sessions: dict[str, dict[UUID | None, int]] = {}
        self.track = Track()
        self.pace = Pace()
        self.last_received_ms: int | None = None  # when the newest good position came in
        self.battery: float | None = None
        self.policy = IDLE
        self.waiting: deque[Message] = deque()
        self.asked_for = 1
        self.loaded_for = 0
        self.loaded_at = -1e9
        self.used_at = now
        self.tokens = BURST
        self.tokens_at = now

    def may_send(self, items: int, now: float) -> bool:
        """Take the price of a message with `items` items from the pro's bucket, if it is there."""
        self.tokens = min(BURST, self.tokens + (now - self.tokens_at) * RATE_PER_S)
        self.tokens_at = now
        price = 1 + items // ITEMS_PER_TOKEN
        if self.tokens < price:
            return False
        self.tokens -= price
        return True

    def jobs_of(self, job_id: str | None) -> list[ActiveJob] | None:
        """The jobs that a fix belongs to: the one it names; None if that is not active.

        One that names none belongs to all active ones. But a pro who is on the way to one is not at the
        others: their customers must not follow the pro to somebody else's home.
        """
        if job_id is None:
            here = ("arrived", "in_progress") if self.on_the_way else ()
            return [job for job in self.jobs.values() if job.status not in here]
        job = self.jobs.get(job_id)
        return None if job is None else [job]

    def is_at_work(self) -> bool:
        """On duty, or busy with a job: dispatchers see no other pro's place."""
        return self.on_duty or bool(self.jobs)

    # Taking over what the database says

    def missing_sessions(self, jobs: Iterable[ActiveJobRow]) -> list[SessionKey]:
        """The sessions that these jobs need for every device of the pro, and that are not known yet."""
        wanted: list[UUID | None] = [job.id for job in jobs] or [None]
        devices = [*self.sessions, *self._waiting_devices()]
        return [
            SessionKey(self.id, job_id, device)
            for device in dict.fromkeys(devices)
            for job_id in wanted
            if job_id not in self.sessions.get(device, ())
        ]

    def take_jobs(self, rows: list[ActiveJobRow]) -> tuple[list[ActiveJob], list[ActiveJob]]:
        """Have exactly these jobs from now on; returns the new ones and the gone ones."""
        gone, self.jobs, new = self.jobs, {}, []
        for row in rows:
            job = gone.pop(str(row.id), None)
            if job is None:
                job = ActiveJob(row)
                new.append(job)
            else:
                job.update(row)
            self.jobs[job.key] = job
        self.on_the_way = any(job.status == "en_route" for job in self.jobs.values())
        return new, list(gone.values())

    def take_sessions(self, found: dict[SessionKey, int]) -> None:
        """Know these sessions too, and forget those of jobs and devices that are gone."""
        for (_, job_id, device), number in found.items():
            self.sessions.setdefault(device, {})[job_id] = number
        wanted: list[UUID | None] = [job.id for job in self.jobs.values()] or [None]
        kept = {*list(self.sessions)[-REMEMBERED_DEVICES:], *self._waiting_devices()}
        self.sessions = {
            device: {job_id: numbers[job_id] for job_id in wanted}
            for device, numbers in self.sessions.items()
            if device in kept and all(job_id in numbers for job_id in wanted)
        }

    def _waiting_devices(self) -> Iterator[str]:
        return (fix.session for message in self.waiting for _, fix in message.fixes)

    def take_last_position(self, last: LastPosition | None) -> None:
        """Believe the database if it has a newer position: another node has heard this pro meanwhile."""
        newest = self.track.newest
        if last is None or (newest is not None and newest.recorded_ms >= epoch_ms(last.recorded_at)):
            return
        self.track = Track(
            Heartbeat(
                last.lat,
                last.lng,
                epoch_ms(last.recorded_at),
                last.seq,
                accuracy_m=last.accuracy_m,
                heading_deg=last.heading_deg,
                speed_m_s=last.speed_m_s,
            )
        )
        self.last_received_ms = epoch_ms(last.received_at)

    def distance_to(self, job: ActiveJob) -> float | None:
        """The geodesic distance from the pro to a job's door now, in metres; None while it is not known."""
        newest = self.track.newest
        return None if newest is None else geodesic_m(newest.lat, newest.lng, job.lat, job.lng)
