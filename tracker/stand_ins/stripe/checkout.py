"""Checkout sessions in `payment` mode. https://docs.stripe.com/api/checkout/sessions"""

from __future__ import annotations

import secrets
from typing import Any

from stripe.params import checkout as known_checkout

from tracker.stand_ins.stripe import cards, charges, forms, intents
from tracker.stand_ins.stripe.errors import StripeError, bad_param
from tracker.stand_ins.stripe.state import State, Thing, page

OPEN_S = 24 * 3600

LINE = forms.inside(
    {
        "quantity": forms.whole,
        "price_data": forms.inside(
            {
                "currency": forms.text,
                "unit_amount": forms.whole,
                "product_data": forms.inside({"name": forms.text, "description": forms.text}),
            }
        ),
    }
)
CREATE = forms.Params(
    known_checkout.SessionCreateParams,
    {
        "mode": forms.one_of("payment"),
        "line_items": forms.each(LINE),
        "success_url": forms.text,
        "cancel_url": forms.text,
        "client_reference_id": forms.text,
        "customer": forms.text,
        "customer_email": forms.text,
        "customer_creation": forms.one_of("always", "if_required"),
        "allowed_payment_method_types": forms.texts,
        "phone_number_collection": forms.inside({"enabled": forms.flag}),
        "expires_at": forms.whole,
        "metadata": forms.metadata,
        "payment_intent_data": forms.inside(
            {
                "capture_method": forms.one_of("automatic", "automatic_async", "manual"),
                "description": forms.text,
                "metadata": forms.metadata,
                "receipt_email": forms.text,
                "setup_future_usage": forms.one_of("off_session", "on_session"),
                "transfer_group": forms.text,
            }
        ),
    },
    required=("mode", "line_items", "success_url"),
)
RETRIEVE = forms.Params(known_checkout.SessionRetrieveParams, {})
EXPIRE = forms.Params(known_checkout.SessionExpireParams, {})
LIST = forms.Params(
    known_checkout.SessionListParams,
    {
        **cards.PAGE,
        "created": forms.moments,
        "payment_intent": forms.text,
        "customer": forms.text,
        "status": forms.one_of("open", "complete", "expired"),
    },
)


def create(state: State, params: Thing) -> Thing:
    """POST /v1/checkout/sessions"""
    lines = params["line_items"]
    currencies = {line["price_data"]["currency"] for line in lines}
    if len(currencies) != 1:
        raise bad_param("All line items must have the same currency.", "line_items")
    if "customer" in params:
        state.get("cus", params["customer"], "customer")
    total = sum(line["price_data"]["unit_amount"] * line.get("quantity", 1) for line in lines)
    if total < intents.MIN_CENTS:
        message = "The Checkout Session's total amount due must add up to at least $0.50 usd"
        raise bad_param(message, "line_items", "amount_too_small")
    session_id = f"cs_test_{secrets.token_hex(24)}"
    state.intent_data[session_id] = params.get("payment_intent_data", {})
    expires_at = params.get("expires_at") or int(state.clock.now()) + OPEN_S
    state.expect(expires_at)
    return state.add(
        "cs",
        {
            "amount_subtotal": total,
            "amount_total": total,
            "cancel_url": params.get("cancel_url"),
            "client_reference_id": params.get("client_reference_id"),
            "currency": currencies.pop(),
            "customer": params.get("customer"),
            "customer_creation": params.get("customer_creation", "if_required"),
            "customer_details": None,
            "customer_email": params.get("customer_email"),
            "expires_at": expires_at,
            "metadata": params.get("metadata", {}),
            "mode": "payment",
            "payment_intent": None,
            "payment_method_types": params.get("allowed_payment_method_types", ["card"]),
            "payment_status": "unpaid",
            "phone_number_collection": params.get("phone_number_collection", {"enabled": False}),
            "status": "open",
            "success_url": params["success_url"],
            "url": f"{state.pay_url}/pay/{session_id}",
        },
        session_id,
    )


def retrieve(state: State, _params: Thing, session_id: str) -> Thing:
    """GET /v1/checkout/sessions/{id}"""
    return state.get("cs", session_id)


def list_all(state: State, params: Thing) -> Thing:
    """GET /v1/checkout/sessions"""
    names = [name for name in ("payment_intent", "customer", "status") if name in params]
    return page(
        state,
        "cs",
        "/v1/checkout/sessions",
        params,
        lambda one: all(one[name] == params[name] for name in names),
    )


def expire(state: State, _params: Thing, session_id: str) -> Thing:
    """POST /v1/checkout/sessions/{id}/expire"""
    session = state.get("cs", session_id)
    if session["status"] != "open":
        message = (
            'Only Checkout Sessions with a status in ["open"] can be expired. '
            f"This Session has a status of `{session['status']}`."
        )
        raise StripeError(400, message)
    close(state, session)
    return session


def close(state: State, session: Thing) -> None:
    """Nobody can pay any more."""
    session.update(status="expired", url=None)
    state.emit("checkout.session.expired", session)


def expire_old(state: State) -> None:
    """Close every session whose time is over."""
    for session in state.sessions.values():
        if session["status"] == "open" and session["expires_at"] <= state.clock.now():
            close(state, session)
        elif session["status"] == "open":
            state.expect(session["expires_at"])


def pay(state: State, session_id: str, card: str, payer: dict[str, str], *, delayed: bool = False) -> Thing:
    """The customer pays on the page: with a test card, or with a delayed method that is settled later.

    Raises StripeError when the session is not open, or the card is declined (the session stays open).
    """
    session = state.get("cs", session_id)
    if session["status"] != "open":
        raise StripeError(400, f"This Checkout Session is {session['status']}.")
    wanted: dict[str, Any] = dict(state.intent_data[session_id])
    if delayed and wanted.get("capture_method") == "manual":
        raise StripeError(400, "Delayed payment methods cannot be held: Stripe does not offer them here.")
    email = session["customer_email"] or payer.get("email")  # a given one cannot be changed on the page
    details = {"email": email, "name": payer.get("name"), "phone": payer.get("phone"), "address": None}
    customer = session["customer"]
    if customer is None and session["customer_creation"] == "always":
        given = {name: details[name] for name in ("email", "name", "phone") if details[name]}
        customer = cards.create_customer(state, given)["id"]
    intent = intents.make(
        state,
        {**wanted, "amount": session["amount_total"], "currency": session["currency"], "customer": customer},
    )
    intent["payment_method"] = cards.use(state, card, customer)["id"]
    state.emit("payment_intent.created", intent)
    if delayed:
        intent["status"] = "processing"
        state.emit("payment_intent.processing", intent)
    else:
        intents.confirm(state, intent, owner_is_away=False, authenticated=True)
    session.update(
        status="complete",
        url=None,
        customer=customer,
        customer_details=details,
        payment_intent=intent["id"],
        payment_status="paid" if intent["status"] == "succeeded" else "unpaid",  # held is not paid
    )
    state.emit("checkout.session.completed", session)
    return session


def settle_delayed(state: State, session_id: str, *, failed: bool) -> Thing:
    """A delayed payment arrives days later, or does not."""
    session = state.get("cs", session_id)
    intent = state.get("pi", session["payment_intent"])
    method = state.get("pm", intent["payment_method"])
    if intent["status"] != "processing":
        raise StripeError(400, f"The payment is {intent['status']}.")
    if failed:
        charges.fail(state, intent, method, cards.DECLINED)
        intent.update(status="requires_payment_method", payment_method=None)
        state.emit("payment_intent.payment_failed", intent)
        state.emit("checkout.session.async_payment_failed", session)
        return session
    charges.authorize(state, intent, method)
    charges.capture(state, intent, intent["amount"])
    session["payment_status"] = "paid"
    state.emit("checkout.session.async_payment_succeeded", session)
    return session
