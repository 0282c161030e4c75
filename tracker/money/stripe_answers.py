"""What Stripe answers, in our words: its objects as values, its errors as refused or unknown."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Any, TypeVar

import stripe

from tracker.money.provider import (
    Checkout,
    Dispute,
    Intent,
    IntentStatus,
    ProviderRefused,
    ProviderUnknown,
    Refund,
    Transfer,
)

WAITING = ("requires_payment_method", "requires_confirmation", "requires_action")
# Anything that is not listed is open: the bank has not decided.
DISPUTES = {
    "warning_needs_response": "inquiry",  # the bank asks; it has taken nothing
    "warning_under_review": "inquiry",
    "warning_closed": "inquiry",
    "prevented": "inquiry",
    "won": "won",
    "lost": "lost",
    "appeal_needs_response": "lost",  # money that is gone until the appeal is won
    "appeal_under_review": "lost",
}

T = TypeVar("T")


async def told(call: Awaitable[T]) -> T:
    """What Stripe says to a call. Raises ProviderRefused when it said no, for certain; else ProviderUnknown.

    A wrong key of ours (401, 403) counts as unknown: nothing is wrong with the call, and it may be asked
    again once the key is mended.
    """
    try:
        return await call
    except (stripe.CardError, stripe.InvalidRequestError) as error:
        raise ProviderRefused(error.code or "invalid_request", error.user_message or str(error)) from error
    except stripe.IdempotencyError as error:
        raise ProviderRefused("idempotency_error", str(error)) from error
    except stripe.StripeError as error:
        replayed = (error.headers or {}).get("idempotent-replayed") == "true"
        raise ProviderUnknown(f"{type(error).__name__}: {error}", for_good=replayed) from error


async def all_of(page: Any) -> list[Any]:
    """Every object of a list, however many pages it has."""
    return [one async for one in page.auto_paging_iter()]


def intent_of(found: stripe.PaymentIntent, refunded_cents: int) -> Intent:
    """A payment intent, its newest charge expanded."""
    charge = charge_of(found)
    details = charge.payment_method_details if charge else None
    until = getattr(getattr(details, "card", None), "capture_before", None)
    return Intent(
        id=found.id,
        status=IntentStatus.WAITING if found.status in WAITING else IntentStatus(found.status),
        currency=found.currency,
        amount_cents=found.amount,
        capturable_cents=found.amount_capturable,
        captured_cents=found.amount_received,
        refunded_cents=refunded_cents,
        capture_before=datetime.fromtimestamp(until, UTC) if until else None,
        customer=id_of(found.customer),
        payment_method=id_of(found.payment_method),
        metadata=texts(found.metadata),
        disputed=bool(charge and charge.disputed),
    )


def charge_of(found: stripe.PaymentIntent) -> stripe.Charge | None:
    """The newest charge, when it was expanded."""
    return found.latest_charge if isinstance(found.latest_charge, stripe.Charge) else None


def checkout_of(page: stripe.checkout.Session, *, paid: bool) -> Checkout:
    """A checkout session."""
    details = page.customer_details
    return Checkout(
        id=page.id,
        url=page.url,
        status=page.status or "open",
        paid=paid,
        intent_id=id_of(page.payment_intent),
        amount_cents=page.amount_total or 0,
        currency=page.currency or "",
        customer=id_of(page.customer),
        customer_name=details.name if details else None,
        customer_email=details.email if details else None,
        customer_phone=details.phone if details else None,
        metadata=texts(page.metadata),
    )


def refund_of(found: stripe.Refund) -> Refund:
    """A refund."""
    return Refund(
        id=found.id,
        intent_id=id_of(found.payment_intent) or "",
        amount_cents=found.amount,
        status=found.status or "pending",
        metadata=texts(found.metadata),
    )


def transfer_of(found: stripe.Transfer) -> Transfer:
    """A transfer."""
    return Transfer(
        id=found.id,
        account=id_of(found.destination) or "",
        amount_cents=found.amount,
        reversed_cents=found.amount_reversed,
        currency=found.currency,
        metadata=texts(found.metadata),
    )


def dispute_of(found: stripe.Dispute) -> Dispute:
    """A dispute."""
    return Dispute(
        id=found.id,
        intent_id=id_of(found.payment_intent) or "",
        amount_cents=found.amount,
        reason=found.reason,
        status=DISPUTES.get(found.status, "open"),
    )


def id_of(reference: Any) -> str | None:
    """The id of something that Stripe gives as an id or as the object itself."""
    return reference if reference is None or isinstance(reference, str) else str(reference.id)


def texts(metadata: Any) -> dict[str, str]:
    """Metadata as plain texts."""
    return {str(key): str(value) for key, value in (metadata.to_dict() if metadata else {}).items()}
