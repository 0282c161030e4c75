"""Payouts over HTTP: what pros are owed, approving it, sending it, sending it again."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from msgspec import Meta, field
from starlette.responses import Response

from api.csv_download import csv_download
from api.cursors import Cursor, one_page, read_cursor, row_number, write_cursor
from api.jobs import STAFF
from api.payout_view import PayoutPage, TransferEntry, listed_payout, transfer_entry
from api.payouts_csv import CSV_COLUMNS, payout_rows
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer, Input, Instant, PersonId
from db.errors import Invalid, NotFound
from db.payout_lists import label_payouts
from db.payouts import list_payouts
from db.transfers import jobs_paid_with
from tracker.money.payouts import CannotPay, NotFailed, Run, approve, retry_failed, run_payouts

Req: TypeAlias = Request[Services, None, None]
LineNumber = Annotated[int, Meta(ge=1, le=2**63 - 1, description="A payout line's id.")]


class PayoutsQuery(Input):
    """Filters; all must fit. `unpaid` is all but the paid.

    `from` up to, not including, `to`: when the line was written.
    """

    status: Literal["pending", "approved", "paid", "failed", "unpaid"] | None = None
    pro_id: PersonId | None = None
    job_id: UUID | None = None
    start: Instant | None = field(default=None, name="from")
    end: Instant | None = field(default=None, name="to")
    cursor: Cursor | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    format: Literal["json", "csv"] = "json"


class ApproveBody(Input):
    """Lines that may be paid."""

    ids: Annotated[list[LineNumber], Meta(min_length=1, max_length=500)]


class ApprovedLine(Answer):
    """`outcome`: approved (now), was_approved (before), failed (retry it), paid, or unknown."""

    id: int
    outcome: str


class ApproveAnswer(Answer):
    """Each line by itself, in the order asked for."""

    success: bool
    payouts: list[ApprovedLine]


class Agreed(Input):
    """One pro, and the cents that are due to them."""

    pro_id: PersonId
    amount_cents: Annotated[int, Meta(ge=-(2**53), le=2**53)]


class RunBody(Input):
    """The same `run_key` again pays nobody twice: choose one per run that you mean.

    `agreed`: the pros to be paid, with what a person has seen to be due to each. Nobody else is paid, and
    none whose sum is another by now. Without it everybody is paid what is due.
    """

    run_key: Annotated[
        str, Meta(pattern=r"^[!-~]{1,80}(?!\n)$", description="1 to 80 visible ASCII characters.")
    ]
    agreed: Annotated[list[Agreed], Meta(max_length=2000)] | None = None


class PaidPro(Answer):
    """`outcome`: transfer (on its way), carried_over (corrections eat it up), no_account, or changed.

    `changed`: it is not what was agreed. `amount_cents` is due now, and nothing was sent.
    """

    pro_id: str
    outcome: str
    amount_cents: int
    transfer: int | None


class RunAnswer(Answer):
    """What the run did now, pro by pro; whom it paid under this key before is not listed again."""

    success: bool
    pros: list[PaidPro]


@endpoint(
    "GET",
    "/api/dispatch/payouts",
    summary="Payout lines, newest first, filtered and paged, or all as CSV.",
    roles=STAFF,
    query=PayoutsQuery,
    answer=PayoutPage,
    problems=[Invalid],
    csv=True,
)
async def dispatch_payouts(request: Request[Services, None, PayoutsQuery]) -> PayoutPage | Response:
    query, database = request.query, request.services.database
    wanted = partial(
        list_payouts,
        status=query.status,
        pro_id=query.pro_id,
        job_id=query.job_id,
        start=query.start,
        end=query.end,
    )
    if query.format == "csv":
        name = f"payouts-{request.now:%Y%m%d-%H%M}.csv"
        return await csv_download(name, CSV_COLUMNS, payout_rows(database, wanted))
    before = read_cursor(query.cursor, row_number)
    async with database.connection() as conn:
        lines = await wanted(conn, before=before and before[1], limit=query.limit + 1)
        page, more = one_page(lines, query.limit, lambda one: write_cursor(one.created_at, one.id))
        labels = await label_payouts(conn, [line.id for line in page])
    return PayoutPage(payouts=[listed_payout(line, labels[line.id]) for line in page], next=more)


@endpoint(
    "POST",
    "/api/dispatch/payouts/approve",
    summary="Let lines be paid by the next run.",
    roles=STAFF,
    body=ApproveBody,
    answer=ApproveAnswer,
    problems=[Invalid],
)
async def approve_payouts(request: Request[Services, ApproveBody, None]) -> ApproveAnswer:
    outcomes = await approve(
        request.services.database, request.body.ids, by=request.principal.id, now=request.now
    )
    return ApproveAnswer(
        success=True,
        payouts=[ApprovedLine(id=number, outcome=outcome.value) for number, outcome in outcomes.items()],
    )


@endpoint(
    "POST",
    "/api/dispatch/payouts/run",
    summary="Send every pro what is approved, now.",
    roles=STAFF,
    body=RunBody,
    answer=RunAnswer,
    problems=[Invalid],
)
async def run_payouts_now(request: Request[Services, RunBody, None]) -> RunAnswer:
    services = request.services
    run = Run(
        provider=services.providers.payments.name,
        run_key=f"by-hand:{request.body.run_key}",  # never a week's
        currency=services.settings.currency,
        agreed=_agreed(request.body),
    )
    done = await run_payouts(services.database, services.settings, run, now=request.now)
    return RunAnswer(
        success=True,
        pros=[
            PaidPro(
                pro_id=paid.pro_id,
                outcome=paid.outcome.value,
                amount_cents=paid.amount_cents,
                transfer=paid.transfer_no,
            )
            for paid in done
        ],
    )


def _agreed(body: RunBody) -> dict[str, int] | None:
    return None if body.agreed is None else {one.pro_id: one.amount_cents for one in body.agreed}


@endpoint(
    "POST",
    "/api/dispatch/payouts/{number:int}/retry",
    summary="Send the lines of this line's refused transfer again.",
    roles=STAFF,
    answer=TransferEntry,
    problems=[NotFound, NotFailed, CannotPay],
)
async def retry_payout(request: Req) -> TransferEntry:
    services = request.services
    async with services.database.connection() as conn:
        jobs = await jobs_paid_with(conn, int(request.path["number"]))
    sent = await retry_failed(
        services.database, int(request.path["number"]), provider=services.providers.payments.name
    )
    for job_id in jobs:
        services.rooms.say.card_changed(job_id)
    return transfer_entry(sent)
