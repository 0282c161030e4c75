"""A job's money over HTTP: asking for it, the final price, tips, refunds, and what the books say."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta

from api.jobs import STAFF, told
from api.money_view import MoneyAnswer, PaymentEntry, RefundEntry, money_answer, payment_entry, refund_entry
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer, Cents, Input, Version
from db.errors import Invalid, NotFound
from db.ledger import lines_of_job
from db.need_job import need_job
from db.payments import payments_of_job
from db.payouts import list_payouts
from db.refunds import refunds_of_job
from rooms.principal import Role
from tracker.jobs.facts import Actor, StaleVersion
from tracker.money.holds import HoldExists, NothingToPay, ask_for_checkout, ask_for_hold
from tracker.money.payer import NoSavedMethod
from tracker.money.price import PriceIsFinal, set_final_price
from tracker.money.refunds import KEY_CHARS, RefundTooLarge, RequestKeyReused, ask_for_refund
from tracker.money.tips import MAX_TIP_CENTS, TipRefused, give_tip

Req: TypeAlias = Request[Services, None, None]
END = r"$(?!\n)"  # Python's `$` alone also stands before a last line feed
RequestKey = Annotated[
    str,
    Meta(pattern=f"^[!-~]{{1,{KEY_CHARS}}}{END}", description="The caller's id of this request: made once."),
]
Reason = Annotated[str, Meta(min_length=3, max_length=400)]
SomeCents = Annotated[int, Meta(ge=1, le=100_000_000, description="An amount of money in cents.")]
MOST_PAYOUTS = 200  # a job has a handful


class HoldBody(Input):
    """`payment_method`: another saved method of the customer (`pm_…`) than the last one."""

    payment_method: Annotated[str, Meta(pattern=f"^[!-~]{{1,128}}{END}")] | None = None


class AskedAnswer(Answer):
    """The payment that was asked for; what becomes of it is in the job's money."""

    success: bool
    payment: PaymentEntry


class PriceBody(Input):
    """`version`: the job's version that this was decided on."""

    final_price_cents: Cents
    version: Version
    reason: Reason


class PriceAnswer(Answer):
    """The price that will be taken, and the job's version now."""

    success: bool
    final_price_cents: int
    version: Version


class TipBody(Input):
    """A tip. The same `key` again gives nothing more."""

    amount_cents: Annotated[int, Meta(ge=1, le=MAX_TIP_CENTS, description="The tip in cents.")]
    key: RequestKey


class TipAnswer(Answer):
    """`charged_now`: it is a charge of its own; else it is taken when the job is completed."""

    success: bool
    amount_cents: int
    charged_now: bool
    version: Version


class RefundBody(Input):
    """A refund of a job, from as many of its payments as it takes: prices before tips."""

    amount_cents: SomeCents
    reason: Reason
    request_key: RequestKey


class RefundAnswer(Answer):
    """The refunds that this request made, one per payment; each will be done or failed."""

    success: bool
    refunds: list[RefundEntry]


@endpoint(
    "GET",
    "/api/dispatch/jobs/{id}/money",
    summary="A job's payments, refunds, ledger lines and payouts.",
    roles=STAFF,
    answer=MoneyAnswer,
    problems=[NotFound],
)
async def job_money(request: Req) -> MoneyAnswer:
    services = request.services
    async with services.database.connection() as conn:
        job = await need_job(conn, request.id)
        return money_answer(
            job,
            provider=services.providers.payments.name,
            currency=services.settings.currency,
            payments=await payments_of_job(conn, job.id),
            refunds=await refunds_of_job(conn, job.id),
            lines=await lines_of_job(conn, job.id),
            payouts=await list_payouts(conn, job_id=job.id, limit=MOST_PAYOUTS),
        )


@endpoint(
    "POST",
    "/api/dispatch/jobs/{id}/hold",
    summary="Hold the job's price on a saved payment method.",
    roles=STAFF,
    body=HoldBody,
    answer=AskedAnswer,
    problems=[HoldExists, NothingToPay, NoSavedMethod, NotFound, Invalid],
    status=202,
)
async def hold_price(request: Request[Services, HoldBody, None]) -> AskedAnswer:
    services = request.services
    payment = await ask_for_hold(
        services.database,
        services.settings,
        services.providers.payments.name,
        Actor.of(request.principal),
        request.id,
        payment_method=request.body.payment_method,
        now=request.now,
    )
    return AskedAnswer(success=True, payment=payment_entry(payment))


@endpoint(
    "POST",
    "/api/dispatch/jobs/{id}/checkout",
    summary="Send the customer a payment page; while one is open, that one is the answer.",
    roles=STAFF,
    answer=AskedAnswer,
    problems=[HoldExists, NothingToPay, NotFound],
    status=202,
)
async def send_payment_page(request: Req) -> AskedAnswer:
    services = request.services
    payment = await ask_for_checkout(
        services.database,
        services.settings,
        services.providers.payments.name,
        Actor.of(request.principal),
        request.id,
        now=request.now,
    )
    return AskedAnswer(success=True, payment=payment_entry(payment))


@endpoint(
    "PUT",
    "/api/dispatch/jobs/{id}/price",
    summary="Set the final price, until the job is completed.",
    roles=STAFF,
    body=PriceBody,
    answer=PriceAnswer,
    problems=[StaleVersion, PriceIsFinal, NotFound, Invalid],
)
async def put_price(request: Request[Services, PriceBody, None]) -> PriceAnswer:
    body = request.body
    version = await set_final_price(
        request.services.database,
        Actor.of(request.principal),
        request.id,
        final_price_cents=body.final_price_cents,
        version=body.version,
        reason=body.reason,
        now=request.now,
    )
    await told(request.services, request.id, version)
    return PriceAnswer(success=True, final_price_cents=body.final_price_cents, version=version)


@endpoint(
    "POST",
    "/api/jobs/{id}/tip",
    summary="Give your pro a tip: with the job's payment, or by itself once that was taken.",
    roles={Role.CUSTOMER},
    links=True,
    body=TipBody,
    answer=TipAnswer,
    problems=[TipRefused, NoSavedMethod, RequestKeyReused, NotFound, Invalid],
)
async def tip_pro(request: Request[Services, TipBody, None]) -> TipAnswer:
    services = request.services
    tip = await give_tip(
        services.database,
        services.settings,
        services.providers.payments.name,
        request.principal,
        request.id,
        amount_cents=request.body.amount_cents,
        key=request.body.key,
        now=request.now,
    )
    await told(services, request.id, tip.version)
    return TipAnswer(
        success=True, amount_cents=tip.amount_cents, charged_now=tip.charged_now, version=tip.version
    )


@endpoint(
    "POST",
    "/api/dispatch/jobs/{id}/refunds",
    summary="Give money back: never more than was taken and not given back.",
    roles=STAFF,
    body=RefundBody,
    answer=RefundAnswer,
    problems=[RefundTooLarge, RequestKeyReused, NotFound, Invalid],
    status=202,
)
async def refund_job(request: Request[Services, RefundBody, None]) -> RefundAnswer:
    made = await ask_for_refund(
        request.services.database,
        Actor.of(request.principal),
        request.id,
        amount_cents=request.body.amount_cents,
        reason=request.body.reason,
        request_key=request.body.request_key,
        now=request.now,
    )
    return RefundAnswer(success=True, refunds=[refund_entry(refund) for refund in made])
