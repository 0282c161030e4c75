"""Refunds: never more than was captured and not yet given back. https://docs.stripe.com/refunds"""

from __future__ import annotations

from stripe import params as known

from tracker.stand_ins.stripe import cards, disputes, forms
from tracker.stand_ins.stripe.errors import StripeError, bad_param
from tracker.stand_ins.stripe.state import State, Thing, page

CREATE = forms.Params(
    known.RefundCreateParams,
    {
        "amount": forms.whole,
        "charge": forms.text,
        "payment_intent": forms.text,
        "metadata": forms.metadata,
        "reason": forms.one_of("duplicate", "fraudulent", "requested_by_customer"),
    },
)
RETRIEVE = forms.Params(known.RefundRetrieveParams, {})
LIST = forms.Params(
    known.RefundListParams,
    {**cards.PAGE, "charge": forms.text, "payment_intent": forms.text, "created": forms.moments},
)


def create(state: State, params: Thing) -> Thing:
    """POST /v1/refunds"""
    charge = _charge(state, params)
    left = charge["amount"] - charge["amount_refunded"]  # what was let go counts as refunded too
    amount = params.get("amount", left)
    if disputes.blocks_refund(state, charge["id"]):
        message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
        raise StripeError(400, message, code="charge_disputed")
    if left == 0:
        message = f"Charge {charge['id']} has already been refunded."
        raise StripeError(400, message, code="charge_already_refunded")
    if amount > left:
        raise StripeError(
            400,
            f"Refund amount (${amount / 100:.2f}) is greater than unrefunded amount on charge "
            f"(${left / 100:.2f})",
            param="amount",
        )
    card = state.behaviours[charge["payment_method"]].removeprefix("used:")
    refund = state.add(
        "re",
        {
            "amount": amount,
            "balance_transaction": None,
            "charge": charge["id"],
            "currency": charge["currency"],
            "metadata": params.get("metadata", {}),
            "payment_intent": charge["payment_intent"],
            "reason": params.get("reason"),
            "status": "pending" if cards.REFUNDS.get(card) == "pending" else "succeeded",
        },
    )
    refund["balance_transaction"] = state.book("refund", -amount, charge["currency"], refund["id"])
    _count(state, charge, amount)
    state.emit("refund.created", refund)
    if cards.REFUNDS.get(card) == "failed":
        fail(state, refund["id"])
    return refund


def retrieve(state: State, _params: Thing, refund_id: str) -> Thing:
    """GET /v1/refunds/{id}"""
    return state.get("re", refund_id)


def list_all(state: State, params: Thing) -> Thing:
    """GET /v1/refunds"""

    def matches(one: Thing) -> bool:
        return all(one[name] == params[name] for name in ("charge", "payment_intent") if name in params)

    return page(state, "re", "/v1/refunds", params, matches)


def succeed(state: State, refund_id: str) -> Thing:
    """A pending refund has arrived."""
    refund = state.get("re", refund_id)
    if refund["status"] != "pending":
        raise StripeError(400, f"This refund is {refund['status']}.")
    refund["status"] = "succeeded"
    state.emit("refund.updated", refund, {"status": "pending"})
    return refund


def fail(state: State, refund_id: str) -> Thing:
    """The bank could not take the money back: it is ours again."""
    refund = state.get("re", refund_id)
    before = refund["status"]
    if before == "failed":
        raise StripeError(400, "This refund has failed already.")
    refund.update(
        status="failed",
        failure_reason="expired_or_canceled_card",
        failure_balance_transaction=state.book(
            "refund_failure", refund["amount"], refund["currency"], refund["id"]
        ),
    )
    _count(state, state.charges[refund["charge"]], -refund["amount"])
    state.emit("refund.failed", refund, {"status": before})
    return refund


def _count(state: State, charge: Thing, amount_cents: int) -> None:
    before = charge["amount_refunded"]
    charge["amount_refunded"] += amount_cents
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    if amount_cents > 0:
        state.emit("charge.refunded", charge, {"amount_refunded": before})


def _charge(state: State, params: Thing) -> Thing:
    if ("charge" in params) == ("payment_intent" in params):
        raise bad_param("One of charge or payment_intent must be given.", "payment_intent")
    if "charge" in params:
        charge = state.get("ch", params["charge"], "charge")
    else:
        intent = state.get("pi", params["payment_intent"], "payment_intent")
        charge = state.charges.get(intent["latest_charge"] or "", {})
    if not charge.get("captured"):
        name = params.get("payment_intent") or params["charge"]
        raise StripeError(400, f"This PaymentIntent ({name}) does not have a successful charge to refund.")
    return charge
