"""Judging one message against what is known of its pro: which jobs, which verdicts, where the dot goes now.

No IO: it changes the pro in memory and says what came out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from db.position_group import PositionRow
from tracker.positions import arrival
from tracker.positions.eta import PRIOR_PACE_M_S, Pace
from tracker.positions.filters import ON_TRAIL
from tracker.positions.forms import rows_of
from tracker.positions.geo import geodesic_m
from tracker.positions.heartbeat import Heartbeat, Reason, Rejected
from tracker.positions.live_pro import ActiveJob, LivePro, Message

LONGEST_LEG_S = 300.0  # a longer silence says nothing about the pace


@dataclass(slots=True)
class Judged:
    """What came out of one message.

    `spans` holds, for each kept item, its first row and the one after its last; `newest` where the dot of
    each job is now, by the job's key; `arrivals` the jobs at whose door the pro seems to be.
    """

    rejected: list[Rejected]
    rows: list[PositionRow] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)
    verdicts: list[str] = field(default_factory=list)
    newest: dict[str, tuple[ActiveJob, Heartbeat]] = field(default_factory=dict)
    arrivals: list[ActiveJob] = field(default_factory=list)
    moved_to: Heartbeat | None = None
    _on_trail: list[tuple[int, ActiveJob, Heartbeat]] = field(default_factory=list)

    def known_items(self, known_rows: frozenset[int]) -> int:
        """How many items were kept before, for every job they belong to."""
        if not known_rows:
            return 0
        return sum(1 for first, end in self.spans if all(row in known_rows for row in range(first, end)))

    def trails_filled(self, known_rows: frozenset[int]) -> set[UUID]:
        """The jobs whose trail got points that nobody saw as the dot."""
        return {
            job.id
            for row, job, fix in self._on_trail
            if row not in known_rows and self.newest.get(job.key, (job, None))[1] is not fix
        }

    def note_on_trail(self, row: int, job: ActiveJob, fix: Heartbeat) -> None:
        """This row is a line of the job's trail."""
        self._on_trail.append((row, job, fix))


def judge_message(pro: LivePro, message: Message) -> Judged:
    """Give every item its jobs and its verdict, in the order in which the device recorded them."""
    judged = Judged(message.rejected)
    for index, fix in sorted(message.fixes, key=_recorded):
        jobs = pro.jobs_of(fix.job_id)
        if jobs is None:
            judged.rejected.append(Rejected(index, Reason.NOT_YOUR_JOB))
        else:
            _judge(pro, fix, jobs, message.now_ms, judged)
            if fix.battery is not None:
                pro.battery = fix.battery
    pro.track.trim()
    judged.rejected.sort(key=_index)
    return judged


def _judge(pro: LivePro, fix: Heartbeat, jobs: list[ActiveJob], now_ms: int, judged: Judged) -> None:
    before = pro.track.newest
    verdict = pro.track.take(fix, now_ms)
    judged.verdicts.append(verdict.name.lower())
    first = len(judged.rows)
    sessions = pro.sessions[fix.session]
    numbers = [sessions[job.id] for job in jobs] or [sessions[None]]
    judged.rows.extend(rows_of(fix, verdict, now_ms, pro.id, numbers))
    judged.spans.append((first, len(judged.rows)))
    if verdict in ON_TRAIL:
        for offset, job in enumerate(jobs):
            judged.note_on_trail(first + offset, job, fix)
    if pro.track.newest is fix:
        judged.moved_to = fix
        _observe_pace(pro, before, fix)
        for job in jobs:
            judged.newest[job.key] = (job, fix)
            if _has_arrived(job, fix):
                judged.arrivals.append(job)


def _has_arrived(job: ActiveJob, fix: Heartbeat) -> bool:
    """Whether this fix makes it time to suggest the arrival."""
    job.straight_m = distance_m = geodesic_m(fix.lat, fix.lng, job.lat, job.lng)
    if job.status != "en_route":
        return False
    job.arrival, suggest = arrival.step(
        job.arrival, distance_m, fix.accuracy_m, fix.speed_m_s, fix.recorded_ms
    )
    return suggest


def _observe_pace(pro: LivePro, before: Heartbeat | None, fix: Heartbeat) -> None:
    """Learn how fast the pro goes, on the way to a job; what happens in between says nothing about it."""
    if not pro.on_the_way:
        if pro.pace.m_s != PRIOR_PACE_M_S:
            pro.pace = Pace()
        return
    if before is None:
        return
    seconds = (fix.recorded_ms - before.recorded_ms) / 1000
    if seconds <= LONGEST_LEG_S:
        speed_m_s = fix.speed_m_s
        if speed_m_s is None:
            speed_m_s = geodesic_m(before.lat, before.lng, fix.lat, fix.lng) / seconds
        pro.pace.observe(speed_m_s, seconds)


def _recorded(item: tuple[int, Heartbeat]) -> int:
    return item[1].recorded_ms


def _index(rejected: Rejected) -> int:
    return rejected.index
