"""A visit's receipt over HTTP: what it cost, what was paid, and what its customer may still do about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from api.jobs import STAFF
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer, Instant, Version
from db.errors import Conflict, NotFound
from db.jobs import Job, job_by_id
from db.need_job import NoSuchJob
from db.payers import Tip, tips_of_job
from db.payments import Payment, payments_of_job
from db.pool import Connection
from db.reviews import review_of_job
from rooms.principal import Principal, Role
from tracker.identity.links import customer_behind
from tracker.jobs.lifecycle import Party, Status, party_of
from tracker.jobs.transition import facts_of
from tracker.messages.receipt import bill_of
from tracker.money.books import DONE
from tracker.money.terms import state_of
from tracker.money.tips import takes_tip
from tracker.reputation.reviews import Direction, is_open

Req: TypeAlias = Request[Services, None, None]


class NoReceiptYet(Conflict):
    """There is a receipt once the work is done, or the visit was cancelled."""

    code = "no_receipt_yet"


class GivenTip(Answer):
    """A tip. `status`: with_price (taken together with it), waiting, taken, or failed (declined)."""

    amount_cents: int
    status: str


class GivenReview(Answer):
    """The customer's review of this visit."""

    rating: int
    comment: str


class ReceiptAnswer(Answer):
    """A receipt, by what the payments say now; `total_cents` is price and tip, `open_cents` not charged yet.

    `money`: none, waiting, held, captured, partly_refunded, refunded, disputed, released or failed. Of a
    cancelled visit nothing is due. `sandbox`: no money really moved.
    """

    reference: str
    status: str
    version: Version
    money: str
    sandbox: bool
    currency: str
    price_cents: int
    tip_cents: int
    total_cents: int
    charged_cents: int
    open_cents: int
    refunded_cents: int
    started_at: Instant | None
    finished_at: Instant | None
    labour_minutes: int | None
    tips: list[GivenTip]
    may_tip: bool
    review: GivenReview | None
    may_review: bool


@endpoint(
    "GET",
    "/api/jobs/{id}/receipt",
    summary="What a finished visit cost, for its customer and for the customer's own link.",
    roles={Role.CUSTOMER, *STAFF},
    links=True,
    answer=ReceiptAnswer,
    problems=[NotFound, NoReceiptYet],
)
async def read_receipt(request: Req) -> ReceiptAnswer:
    async with request.services.database.connection() as conn:
        job = await _job_of(conn, request)
        if job.status not in (*DONE, Status.CANCELLED):
            raise NoReceiptYet(status=job.status)
        return await _receipt(conn, request, job)


async def _job_of(conn: Connection, request: Req) -> Job:
    """The job, for its customer, the customer's own link, and dispatch. Raises NotFound to everybody else."""
    job = await job_by_id(conn, request.id)
    if job is not None:
        caller: Principal = await customer_behind(conn, job, request.principal)
        if party_of(caller, facts_of(job)) in (Party.OWN_CUSTOMER, Party.STAFF):
            return job
    raise NoSuchJob


async def _receipt(conn: Connection, request: Req, job: Job) -> ReceiptAnswer:
    services, done = request.services, job.status in DONE
    payments = await payments_of_job(conn, job.id)
    tips = await tips_of_job(conn, job.id)
    review = await review_of_job(conn, job.id, Direction.CUSTOMER_TO_PRO.value)
    bill = bill_of(job, payments)
    return ReceiptAnswer(
        reference=job.reference or str(job.id)[:8],
        status=job.status,
        version=job.version,
        money=state_of(payments).value,
        sandbox=bill.sandbox,
        currency=services.settings.currency,
        price_cents=bill.price_cents if done else 0,
        tip_cents=bill.tip_cents if done else 0,
        total_cents=bill.total_cents if done else 0,
        charged_cents=bill.charged_cents,
        open_cents=bill.open_cents if done else 0,
        refunded_cents=bill.refunded_cents,
        started_at=Instant.maybe(job.started_at),
        finished_at=Instant.maybe(job.finished_at),
        labour_minutes=job.labour_minutes,
        tips=[_given(tip, payments) for tip in tips],
        may_tip=done and await takes_tip(conn, services.providers.payments.name, job, tips),
        review=GivenReview(rating=review.rating, comment=review.comment) if review else None,
        may_review=review is None and is_open(job, request.now),
    )


def _given(tip: Tip, payments: Sequence[Payment]) -> GivenTip:
    charge = next((one for one in payments if one.id == tip.payment_id), None)
    if charge is None:
        status = "with_price"
    elif charge.status == "captured":
        status = "taken"
    else:
        status = "failed" if tip.failed else "waiting"
    return GivenTip(amount_cents=tip.amount_cents, status=status)
