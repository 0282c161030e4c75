"""Appointments over HTTP."""

from __future__ import annotations

from api.jobs import STAFF, told
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer, Input, Instant, Version
from db.errors import Busy, Invalid, NotFound
from rooms.principal import Role
from tracker.jobs.facts import StaleVersion
from tracker.jobs.lifecycle import TransitionRefused
from tracker.jobs.schedule import schedule_job


class ScheduleBody(Input):
    """The window, 15 minutes to 12 hours, at most a year ahead. `version`: only if nothing changed since."""

    window_start: Instant
    window_end: Instant
    version: Version | None = None


class ScheduleAnswer(Answer):
    """The job's status and version. `conflicts` are the pro's other jobs whose windows meet this one."""

    success: bool
    status: str
    version: Version
    changed: bool
    conflicts: list[str]


@endpoint(
    "POST",
    "/api/jobs/{id}/schedule",
    summary="Agree on an appointment; a job that waits for one becomes scheduled.",
    roles={Role.PRO, *STAFF},
    body=ScheduleBody,
    answer=ScheduleAnswer,
    problems=[NotFound, Invalid, TransitionRefused, StaleVersion, Busy],
)
async def schedule(request: Request[Services, ScheduleBody, None]) -> ScheduleAnswer:
    body = request.body
    scheduled = await schedule_job(
        request.services.database,
        request.principal,
        request.id,
        body.window_start,
        body.window_end,
        expected_version=body.version,
        now=request.now,
    )
    if scheduled.changed:
        await told(request.services, scheduled.job_id, scheduled.version)
    return ScheduleAnswer(
        success=True,
        status=scheduled.status.value,
        version=scheduled.version,
        changed=scheduled.changed,
        conflicts=[str(job_id) for job_id in scheduled.conflicts],
    )
