"""A checkout page of the shop's own, paid: its order becomes a job with its money, once.

The session's metadata either names an order that the shop left with us before (`order_reference`, see
`POST /api/dispatch/orders`), or is the order: flat texts, as Stripe keeps them.

    required   skill, service, lat, lng, address
    optional   reference (else the session's id), customer_id, customer_name, approximate_address, notes,
               window_start, window_end, equipment_lane, order_required, order_id, open,
               items (JSON, a list), install (JSON, an object)

The price is what was paid. Who the customer is comes from the page. Other keys are the shop's own business.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from db.errors import Invalid
from db.payers import save_payer
from db.payments import add_payment, payment_by_checkout, save_payment
from db.pool import Connection
from rooms.strict_json import loads
from tracker.jobs.facts import MONEY
from tracker.jobs.intake import ReferenceConflict
from tracker.jobs.orders import Order, kept_order, read_order, take_order
from tracker.messages.notify import alert_dispatch
from tracker.money.provider import Checkout, Intent
from tracker.money.settle import settle_intent
from tracker.money.terms import Purpose
from tracker.settings import Settings

_TEXTS = (
    "skill",
    "service",
    "address",
    "approximate_address",
    "notes",
    "window_start",
    "window_end",
    "equipment_lane",
    "order_id",
)


class UnusableCheckout(Exception):
    """Money was taken for something that we cannot make a job of; a person has to look. No retry can help."""


async def take_paid_checkout(
    conn: Connection,
    settings: Settings,
    provider: str,
    page: Checkout,
    intent: Intent | None,
    *,
    now: datetime,
) -> None:
    """Make the job of a paid page, its customer and its payment, in the caller's transaction.

    Without an intent nothing had to be paid: a voucher was worth the whole price. Again, or at the same time:
    the same job and payment. Raises UnusableCheckout.
    """
    if page.currency != settings.currency:
        raise UnusableCheckout(f"checkout {page.id} was paid in {page.currency}, not in {settings.currency}")
    try:
        order = await _order_of(conn, page)
        made = await take_order(conn, order, source="checkout", now=now, actor=MONEY)
    except (Invalid, ReferenceConflict) as error:
        raise UnusableCheckout(f"checkout {page.id}: {error.code}: {error.detail}") from error
    if page.amount_cents != order.price_cents:
        await _tell_amount(conn, settings, page, order, made.job_id, now)
    if intent is None or await payment_by_checkout(conn, page.id) is not None:
        return
    payment = await add_payment(
        conn,
        job_id=made.job_id,
        purpose=Purpose.HOLD.value,
        provider=provider,
        currency=page.currency,
        amount_cents=page.amount_cents,
    )
    if payment is None:
        raise UnusableCheckout(f"checkout {page.id}: job {made.job_id} is paid for by another one")
    await save_payment(conn, replace(payment, checkout_id=page.id, intent_id=intent.id))
    if intent.customer is not None:
        await save_payer(conn, made.customer_id, customer=intent.customer, method=intent.payment_method)
    await settle_intent(conn, settings, payment.id, intent, now=now)


async def _tell_amount(
    conn: Connection, settings: Settings, page: Checkout, order: Order, job_id: UUID, now: datetime
) -> None:
    await alert_dispatch(
        conn,
        settings,
        event_key=f"checkout:{page.id}:amount"[:200],
        title="An order was not paid as agreed",
        body=f"Order {order.reference} costs {order.price_cents} cents; {page.amount_cents} were paid.",
        job_id=job_id,
        now=now,
    )


async def _order_of(conn: Connection, page: Checkout) -> Order:
    """The order that a page was paid for. Raises Invalid."""
    reference = page.metadata.get("order_reference")
    if reference is None:
        return order_from(page)
    order = await kept_order(conn, reference)
    if order is None:
        raise Invalid(f"there is no order {reference[:128]!r}", field="order_reference")
    return order


def order_from(page: Checkout) -> Order:
    """The order that a page's own metadata is. Raises Invalid with the field."""
    said = page.metadata
    facts: dict[str, Any] = {name: said[name] for name in _TEXTS if name in said}
    for name in ("lat", "lng"):
        if name in said:
            facts[name] = _number(name, said[name])
    for name in ("items", "install"):
        if name in said:
            facts[name] = loads(said[name])
    for name in ("open", "order_required"):
        if name in said:
            facts[name] = _yes_or_no(name, said[name])
    name = page.customer_name or said.get("customer_name") or page.customer_email or "Customer"
    contact = {"id": said.get("customer_id"), "email": page.customer_email, "phone": page.customer_phone}
    facts["customer"] = {"name": name[:200], **{key: value for key, value in contact.items() if value}}
    facts["reference"] = said.get("reference") or page.id
    facts["price_cents"] = page.amount_cents
    return read_order(facts)


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Invalid(f"{name} is no number", field=name) from None


def _yes_or_no(name: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise Invalid(f"{name} is neither true nor false", field=name)
    return text == "true"
