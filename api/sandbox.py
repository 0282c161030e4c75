"""The sandbox over HTTP: what would have been charged and sent, and the customer's part in it, for a demo."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from msgspec import Meta

from api.cursors import Cursor, one_page, read_cursor, write_cursor
from api.jobs import STAFF
from api.money import END, RequestKey, SomeCents
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer, Input, Instant
from db import sandbox
from db.errors import Conflict, Invalid, NotFound
from tracker.money.checkout_orders import UnusableCheckout
from tracker.money.follow import follow_checkout
from tracker.money.provider import ProviderRefused
from tracker.money.sandbox_payments import SandboxPayments

Req: TypeAlias = Request[Services, None, None]
Text = Annotated[str, Meta(max_length=500)]


class SandboxQuery(Input):
    """A page."""

    cursor: Cursor | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class SandboxEntry(Answer):
    """Something that a real provider would have: a payment, a refund, a transfer, a text, a mail."""

    id: str
    kind: str
    job_id: str | None
    body: dict[str, Any]
    created_at: Instant
    updated_at: Instant
    label: str


class SandboxPage(Answer):
    """Newest first; `next` is the cursor of the page after this one."""

    objects: list[SandboxEntry]
    next: str | None


class NewCheckoutBody(Input):
    """A page that the company's shop would open. `metadata` as the shop gives it: see docs/payouts.md."""

    amount_cents: SomeCents
    metadata: Annotated[dict[Annotated[str, Meta(min_length=1, max_length=40)], Text], Meta(max_length=50)]
    request_key: RequestKey
    description: Annotated[str, Meta(min_length=1, max_length=200)] = "An order"
    customer_email: Annotated[str, Meta(pattern=rf"^[^@\s]{{1,64}}@[^@\s]{{1,180}}{END}")] | None = None


class CheckoutAnswer(Answer):
    """A payment page of the sandbox."""

    success: bool
    id: str
    status: str
    url: str | None


class NoSandbox(Conflict):
    """A real payment provider is set; there is no sandbox to pay in."""

    code = "no_sandbox"


class UnusableOrder(Conflict):
    """The page is paid, but no job can be made of its order."""

    code = "unusable_order"


class PaymentDeclined(Conflict):
    """The sandbox's bank said no."""

    code = "payment_declined"


@endpoint(
    "GET",
    "/api/dispatch/sandbox",
    summary="What the sandboxes hold, newest first: payments and messages that went nowhere.",
    roles=STAFF,
    query=SandboxQuery,
    answer=SandboxPage,
    problems=[Invalid],
)
async def read_sandbox(request: Request[Services, None, SandboxQuery]) -> SandboxPage:
    query = request.query
    async with request.services.database.connection() as conn:
        found = await sandbox.list_newest(
            conn, before=read_cursor(query.cursor, _object_id), limit=query.limit + 1
        )
    page, more = one_page(found, query.limit, lambda one: write_cursor(one.created_at, one.id))
    return SandboxPage(objects=[_entry(one) for one in page], next=more)


@endpoint(
    "POST",
    "/api/dispatch/sandbox/checkouts",
    summary="Open a payment page as the company's shop would.",
    roles=STAFF,
    body=NewCheckoutBody,
    answer=CheckoutAnswer,
    problems=[NoSandbox, Invalid],
)
async def open_sandbox_checkout(request: Request[Services, NewCheckoutBody, None]) -> CheckoutAnswer:
    body, settings = request.body, request.services.settings
    try:
        page = await _sandbox(request.services).open_checkout(
            f"shop:{body.request_key}",
            amount_cents=body.amount_cents,
            currency=settings.currency,
            description=body.description,
            success_url=f"{settings.public_url}/paid",
            cancel_url=f"{settings.public_url}/not-paid",
            customer_email=body.customer_email,
            metadata=body.metadata,
        )
    except ProviderRefused as refused:
        raise Invalid(refused.message, field="request_key") from refused
    return CheckoutAnswer(success=True, id=page.id, status=page.status, url=page.url)


@endpoint(
    "POST",
    "/api/dispatch/sandbox/checkouts/{checkout:str}/pay",
    summary="Pay on a page of the sandbox, as the customer would. What follows is what a webhook causes.",
    roles=STAFF,
    answer=CheckoutAnswer,
    problems=[NoSandbox, PaymentDeclined, UnusableOrder, NotFound],
)
async def pay_sandbox_checkout(request: Req) -> CheckoutAnswer:
    services = request.services
    payments = _sandbox(services)
    try:
        page = await payments.pay_checkout(str(request.path["checkout"]))
        await follow_checkout(services.database, services.settings, payments, page.id, now=request.now)
    except ProviderRefused as refused:
        if refused.code == "resource_missing":
            raise NotFound("There is no such payment page.") from refused
        raise PaymentDeclined(refused.message) from refused
    except UnusableCheckout as error:
        raise UnusableOrder(str(error)) from error
    return CheckoutAnswer(success=True, id=page.id, status=page.status, url=page.url)


def _object_id(word: str) -> str:
    """A cursor's key. Raises ValueError for what no id looks like."""
    if not word.isprintable():
        raise ValueError("not an object's id")
    return word


def _sandbox(services: Services) -> SandboxPayments:
    payments = services.providers.payments
    if not isinstance(payments, SandboxPayments):
        raise NoSandbox
    return payments


def _entry(one: sandbox.SandboxObject) -> SandboxEntry:
    return SandboxEntry(
        id=one.id,
        kind=one.kind,
        job_id=str(one.job_id) if one.job_id else None,
        body=one.body,
        created_at=Instant.of(one.created_at),
        updated_at=Instant.of(one.updated_at),
        label="sandbox",
    )
