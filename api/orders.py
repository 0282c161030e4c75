"""Orders over HTTP: a batch that becomes jobs at once, and one that waits for its payment."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from api.jobs import STAFF
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer, Input
from db.errors import Invalid, Unavailable
from tracker.jobs.facts import Actor
from tracker.jobs.import_orders import Outcome, import_orders
from tracker.jobs.intake import ReferenceConflict
from tracker.jobs.orders import Order, keep_order, kept_job_id, read_new_order

MAX_ORDERS = 500


class Orders(Input):
    """A batch. For the documentation: each order is judged by itself, so a bad one spoils no other."""

    orders: Annotated[list[Order], Meta(min_length=1, max_length=MAX_ORDERS)]


class ImportBody(Input):
    """The batch as it is read; what is in an order is judged one by one."""

    orders: Annotated[list[dict[str, Any]], Meta(min_length=1, max_length=MAX_ORDERS)]


class OutcomeView(Answer):
    """What became of one order: a new job, the job it had become before, or a refusal that says why."""

    index: int
    reference: str | None
    outcome: Literal["created", "existing", "refused"]
    job_id: str | None
    code: str | None
    detail: str | None
    field: str | None


class ImportAnswer(Answer):
    """The outcomes, in the order in which they were sent, and how many there are of each."""

    success: bool
    created: int
    existing: int
    refused: int
    outcomes: list[OutcomeView]


class OrderAnswer(Answer):
    """The order is kept; `created` is False when it was before. `job_id` once it has become a job."""

    success: bool
    reference: str
    created: bool
    job_id: str | None


@endpoint(
    "POST",
    "/api/dispatch/orders/import",
    summary="Make jobs of up to 500 orders (256 KB of JSON), once per reference; every one is tried.",
    roles=STAFF,
    body=ImportBody,
    body_schema=Orders,
    answer=ImportAnswer,
    problems=[Invalid],
)
async def import_batch(request: Request[Services, ImportBody, None]) -> ImportAnswer:
    outcomes = await import_orders(
        request.services.database,
        request.body.orders,
        actor=Actor.of(request.principal),
        now=request.now,
    )
    return ImportAnswer(
        success=True,
        created=sum(one.outcome == "created" for one in outcomes),
        existing=sum(one.outcome == "existing" for one in outcomes),
        refused=sum(one.outcome == "refused" for one in outcomes),
        outcomes=[_view(index, one) for index, one in enumerate(outcomes)],
    )


@endpoint(
    "POST",
    "/api/dispatch/orders",
    summary="Keep an order until a checkout session that names its reference is paid.",
    roles=STAFF,
    body=dict[str, Any],
    body_schema=Order,
    answer=OrderAnswer,
    problems=[ReferenceConflict, Invalid, Unavailable],
)
async def keep_an_order(request: Request[Services, dict[str, Any], None]) -> OrderAnswer:
    order = read_new_order(request.body)
    async with request.services.database.transaction() as conn:
        created = await keep_order(conn, order, now=request.now)
        job_id = await kept_job_id(conn, order.reference)
    return OrderAnswer(
        success=True, reference=order.reference, created=created, job_id=str(job_id) if job_id else None
    )


def _view(index: int, one: Outcome) -> OutcomeView:
    return OutcomeView(
        index=index,
        reference=one.reference,
        outcome=one.outcome,
        job_id=str(one.job_id) if one.job_id else None,
        code=one.problem.code if one.problem else None,
        detail=one.problem.detail if one.problem else None,
        field=str(one.problem.facts["field"]) if one.problem and "field" in one.problem.facts else None,
    )
