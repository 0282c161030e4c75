"""Charges: what the bank did for a payment intent.

What is let go of an authorization shows as refunded on the charge (`amount_refunded`, and a `charge.refunded`
event), as at Stripe: it is money that was never taken. Refund objects are only what was given back.
"""

from __future__ import annotations

from stripe import params as known

from tracker.stand_ins.stripe import cards, disputes, forms
from tracker.stand_ins.stripe.state import State, Thing

# How long most cards hold; the charge says it in `capture_before`.
# https://docs.stripe.com/payments/place-a-hold-on-a-payment-method
HOLD_S = 7 * 86400

RETRIEVE = forms.Params(known.ChargeRetrieveParams, {})


def retrieve(state: State, _params: Thing, charge_id: str) -> Thing:
    """GET /v1/charges/{id}"""
    return state.get("ch", charge_id)


def authorize(state: State, intent: Thing, method: Thing) -> Thing:
    """The bank holds the amount."""
    charge = _make(state, intent, method)
    card = charge["payment_method_details"]["card"]
    card["amount_authorized"] = intent["amount"]
    if intent["capture_method"] == "manual":
        card["capture_before"] = int(state.clock.now()) + HOLD_S
        state.expect(card["capture_before"])
    intent.update(
        status="requires_capture",
        latest_charge=charge["id"],
        amount_capturable=intent["amount"],
        last_payment_error=None,
        next_action=None,
    )
    if intent["capture_method"] == "manual":
        state.emit("payment_intent.amount_capturable_updated", intent)
        state.emit("charge.succeeded", charge)
    return charge


def capture(state: State, intent: Thing, amount_cents: int) -> None:
    """Take money; the rest of the hold is let go."""
    charge = state.charges[intent["latest_charge"]]
    manual = intent["capture_method"] == "manual"
    rest = charge["amount"] - amount_cents
    charge.update(
        captured=True,
        amount_captured=amount_cents,
        amount_refunded=rest,
        balance_transaction=state.book("charge", amount_cents, charge["currency"], charge["id"]),
    )
    intent.update(status="succeeded", amount_received=amount_cents, amount_capturable=0)
    if rest:
        state.emit("charge.refunded", charge, {"amount_refunded": 0})
    state.emit("charge.captured" if manual else "charge.succeeded", charge)
    state.emit("payment_intent.succeeded", intent)
    for session in state.sessions.values():
        if session["payment_intent"] == intent["id"]:
            session["payment_status"] = "paid"
    if state.behaviours[charge["payment_method"]].removeprefix("used:") == "pm_card_createDispute":
        disputes.open_one(state, intent["id"], None, "fraudulent")


def void(state: State, intent: Thing, *, expired: bool) -> None:
    """The whole hold is let go."""
    charge = state.charges[intent["latest_charge"]]
    charge.update(refunded=True, amount_refunded=charge["amount"])
    if expired:
        state.emit("charge.expired", charge)
    state.emit("charge.refunded", charge, {"amount_refunded": 0, "refunded": False})


def fail(state: State, intent: Thing, method: Thing, decline: cards.Decline) -> Thing:
    """The bank says no."""
    charge = _make(state, intent, method)
    charge.update(
        status="failed",
        paid=False,
        failure_code=decline.code,
        failure_message=decline.message,
        captured=False,
    )
    intent["latest_charge"] = charge["id"]
    state.emit("charge.failed", charge)
    return charge


def _make(state: State, intent: Thing, method: Thing) -> Thing:
    return state.add(
        "ch",
        {
            "amount": intent["amount"],
            "amount_captured": 0,
            "amount_refunded": 0,
            "balance_transaction": None,
            "billing_details": method["billing_details"],
            "captured": False,
            "currency": intent["currency"],
            "customer": intent["customer"],
            "description": intent["description"],
            "disputed": False,
            "failure_code": None,
            "failure_message": None,
            "metadata": dict(intent["metadata"]),
            "outcome": {"network_status": "approved_by_network", "type": "authorized"},
            "paid": True,
            "payment_intent": intent["id"],
            "payment_method": method["id"],
            "payment_method_details": {"type": "card", "card": dict(method["card"])},
            "receipt_url": None,
            "refunded": False,
            "status": "succeeded",
            "transfer_group": intent["transfer_group"],
        },
    )
