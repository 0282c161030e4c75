"""Idempotency keys. https://docs.stripe.com/api/idempotent_requests

The answer to the first request with a key is kept for 24 hours, refusals and 500s included; the same request
again gets it again. What validation refused, and what came while the key was in use, is not kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tracker.stand_ins.clock import Clock
from tracker.stand_ins.stripe.errors import StripeError
from tracker.stand_ins.wire import Answer

KEPT_S = 24 * 3600


@dataclass(slots=True)
class Kept:
    """What a key stands for. `answer` is None while its first request is under way."""

    path: str
    form: dict[str, Any]
    since: float
    answer: Answer | None = None


class Keys:
    """All keys of the account."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[str, Kept] = {}
        self._in_use: set[str] = set()

    def enter(self, key: str, path: str, form: dict[str, Any]) -> Answer | None:
        """The answer kept for this very request, if any; otherwise the key is in use until `leave`.

        Raises StripeError: 409 while in use, 400 when the key belongs to another request.
        """
        if len(key) > 255:
            raise StripeError(400, "Idempotency keys must be at most 255 characters long.", executed=False)
        if key in self._in_use:
            message = f"There is currently another in-progress request using this Idempotent Key ({key})."
            raise StripeError(
                409, message, kind="idempotency_error", code="idempotency_key_in_use", executed=False
            )
        kept = self._kept.get(key)
        if kept is None or self._clock.now() - kept.since > KEPT_S:
            self._kept[key] = Kept(path, form, self._clock.now())
            self._in_use.add(key)
            return None
        _refuse_another_request(key, kept, path, form)
        assert kept.answer is not None, "`leave` forgets keys without an answer"
        replayed = {**kept.answer.headers, "Idempotent-Replayed": "true"}
        return Answer(kept.answer.status, kept.answer.body, replayed)

    def remember(self, key: str, answer: Answer) -> None:
        """Keep the answer of the request in progress; a 500 that came instead of it replaces it."""
        if key in self._kept:
            self._kept[key].answer = answer

    def leave(self, key: str) -> None:
        """The request is over; a key without an answer is forgotten."""
        self._in_use.discard(key)
        if key in self._kept and self._kept[key].answer is None:
            del self._kept[key]

    def expire(self, key: str | None = None) -> None:
        """Forget one key, or all: what 24 hours would do."""
        for one in [key] if key is not None else list(self._kept):
            self._kept.pop(one, None)

    def known(self) -> list[str]:
        """The keys that have an answer, oldest first."""
        return [key for key, kept in self._kept.items() if kept.answer is not None]


def _refuse_another_request(key: str, kept: Kept, path: str, form: dict[str, Any]) -> None:
    what = None
    if kept.path != path:
        what = f"for the same endpoint they were first used for ('{kept.path}' vs '{path}')"
    elif kept.form != form:
        what = "with the same parameters they were first used with"
    if what is not None:
        raise StripeError(
            400,
            f"Keys for idempotent requests can only be used {what}. Try using a key other than '{key}' "
            "if you meant to execute a different request.",
            kind="idempotency_error",
            executed=False,
        )
