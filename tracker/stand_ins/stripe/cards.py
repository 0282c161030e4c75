"""Customers and their cards. Test cards behave as https://docs.stripe.com/testing says.

A test name like `pm_card_visa` is no payment method: each use makes a new one, as at Stripe.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stripe import params as known

from tracker.stand_ins.stripe import forms
from tracker.stand_ins.stripe.errors import StripeError
from tracker.stand_ins.stripe.state import State, Thing, page


@dataclass(frozen=True, slots=True)
class Decline:
    """Why a bank says no."""

    code: str
    message: str
    decline_code: str | None = None


DECLINED = Decline("card_declined", "Your card was declined.", "generic_decline")
NO_FUNDS = Decline("card_declined", "Your card has insufficient funds.", "insufficient_funds")
EXPIRED = Decline("expired_card", "Your card has expired.", "expired_card")
ASK_THE_OWNER = Decline(
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
    "authentication_required",
)
GOOD = ("pm_card_visa", "pm_card_mastercard", "pm_card_createDispute")
REFUNDS = {"pm_card_pendingRefund": "pending", "pm_card_refundFail": "failed"}
DECLINES = {
    "pm_card_chargeDeclined": DECLINED,
    "pm_card_visa_chargeDeclined": DECLINED,
    "pm_card_chargeCustomerFail": DECLINED,
    "pm_card_insufficientFunds": NO_FUNDS,  # short for the next one
    "pm_card_visa_chargeDeclinedInsufficientFunds": NO_FUNDS,
    "pm_card_chargeDeclinedExpiredCard": EXPIRED,
    "pm_card_authenticationRequired": ASK_THE_OWNER,
}
TEST_CARDS = (*GOOD, *REFUNDS, *DECLINES)

CREATE = forms.Params(
    known.CustomerCreateParams,
    {
        "email": forms.text,
        "name": forms.text,
        "phone": forms.text,
        "description": forms.text,
        "metadata": forms.metadata,
        "payment_method": forms.text,
    },
)
RETRIEVE = forms.Params(known.CustomerRetrieveParams, {})
ATTACH = forms.Params(known.PaymentMethodAttachParams, {"customer": forms.text})
DETACH = forms.Params(known.PaymentMethodDetachParams, {})
RETRIEVE_METHOD = forms.Params(known.PaymentMethodRetrieveParams, {})
PAGE = {"limit": forms.whole, "starting_after": forms.text, "ending_before": forms.text}
LIST = forms.Params(
    known.PaymentMethodListParams, {**PAGE, "customer": forms.text, "type": forms.one_of("card")}
)


def create_customer(state: State, params: Thing) -> Thing:
    """POST /v1/customers"""
    blank: Thing = {"email": None, "name": None, "phone": None, "description": None, "metadata": {}}
    given = {name: value for name, value in params.items() if name in blank}
    customer = state.add(
        "cus", {**blank, **given, "invoice_settings": {"default_payment_method": None}, "delinquent": False}
    )
    if "payment_method" in params:
        attach(state, use(state, params["payment_method"], customer["id"]), customer["id"])
    state.emit("customer.created", customer)
    return customer


def retrieve_customer(state: State, _params: Thing, customer_id: str) -> Thing:
    """GET /v1/customers/{id}"""
    return state.get("cus", customer_id)


def retrieve_method(state: State, _params: Thing, method_id: str) -> Thing:
    """GET /v1/payment_methods/{id}"""
    return state.get("pm", method_id)


def list_methods(state: State, params: Thing) -> Thing:
    """GET /v1/payment_methods"""
    return page(
        state, "pm", "/v1/payment_methods", params, lambda one: one["customer"] == params.get("customer")
    )


def attach_method(state: State, params: Thing, method_id: str) -> Thing:
    """POST /v1/payment_methods/{id}/attach"""
    state.get("cus", params["customer"], "customer")
    method = use(state, method_id, params["customer"])
    attach(state, method, params["customer"])
    return method


def detach_method(state: State, _params: Thing, method_id: str) -> Thing:
    """POST /v1/payment_methods/{id}/detach"""
    method = state.get("pm", method_id)
    method["customer"] = None
    state.behaviours[method_id] = "detached"
    state.emit("payment_method.detached", method)
    return method


def use(state: State, method_id: str, customer_id: str | None) -> Thing:
    """The payment method to charge. Raises StripeError when this customer may not use it."""
    if method_id in TEST_CARDS:
        return _make(state, method_id)
    method = state.get("pm", method_id, "payment_method")
    if state.behaviours[method_id].startswith(("detached", "used:")):
        message = (
            "The provided PaymentMethod was previously used with a PaymentIntent without Customer "
            "attachment, shared with a connected account without Customer attachment, or was detached from a "
            "Customer. It may not be used again. To use a PaymentMethod multiple times, you must attach it "
            "to a Customer first."
        )
        raise StripeError(400, message)
    if method["customer"] not in (None, customer_id):
        message = (
            f"The payment method supplied ({method_id}) belongs to a different Customer. Please include the "
            "Customer in the `customer` parameter on the PaymentIntent."
        )
        raise StripeError(400, message, param="payment_method")
    return method


def attach(state: State, method: Thing, customer_id: str) -> None:
    """Save a payment method for its customer."""
    if method["customer"] == customer_id:
        return
    method["customer"] = customer_id
    state.emit("payment_method.attached", method)


def decline_of(state: State, method: Thing, *, owner_is_away: bool) -> Decline | None:
    """Why charging this method fails, if it does. Only an owner who is there can authenticate."""
    decline = DECLINES.get(state.behaviours[method["id"]])
    return None if decline is ASK_THE_OWNER and not owner_is_away else decline


def needs_authentication(state: State, method: Thing) -> bool:
    """Whether the bank wants to ask the owner."""
    return DECLINES.get(state.behaviours[method["id"]]) is ASK_THE_OWNER


def _make(state: State, card: str) -> Thing:
    shown: dict[str, Any] = {"brand": "visa", "country": "US", "exp_month": 12, "exp_year": 2034}
    shown |= {"funding": "credit", "last4": "4242", "fingerprint": f"of {card}"}
    details = {"address": None, "email": None, "name": None, "phone": None}
    method = state.add(
        "pm", {"type": "card", "card": shown, "customer": None, "billing_details": details, "metadata": {}}
    )
    state.behaviours[method["id"]] = card
    return method
