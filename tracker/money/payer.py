"""Whom to charge when the customer is not there, and how the call to the provider is written down."""

from __future__ import annotations

from dataclasses import dataclass

from db.errors import Conflict
from db.jobs import Job
from db.payers import payer_of
from db.payments import Payment
from db.pool import Connection
from tracker.money.calls import Params
from tracker.money.provider import Ask
from tracker.settings import Settings

SANDBOX = "sandbox"
SANDBOX_METHOD = "pm_card_sandbox"


class NoSavedMethod(Conflict):
    """This customer has no saved payment method; send them a payment page."""

    code = "no_saved_method"


@dataclass(frozen=True, slots=True)
class SavedMethod:
    """A customer's payment method at the provider."""

    customer: str
    payment_method: str


async def saved_method(
    conn: Connection, provider_name: str, customer_id: str, *, chosen: str | None = None
) -> SavedMethod | None:
    """How a customer can be charged; `chosen`: this method of theirs. None before they have paid once.

    In the sandbox everybody has a card.
    """
    payer = await payer_of(conn, customer_id)
    customer = payer.payment_customer if payer else None
    method = chosen or (payer.payment_method if payer else None)
    if provider_name == SANDBOX:
        return SavedMethod(customer or f"cus_sandbox_{customer_id}", method or SANDBOX_METHOD)
    return SavedMethod(customer, method) if customer and method else None


def ask_params(settings: Settings, job: Job, payment: Payment, method: SavedMethod) -> Params:
    """The frozen parameters of a hold or a charge."""
    return {
        "amount_cents": payment.amount_cents,
        "currency": payment.currency,
        "customer": method.customer,
        "payment_method": method.payment_method,
        "description": describe(settings, job),
        "metadata": metadata_of(payment),
    }


def ask_of(params: Params) -> Ask:
    """The same as the provider takes it."""
    return Ask(**params)


def describe(settings: Settings, job: Job) -> str:
    """What stands on the customer's statement page."""
    return f"{settings.company_name}: {job.service}"[:500]


def metadata_of(payment: Payment) -> dict[str, str]:
    """How an object at the provider is known as ours."""
    return {"job_id": str(payment.job_id), "payment": str(payment.id), "purpose": payment.purpose}
