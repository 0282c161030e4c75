"""Payment intents: held, captured, let go. https://docs.stripe.com/payments/paymentintents/lifecycle"""

from __future__ import annotations

import copy
import secrets

from stripe import params as known

from tracker.stand_ins.stripe import cards, charges, forms
from tracker.stand_ins.stripe.errors import StripeError, bad_param, unexpected_state
from tracker.stand_ins.stripe.state import State, Thing, page

MIN_CENTS = 50  # docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
CANCELLABLE = ["requires_payment_method", "requires_capture", "requires_confirmation", "requires_action"]

CREATE = forms.Params(
    known.PaymentIntentCreateParams,
    {
        "amount": forms.whole,
        "currency": forms.text,
        "customer": forms.text,
        "payment_method": forms.text,
        "allowed_payment_method_types": forms.texts,
        "automatic_payment_methods": forms.inside(
            {"enabled": forms.flag, "allow_redirects": forms.one_of("always", "never")}
        ),
        "capture_method": forms.one_of("automatic", "automatic_async", "manual"),
        "confirm": forms.flag,
        "off_session": forms.flag,
        "error_on_requires_action": forms.flag,
        "return_url": forms.text,
        "description": forms.text,
        "metadata": forms.metadata,
        "receipt_email": forms.text,
        "setup_future_usage": forms.one_of("off_session", "on_session"),
        "statement_descriptor_suffix": forms.text,
        "transfer_group": forms.text,
    },
    required=("amount", "currency"),
)
RETRIEVE = forms.Params(known.PaymentIntentRetrieveParams, {})
UPDATE = forms.Params(
    known.PaymentIntentUpdateParams, {"metadata": forms.metadata, "description": forms.text}
)
CAPTURE = forms.Params(
    known.PaymentIntentCaptureParams, {"amount_to_capture": forms.whole, "metadata": forms.metadata}
)
CANCEL = forms.Params(
    known.PaymentIntentCancelParams,
    {"cancellation_reason": forms.one_of("duplicate", "fraudulent", "requested_by_customer", "abandoned")},
)
LIST = forms.Params(
    known.PaymentIntentListParams, {**cards.PAGE, "customer": forms.text, "created": forms.moments}
)


def create(state: State, params: Thing) -> Thing:
    """POST /v1/payment_intents"""
    _check(state, params)
    intent = make(state, params)
    if "payment_method" in params:
        method = cards.use(state, params["payment_method"], params.get("customer"))
        intent["payment_method"], intent["status"] = method["id"], "requires_confirmation"
    state.emit("payment_intent.created", intent)
    if params.get("confirm"):
        away = params.get("off_session", False) or params.get("error_on_requires_action", False)
        confirm(state, intent, owner_is_away=away)
    return intent


def retrieve(state: State, _params: Thing, intent_id: str) -> Thing:
    """GET /v1/payment_intents/{id}"""
    return state.get("pi", intent_id)


def update(state: State, params: Thing, intent_id: str) -> Thing:
    """POST /v1/payment_intents/{id}"""
    intent = state.get("pi", intent_id)
    intent["metadata"] = merged(intent["metadata"], params.get("metadata", {}))
    intent["description"] = params.get("description", intent["description"])
    return intent


def capture(state: State, params: Thing, intent_id: str) -> Thing:
    """POST /v1/payment_intents/{id}/capture"""
    intent = state.get("pi", intent_id)
    if intent["status"] != "requires_capture":
        raise unexpected_state(intent, "captured", ["requires_capture"])
    amount = int(params.get("amount_to_capture") or intent["amount_capturable"])
    if amount > intent["amount_capturable"]:
        raise StripeError(
            400,
            "The amount to capture must be less than or equal to the capturable amount "
            f"({intent['amount_capturable']}).",
            code="amount_too_large",
            param="amount_to_capture",
        )
    intent["metadata"] = merged(intent["metadata"], params.get("metadata", {}))
    charges.capture(state, intent, amount)
    return intent


def cancel(state: State, params: Thing, intent_id: str) -> Thing:
    """POST /v1/payment_intents/{id}/cancel"""
    intent = state.get("pi", intent_id)
    if intent["status"] not in CANCELLABLE:
        raise unexpected_state(intent, "canceled", [*CANCELLABLE, "processing"])
    let_go(state, intent, params.get("cancellation_reason"))
    return intent


def list_all(state: State, params: Thing) -> Thing:
    """GET /v1/payment_intents"""
    customer = params.get("customer")
    return page(
        state,
        "pi",
        "/v1/payment_intents",
        params,
        lambda one: customer is None or one["customer"] == customer,
    )


def make(state: State, params: Thing) -> Thing:
    """A new intent, not confirmed."""
    suffix = secrets.token_hex(8)
    intent = state.add(
        "pi",
        {
            "amount": params["amount"],
            "amount_capturable": 0,
            "amount_received": 0,
            "automatic_payment_methods": params.get("automatic_payment_methods"),
            "canceled_at": None,
            "cancellation_reason": None,
            "capture_method": params.get("capture_method", "automatic_async"),
            "client_secret": None,
            "confirmation_method": "automatic",
            "currency": params["currency"],
            "customer": params.get("customer"),
            "description": params.get("description"),
            "last_payment_error": None,
            "latest_charge": None,
            "metadata": params.get("metadata", {}),
            "next_action": None,
            "payment_method": None,
            "payment_method_options": {},
            "payment_method_types": params.get("allowed_payment_method_types", ["card"]),
            "processing": None,
            "receipt_email": params.get("receipt_email"),
            "setup_future_usage": params.get("setup_future_usage"),
            "shipping": None,
            "statement_descriptor": None,
            "statement_descriptor_suffix": params.get("statement_descriptor_suffix"),
            "status": "requires_payment_method",
            "transfer_data": None,
            "transfer_group": params.get("transfer_group"),
        },
    )
    intent["client_secret"] = f"{intent['id']}_secret_{suffix}"
    return intent


def confirm(state: State, intent: Thing, *, owner_is_away: bool, authenticated: bool = False) -> None:
    """Ask the bank. Raises StripeError (402) when it declines; the intent then waits for another method.

    `authenticated`: the owner has just done what the bank asks for, as on a checkout page.
    """
    method = state.get("pm", intent["payment_method"])
    decline = cards.decline_of(state, method, owner_is_away=owner_is_away)
    if decline is not None:
        _decline(state, intent, method, decline)
    if cards.needs_authentication(state, method) and not authenticated:
        intent["status"] = "requires_action"
        intent["next_action"] = {"type": "use_stripe_sdk", "use_stripe_sdk": {}}
        state.emit("payment_intent.requires_action", intent)
        return
    if intent["customer"] and intent["setup_future_usage"]:
        cards.attach(state, method, intent["customer"])
    elif method["customer"] is None:
        state.behaviours[method["id"]] = f"used:{state.behaviours[method['id']]}"
    charges.authorize(state, intent, method)
    if intent["capture_method"] != "manual":
        charges.capture(state, intent, intent["amount"])


def let_go(state: State, intent: Thing, reason: str | None) -> None:
    """Cancel an intent; a hold goes back to the customer."""
    held = intent["status"] == "requires_capture"
    intent.update(
        status="canceled",
        cancellation_reason=reason,
        canceled_at=int(state.clock.now()),
        amount_capturable=0,
    )
    if held:
        charges.void(state, intent, expired=reason == "automatic")
    state.emit("payment_intent.canceled", intent)


def expire_holds(state: State) -> None:
    """Let go of every hold whose time is over."""
    for intent in state.intents.values():
        if intent["status"] == "requires_capture":
            card = state.charges[intent["latest_charge"]]["payment_method_details"]["card"]
            if card["capture_before"] <= state.clock.now():
                let_go(state, intent, "automatic")
            else:
                state.expect(card["capture_before"])


def merged(old: dict[str, str], new: dict[str, str]) -> dict[str, str]:
    """Metadata after an update: an empty value unsets its key."""
    return {key: value for key, value in {**old, **new}.items() if value != ""}


def _check(state: State, params: Thing) -> None:
    """What Stripe refuses before it makes an intent."""
    if params["amount"] < MIN_CENTS:
        raise bad_param("Amount must be at least $0.50 usd", "amount", "amount_too_small")
    if params["amount"] > forms.MAX_CENTS:
        raise bad_param("Amount must be no more than $999,999.99", "amount", "amount_too_large")
    if params["currency"] not in ("usd", "eur", "gbp"):
        raise bad_param(f"Invalid currency: {params['currency']}", "currency")
    if "customer" in params:
        state.get("cus", params["customer"], "customer")
    if not params.get("confirm"):
        if params.get("off_session"):
            raise bad_param("off_session can only be set when confirm is true.", "off_session")
        return
    if "payment_method" not in params:
        message = "You cannot confirm this PaymentIntent because it's missing a payment method."
        raise StripeError(400, message, code="payment_intent_unexpected_state")
    redirects = params.get("automatic_payment_methods", {}).get("allow_redirects", "always")
    if "allowed_payment_method_types" not in params and redirects != "never" and "return_url" not in params:
        message = (
            "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because "
            "some of these payment methods might redirect your customer off of your page, you must provide a "
            "`return_url`. If you don't want to accept redirect-based payment methods, set "
            "`automatic_payment_methods[enabled]` to `true` and `automatic_payment_methods[allow_redirects]` "
            "to `never` when creating Setup Intents and Payment Intents."
        )
        raise StripeError(400, message)


def _decline(state: State, intent: Thing, method: Thing, decline: cards.Decline) -> None:
    charge = charges.fail(state, intent, method, decline)
    error = {
        "type": "card_error",
        "code": decline.code,
        "decline_code": decline.decline_code,
        "message": decline.message,
        "charge": charge["id"],
        "payment_method": method,
    }
    intent.update(status="requires_payment_method", payment_method=None, last_payment_error=error)
    state.emit("payment_intent.payment_failed", intent)
    raise StripeError(
        402,
        decline.message,
        kind="card_error",
        code=decline.code,
        decline_code=decline.decline_code,
        charge=charge["id"],
        payment_intent=copy.deepcopy(intent),
    )
