"""Every refusal and failure over HTTP, as an RFC 9457 problem.

`Problem` itself lives in `db/errors.py`, because every room raises it. Here are the kinds that only HTTP
knows, and the one function that turns any of them into `application/problem+json`.
"""

from __future__ import annotations

import math
from http import HTTPStatus

import msgspec
from starlette.responses import Response

from api.shapes import encode_custom
from db.errors import Problem

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 2  # when the problem itself does not know better: a restarted database is back by then


class TooLarge(Problem):
    """The body is larger than this server reads."""

    code = "too_large"
    status = 413


class SlowBody(Problem):
    """The body did not arrive in time."""

    code = "slow_body"
    status = 408
    retry = True


class UnsupportedMediaType(Problem):
    """Send JSON, as `Content-Type: application/json`."""

    code = "unsupported_media_type"
    status = 415


class MethodNotAllowed(Problem):
    """This address does not know that method."""

    code = "method_not_allowed"
    status = 405

    def __init__(self, allowed: list[str]) -> None:
        super().__init__(allowed=allowed)
        self.allowed = allowed


class Internal(Problem):
    """Something went wrong on our side; it was recorded under this request's number."""

    code = "internal"
    status = 500


class NotReady(Problem):
    """This process should get no traffic just now."""

    code = "not_ready"
    status = 503
    retry = True


def problem_body(problem: Problem, request_id: str) -> dict[str, object]:
    """The members of the answer. `code` is the stable name a client may switch on."""
    return {
        **problem.facts,
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
        "retry": problem.retry,
        "instance": f"urn:uuid:{request_id}",
    }


def problem_response(problem: Problem, request_id: str) -> Response:
    """The answer itself, with the headers that its status calls for.

    `Retry-After` (whole seconds) goes with 429 and 503; a problem that knows how long says so in its
    fact `retry_after_s`. An unread body ends the connection, else its rest would be taken for a request.
    """
    headers = {"Cache-Control": "no-store"}
    if problem.status in (429, 503):
        headers["Retry-After"] = str(math.ceil(problem.facts.get("retry_after_s", RETRY_AFTER_S)))
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if problem.status in (408, 413):
        headers["Connection"] = "close"
    if isinstance(problem, MethodNotAllowed):
        headers["Allow"] = ", ".join(problem.allowed)
    return Response(
        msgspec.json.encode(problem_body(problem, request_id), enc_hook=encode_custom),
        status_code=problem.status,
        headers=headers,
        media_type=MEDIA_TYPE,
    )
