"""The stand-in for Stripe's API: authentication, idempotency keys, one operation, its answer."""

from __future__ import annotations

import base64
import math
import threading
from typing import Any

from tracker.stand_ins.clock import Clock
from tracker.stand_ins.faults import Faults
from tracker.stand_ins.stripe import checkout, forms, intents, pay_page, routes
from tracker.stand_ins.stripe.errors import StripeError, injected
from tracker.stand_ins.stripe.keys import Keys
from tracker.stand_ins.stripe.state import State, expand
from tracker.stand_ins.wire import Answer, Request, json_answer

SECRET_KEY = "sk_test_stand_in_for_stripe"  # noqa: S105 - it opens this stand-in only


class StripeService:
    """Answers Stripe's requests. `lock` guards the state: handlers run in one thread, tests in another."""

    def __init__(self, clock: Clock, secret_key: str = SECRET_KEY) -> None:
        self.clock = clock
        self.faults = Faults()
        self.state = State(clock)
        self.keys = Keys(clock)
        self.secret_key = secret_key
        self.lock = threading.RLock()
        self.requests: list[str] = []  # every request's line, in order

    def begin(self, request: Request) -> Answer | None:
        """Refuse who has no key or uses an idempotency key that is in use; replay a kept answer."""
        with self.lock:
            self.requests.append(request.line)
            if request.path.startswith(pay_page.PATH):
                return None
            try:
                self._authenticate(request)
                key = _key(request)
                return self.keys.enter(key, request.path, _form(request)) if key else None
            except StripeError as error:
                return error.answer()

    def answer(self, request: Request) -> Answer:
        """Carry out one operation."""
        with self.lock:
            self.let_time_pass()
            if request.path.startswith(pay_page.PATH):
                return pay_page.answer(self.state, request)
            answer, executed = self._carry_out(request)
            key = _key(request)
            if key and executed:
                self.keys.remember(key, answer)
            return answer

    def fail(self, request: Request, status: int, *, done: bool) -> Answer:
        """An injected error. A 500 after the work is what the key remembers, as at Stripe."""
        answer = injected(status).answer()
        key = _key(request)
        if done and key and status >= 500:
            with self.lock:
                self.keys.remember(key, answer)
        return answer

    def end(self, request: Request) -> None:
        """The key is free again."""
        if key := _key(request):
            with self.lock:
                self.keys.leave(key)

    def let_time_pass(self) -> None:
        """Let go of what has become too old."""
        with self.lock:
            if self.clock.now() >= self.state.next_end:
                self.state.next_end = math.inf
                intents.expire_holds(self.state)
                checkout.expire_old(self.state)

    def _carry_out(self, request: Request) -> tuple[Answer, bool]:
        """The answer, and whether an operation was executed at all."""
        try:
            found = routes.find(request.method, request.path)
            if found is None:
                message = f"Unrecognized request URL ({request.method}: {request.path})."
                raise StripeError(404, message, executed=False)
            operation, ids = found
            params = operation.params.read(_form(request))
            result = operation.run(self.state, params, *ids)
            return json_answer(200, expand(self.state, result, params["expand"])), True
        except StripeError as error:
            return error.answer(), error.executed

    def _authenticate(self, request: Request) -> None:
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        if kind == "Basic":
            given = base64.b64decode(given, validate=False).decode("latin-1").partition(":")[0]
        if not given:
            message = "You did not provide an API key."
            raise StripeError(401, message, executed=False)
        if given != self.secret_key:
            message = f"Invalid API Key provided: {given[:8]}****"
            raise StripeError(401, message, executed=False)


def _key(request: Request) -> str | None:
    """Keys mean something on POST only."""
    return request.headers.get("idempotency-key") if request.method == "POST" else None


def _form(request: Request) -> dict[str, Any]:
    return forms.parse(request.query if request.method == "GET" else request.body.decode(errors="replace"))
