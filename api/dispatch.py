"""Dispatch over HTTP: the list of jobs, and one job with all that dispatch knows of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, TypeAlias
from uuid import UUID

from msgspec import Meta

from api.cursors import Cursor, one_page, read_cursor, write_cursor
from api.equipment_view import EquipmentView, equipment_view
from api.job_view import JobAnswer, JobPage, view_of
from api.jobs import STAFF
from api.pain_flags import FlagView, flag_view
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer, Input, Version
from db.errors import Invalid, NotFound
from db.jobs import list_jobs
from db.need_job import need_job
from db.pain_flags import PainFlag, flags_of_job
from db.people import names_of
from tracker.jobs.assign import ASSIGNABLE
from tracker.jobs.install import equipment_of
from tracker.jobs.lifecycle import Guard, next_steps, parse_status, party_of, waivable
from tracker.jobs.metadata import OrderPlan
from tracker.jobs.pain_flags import Severity
from tracker.jobs.schedule import SCHEDULABLE
from tracker.jobs.transition import facts_of
from tracker.money.books import price_of
from tracker.money.split import split

Req: TypeAlias = Request[Services, None, None]


class JobsQuery(Input):
    """`status`: one or several, comma-separated. `search` looks in service, address and customer name."""

    status: Annotated[str, Meta(max_length=200)] | None = None
    search: Annotated[str, Meta(max_length=100)] | None = None
    cursor: Cursor | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class NextStep(Answer):
    """A status this job may go to.

    `unmet` are the reasons that stand in the way now, `guards` the same as codes. `waivable`: a step to this
    status with an `override_reason` is taken all the same.
    """

    status: str
    unmet: list[str]
    guards: list[Guard]
    waivable: bool


class JobDetail(Answer):
    """All that dispatch knows of a job. `version` goes back with the next edit.

    `estimated_payout_cents` in `metadata` is the pro's share at the company's commission, unless the order
    named another. `pain_flags` are all there ever were, oldest first; open ones have no `resolved_at`.
    `assignable`: it may be given to a pro, or to another one. `schedulable`: an appointment may be agreed on,
    or another one. `people` are the names of those whom flags and
    plan name by their id.
    """

    version: Version
    job: JobAnswer
    source: str
    currency: str
    customer_email: str | None
    metadata: EquipmentView
    pain_flags: list[FlagView]
    next: list[NextStep]
    assignable: bool
    schedulable: bool
    people: dict[str, str]


@endpoint(
    "GET",
    "/api/dispatch/jobs",
    summary="Jobs, newest first, filtered and paged.",
    roles=STAFF,
    query=JobsQuery,
    answer=JobPage,
    problems=[Invalid],
)
async def dispatch_jobs(request: Request[Services, None, JobsQuery]) -> JobPage:
    query = request.query
    statuses = [parse_status(word).value for word in query.status.split(",")] if query.status else None
    async with request.services.database.connection() as conn:
        jobs = await list_jobs(
            conn,
            statuses=statuses,
            search=query.search,
            before=read_cursor(query.cursor, UUID),
            limit=query.limit + 1,
        )
    page, more = one_page(jobs, query.limit, lambda one: write_cursor(one.created_at, one.id))
    return JobPage(jobs=[view_of(job, request.principal) for job in page], next=more)


@endpoint(
    "GET",
    "/api/dispatch/jobs/{id}",
    summary="One job with its metadata, flags, plan, and what stands in the way of each next status.",
    roles=STAFF,
    answer=JobDetail,
    problems=[NotFound],
)
async def dispatch_job(request: Req) -> JobDetail:
    async with request.services.database.connection() as conn:
        job = await need_job(conn, request.id)
        flags = await flags_of_job(conn, job.id)
        equipment = equipment_of(job)
        people = await names_of(conn, _named_in(flags, equipment.metadata.order_plan))
    critical = tuple(flag.type for flag in flags if flag.is_open and flag.severity == Severity.CRITICAL)
    facts = replace(facts_of(job), critical_flags=critical)
    party = party_of(request.principal, facts)
    share = split(price_of(job), request.services.settings.commission_bp)
    return JobDetail(
        version=job.version,
        job=view_of(job, request.principal),
        source=job.source,
        currency=request.services.settings.currency,
        customer_email=job.customer_email,
        metadata=equipment_view(equipment, estimated_payout_cents=share.pro_cents),
        pain_flags=[flag_view(flag) for flag in flags],
        next=[
            NextStep(
                status=status.value,
                unmet=[*unmet.values()],
                guards=[*unmet],
                waivable=waivable(party, status, pro_id=job.pro_id),
            )
            for status, unmet in next_steps(facts, party)
        ],
        assignable=facts.status in ASSIGNABLE,
        schedulable=facts.status in SCHEDULABLE,
        people=people,
    )


def _named_in(flags: list[PainFlag], plan: OrderPlan | None) -> set[str]:
    """The ids of those who added or resolved a flag or made the plan."""
    named = {flag.created_by for flag in flags} | {flag.resolved_by for flag in flags if flag.resolved_by}
    return named | ({plan.generated_by} if plan else set())
