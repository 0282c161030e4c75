"""Jobs of one pro whose windows meet carry a SCHEDULE_CONFLICT flag, each of them, as long as they do.

Whoever changes a pro's appointments on purpose (`schedule.py`, an assignment) asks inside the transaction
and under the pro's schedule lock, so that of two changes at once the second sees the first. A claim is one
statement and stays one; the effect CHECK_SCHEDULE looks right after it, and after every step that ends an
appointment.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.pain_flags import flags_of_jobs
from db.pool import Connection
from db.schedule import Appointment, appointments_of, booked_among, lock_jobs, lock_schedules
from tracker.jobs.facts import SYSTEM, record_fact
from tracker.jobs.flagging import memory_of, write_change
from tracker.jobs.pain_flags import NO_CHANGE, Change, FlagType, change
from tracker.jobs.windows import Booked, meetings

_CONFLICT = frozenset({FlagType.SCHEDULE_CONFLICT})


@dataclass(frozen=True, slots=True)
class Conflicts:
    """What one job meets, and what that does to its flags: for the event of the change that is being made."""

    meets: tuple[UUID, ...] = ()
    change: Change = NO_CHANGE

    def as_data(self) -> dict[str, object]:
        """For the job event: nothing when nothing changed."""
        meets = {"conflicts_with": [str(one) for one in self.meets]} if self.meets else {}
        return {**self.change.as_data(), **meets}


async def enter_schedules(
    conn: Connection, pro_ids: Collection[str], job_ids: Collection[UUID]
) -> frozenset[UUID]:
    """Take every lock that a change of these pros' appointments needs, in the one order; before any other.

    Returns the jobs that are locked now: `job_ids` and those with an appointment. What a pro claims from
    now on is not among them, and is looked at by its own CHECK_SCHEDULE.
    """
    await lock_schedules(conn, pro_ids)
    booked = await appointments_of(conn, pro_ids)
    locked = frozenset({*job_ids, *(one.job_id for one in booked)})
    await lock_jobs(conn, locked)
    return locked


async def settle_new_appointment(
    conn: Connection, new: Appointment, locked: frozenset[UUID], *, now: datetime
) -> Conflicts:
    """A job is about to have this appointment: flag the others that it meets, and say what it meets.

    `locked` is what `enter_schedules` of that pro with this job returned. The caller writes the appointment
    and its event.
    """
    others = [one for one in await appointments_of(conn, [new.pro_id]) if one.job_id != new.job_id]
    return await _settle(conn, [*others, new], locked, now, own=new.job_id)


async def met_by(conn: Connection, pro_id: str, job_id: UUID) -> tuple[UUID, ...]:
    """The pro's other jobs that this appointment of theirs meets."""
    return tuple(sorted(_meetings_by_pro(await appointments_of(conn, [pro_id])).get(job_id, ())))


async def settle_schedules(
    conn: Connection, pro_ids: Collection[str], job_ids: Collection[UUID], *, now: datetime
) -> None:
    """Bring the conflict flags of these pros' appointments, and of `job_ids`, in line with what is so."""
    locked = await enter_schedules(conn, pro_ids, job_ids)
    await _settle(conn, await appointments_of(conn, pro_ids), locked, now, own=None)


async def _settle(
    conn: Connection,
    booked: Collection[Appointment],
    locked: frozenset[UUID],
    now: datetime,
    *,
    own: UUID | None,
) -> Conflicts:
    """`booked`: all appointments of the pros concerned. A locked job of another pro's is not judged."""
    elsewhere = await booked_among(conn, locked) - {one.job_id for one in booked}
    judged = locked - elsewhere
    meets = _meetings_by_pro(booked)
    flags = await flags_of_jobs(conn, judged)
    of_own = Conflicts()
    for job_id in sorted(judged):
        conflict = Conflicts(
            meets=tuple(sorted(meets.get(job_id, ()))),
            change=change(
                _CONFLICT if job_id in meets else frozenset(), **memory_of(flags[job_id]), judged=_CONFLICT
            ),
        )
        await write_change(conn, job_id, conflict.change, now=now)
        if job_id == own:
            of_own = conflict
        elif conflict.change != NO_CHANGE:
            data = conflict.as_data()
            await record_fact(conn, job_id, kind="pain_flags", data=data, actor=SYSTEM, now=now)
    return of_own


def _meetings_by_pro(booked: Iterable[Appointment]) -> dict[UUID, set[UUID]]:
    by_pro: dict[str, list[Booked]] = {}
    for one in booked:
        by_pro.setdefault(one.pro_id, []).append(Booked(one.job_id, one.start, one.end))
    return {job_id: met for of_one in by_pro.values() for job_id, met in meetings(of_one).items()}
