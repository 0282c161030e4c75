"""Stripe's refusals, in its words. https://docs.stripe.com/error-codes"""

from __future__ import annotations

from typing import Any

from tracker.stand_ins.wire import Answer, json_answer


class StripeError(Exception):
    """A request that Stripe refuses. `executed`: it came past validation, so its key keeps the refusal."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        executed: bool = True,
        **facts: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.executed = executed
        told = {"type": kind, "message": message, "code": code, "param": param, **facts}
        self.error = {name: value for name, value in told.items() if value is not None}

    def answer(self) -> Answer:
        """As it goes over the wire."""
        return json_answer(self.status, {"error": self.error})


def bad_param(message: str, param: str, code: str | None = None) -> StripeError:
    """A parameter that validation refuses; keys do not remember it."""
    return StripeError(400, message, code=code, param=param, executed=False)


def missing(noun: str, object_id: str, param: str = "id", status: int = 404) -> StripeError:
    """An object that is not there: 404 in the path, 400 in a parameter."""
    return StripeError(status, f"No such {noun}: '{object_id}'", code="resource_missing", param=param)


def unexpected_state(intent: dict[str, Any], done: str, allowed: list[str]) -> StripeError:
    """A payment intent that cannot do this where it is now."""
    return StripeError(
        400,
        f"This PaymentIntent could not be {done} because it has a status of {intent['status']}. "
        f"Only a PaymentIntent with one of the following statuses may be {done}: {', '.join(allowed)}.",
        code="payment_intent_unexpected_state",
        payment_intent=intent,
    )


def injected(status: int) -> StripeError:
    """An error of Stripe's own making, told to happen by a test."""
    if status == 429:
        return StripeError(429, "Request rate limit exceeded.", code="rate_limit", executed=False)
    if status == 409:
        message = "This object cannot be accessed right now because another API request is accessing it."
        return StripeError(409, message, code="lock_timeout", executed=False)
    return StripeError(status, "An unknown error occurred", kind="api_error")
