"""The stand-in for Twilio's API: messages are made, fetched and listed."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from tracker.stand_ins.clock import Clock
from tracker.stand_ins.faults import Faults
from tracker.stand_ins.twilio import errors
from tracker.stand_ins.twilio.errors import TwilioError, injected
from tracker.stand_ins.twilio.messages import API_VERSION, Message, Messages
from tracker.stand_ins.wire import Answer, Request, json_answer

ACCOUNT_SID = "AC" + "57a4d1" * 5 + "aa"  # 32 hex digits, as Twilio's have
AUTH_TOKEN = "stand-in-for-twilios-auth-token"  # noqa: S105 - it opens this stand-in only
PATH = re.compile(rf"/{API_VERSION}/Accounts/(?P<account>\w+)/Messages(?:/(?P<sid>\w+))?\.json")
MODELLED = {"To", "From", "MessagingServiceSid", "Body", "StatusCallback", "ValidityPeriod"}
MAX_PAGE = 1000


class TwilioService:
    """Answers Twilio's requests. `made` hears each new message; callbacks may overtake the answer."""

    def __init__(self, clock: Clock) -> None:
        self.faults = Faults()
        self.account_sid = ACCOUNT_SID
        self.auth_token = AUTH_TOKEN
        self.messages = Messages(clock, ACCOUNT_SID)
        self.lock = threading.RLock()
        self.requests: list[str] = []
        self.made: Callable[[Message], None] = lambda _message: None

    def begin(self, request: Request) -> Answer | None:
        """Refuse who is not the account."""
        with self.lock:
            self.requests.append(request.line)
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        wanted = base64.b64encode(f"{self.account_sid}:{self.auth_token}".encode()).decode()
        if kind == "Basic" and given == wanted:
            return None
        return TwilioError(401, errors.NOT_AUTHENTICATED, "Authenticate").answer()

    def answer(self, request: Request) -> Answer:
        """Carry out one operation."""
        with self.lock:
            try:
                return self._carry_out(request)
            except TwilioError as error:
                return error.answer()

    def fail(self, _request: Request, status: int, *, done: bool) -> Answer:  # noqa: ARG002
        """An injected error; Twilio has no keys, so nothing is remembered."""
        return injected(status).answer()

    def end(self, _request: Request) -> None:
        """Nothing to tidy up."""

    def _carry_out(self, request: Request) -> Answer:
        found = PATH.fullmatch(request.path)
        if found is None or found["account"] != self.account_sid:
            raise _not_found(request)
        if found["sid"] is not None:
            message = self.messages.by_sid.get(found["sid"])
            if message is None or request.method != "GET":
                raise _not_found(request)
            return json_answer(200, self.messages.shown(message))
        if request.method == "GET":
            return json_answer(200, self._page(request))
        params = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        if strange := params.keys() - MODELLED:
            problem = f"The stand-in does not model Twilio's parameter {sorted(strange)[0]}"
            return json_answer(501, {"code": errors.INTERNAL, "message": problem, "status": 501})
        message = self.messages.make(params)
        shown = self.messages.shown(message)
        self.made(message)
        return json_answer(201, shown)

    def _page(self, request: Request) -> dict[str, Any]:
        query = dict(parse_qsl(request.query))
        number, size = int(query.get("Page", "0")), min(int(query.get("PageSize", "50")), MAX_PAGE)
        newest = [one for one in reversed(self.messages.by_sid.values()) if _matches(one, query)]
        shown = newest[number * size : (number + 1) * size]

        def uri(page: int) -> str:
            return f"{request.path}?{urlencode({**query, 'PageSize': size, 'Page': page})}"

        return {
            "messages": [self.messages.shown(one) for one in shown],
            "start": number * size,
            "end": number * size + max(len(shown) - 1, 0),
            "page": number,
            "page_size": size,
            "uri": uri(number),
            "first_page_uri": uri(0),
            "next_page_uri": uri(number + 1) if len(newest) > (number + 1) * size else None,
            "previous_page_uri": uri(number - 1) if number else None,
        }


def _matches(message: Message, query: dict[str, str]) -> bool:
    """Twilio's filters. What has not been sent has no date of sending: no filter on it lets it through."""
    if query.get("To", message.to) != message.to or query.get("From", message.sender) != message.sender:
        return False
    limits = {name[8:]: value for name, value in query.items() if name.startswith("DateSent")}
    if not limits:
        return True
    if message.sent_at is None:
        return False
    sent = datetime.fromtimestamp(message.sent_at, UTC)
    for side, value in limits.items():
        whole_day = len(value) == len("2026-11-21")
        start = datetime.fromisoformat(value.replace("Z", "+00:00")).replace(tzinfo=UTC)
        end = start + timedelta(days=1) if whole_day else start + timedelta(seconds=1)
        if (side != "<" and sent < start) or (side != ">" and sent >= end):
            return False
    return True


def _not_found(request: Request) -> TwilioError:
    return TwilioError(404, errors.NOT_FOUND, f"The requested resource {request.path} was not found")
