"""The one base class of everything this project refuses or fails with on purpose.

It stands on the lowest stair so that every room can raise it. `api/problems.py` turns a `Problem`
into an RFC 9457 answer; `rooms/hub.py` turns the same `Problem` into an ack's `error`.
"""

from __future__ import annotations

from typing import Any, ClassVar


class Problem(Exception):
    """Something was refused or failed in a way the caller can act on.

    `code` is stable and part of the wire contract; `status` is its HTTP status; `retry` says
    whether the same request can succeed later without a change. `facts` are extra JSON members.
    The class docstring of each subclass is its default sentence.
    """

    code: ClassVar[str] = "problem"
    status: ClassVar[int] = 400
    retry: ClassVar[bool] = False

    def __init__(self, detail: str | None = None, **facts: Any) -> None:
        self.detail = detail or (type(self).__doc__ or "").strip().splitlines()[0]
        self.facts = facts
        super().__init__(self.detail)

    def as_ack(self) -> dict[str, Any]:
        """The same refusal as a Socket.IO ack: `{ok: false, error: {code, message, retry, …}}`."""
        return {
            "ok": False,
            "error": {"code": self.code, "message": self.detail, "retry": self.retry, **self.facts},
        }


class OperatorError(Exception):
    """Something is wrong that whoever started the command can mend; the message says what to do."""


class Unavailable(Problem):
    """The database does not answer just now; nothing was written. Please retry."""

    code = "unavailable"
    status = 503
    retry = True


class NotFound(Problem):
    """There is nothing here for you."""

    code = "not_found"
    status = 404


class Invalid(Problem):
    """The request does not have the right shape."""

    code = "invalid"
    status = 422


class Unauthorized(Problem):
    """The credentials are missing, wrong or expired."""

    code = "unauthorized"
    status = 401


class Forbidden(Problem):
    """You may not do this."""

    code = "forbidden"
    status = 403


class Conflict(Problem):
    """The state changed, or does not allow this."""

    code = "conflict"
    status = 409


class Busy(Problem):
    """Too many requests; slow down and retry."""

    code = "busy"
    status = 429
    retry = True
