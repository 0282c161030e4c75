"""Disputes: a customer's bank takes a payment back. https://docs.stripe.com/disputes/how-disputes-work"""

from __future__ import annotations

from stripe import params as known

from tracker.stand_ins.stripe import cards, forms
from tracker.stand_ins.stripe.errors import StripeError
from tracker.stand_ins.stripe.state import State, Thing, page

RETRIEVE = forms.Params(known.DisputeRetrieveParams, {})
LIST = forms.Params(
    known.DisputeListParams,
    {**cards.PAGE, "charge": forms.text, "payment_intent": forms.text, "created": forms.moments},
)


def retrieve(state: State, _params: Thing, dispute_id: str) -> Thing:
    """GET /v1/disputes/{id}"""
    return state.get("du", dispute_id)


def list_all(state: State, params: Thing) -> Thing:
    """GET /v1/disputes"""
    names = [name for name in ("charge", "payment_intent") if name in params]
    return page(
        state,
        "du",
        "/v1/disputes",
        params,
        lambda one: all(one[name] == params[name] for name in names),
    )


def open_one(state: State, intent_id: str, amount_cents: int | None, reason: str) -> Thing:
    """The bank takes the money back, for now. Raises StripeError when there is nothing to take."""
    intent = state.get("pi", intent_id)
    charge = state.charges.get(intent["latest_charge"] or "", {})
    if not charge.get("captured") or charge["disputed"]:
        raise StripeError(400, "Only a captured charge without a dispute can be disputed.")
    amount = amount_cents or charge["amount_captured"]
    dispute = state.add(
        "du",
        {
            "amount": amount,
            "balance_transactions": [],
            "charge": charge["id"],
            "currency": charge["currency"],
            "evidence_details": {"due_by": int(state.clock.now()) + 14 * 86400, "submission_count": 0},
            "is_charge_refundable": False,
            "metadata": {},
            "payment_intent": intent_id,
            "reason": reason,
            "status": "needs_response",
        },
    )
    charge["disputed"] = True
    state.emit("charge.dispute.created", dispute)
    _move(state, dispute, -amount, "charge.dispute.funds_withdrawn")
    return dispute


def close(state: State, dispute_id: str, *, won: bool) -> Thing:
    """The bank has decided. Raises StripeError when it had already."""
    dispute = state.get("du", dispute_id)
    if dispute["status"] in ("won", "lost"):
        raise StripeError(400, f"This dispute is already {dispute['status']}.")
    before = dispute["status"]
    dispute["status"] = "won" if won else "lost"
    if won:
        _move(state, dispute, dispute["amount"], "charge.dispute.funds_reinstated")
    state.emit("charge.dispute.closed", dispute, {"status": before})
    return dispute


def blocks_refund(state: State, charge_id: str) -> bool:
    """Whether the bank has the money, or had it last."""
    return any(one["charge"] == charge_id and one["status"] != "won" for one in state.disputes.values())


def _move(state: State, dispute: Thing, amount_cents: int, event_type: str) -> None:
    booked = state.book("adjustment", amount_cents, dispute["currency"], dispute["id"])
    dispute["balance_transactions"].append(state.balance_transactions[booked])
    state.emit(event_type, dispute)
