"""What a test may see and do at the stand-in's Twilio: carriers, recipients, callbacks.

By default each message is sent and delivered at once, and every step is told to its status callback.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Any
from urllib.parse import urlencode

import httpx

from tracker.stand_ins.clock import Clock
from tracker.stand_ins.courier import TIMEOUT_S, Courier, Delivery, Parcel, deliver
from tracker.stand_ins.faults import Faults
from tracker.stand_ins.twilio.messages import API_VERSION, START_WORDS, STOP_WORDS, Message, Messages
from tracker.stand_ins.twilio.service import TwilioService

BY_HTTP = (
    "fails",
    "opt_out",
    "is_landline",
    "advance",
    "receive",
    "hold_callbacks",
    "release_callbacks",
    "sent",
)


def sign(url: str, params: dict[str, str], token: str) -> str:
    """The `X-Twilio-Signature` of a form. https://www.twilio.com/docs/usage/security#validating-requests"""
    signed = url + "".join(name + params[name] for name in sorted(params))
    mac = hmac.new(token.encode(), signed.encode(), hashlib.sha1)
    return base64.b64encode(mac.digest()).decode()


class Twilio:
    """The controls. May be used from any thread.

    `url` is where the API is. `incoming_url` is told of texts that come in. `automatic`: carriers deliver by
    themselves. `false_token`, when set, signs the callbacks instead of the account's.
    """

    def __init__(self, clock: Clock) -> None:
        self.url = ""
        self.incoming_url: str | None = None
        self.automatic = True
        self.false_token: str | None = None
        self.callbacks = Courier()
        self.service = TwilioService(clock)
        self.service.made = self._carry
        self._endings: dict[str, tuple[str, int | None]] = {}

    @property
    def faults(self) -> Faults:
        """What shall go wrong."""
        return self.service.faults

    @property
    def messages(self) -> Messages:
        """All messages and special numbers."""
        return self.service.messages

    @property
    def account_sid(self) -> str:
        """Who clients sign in as."""
        return self.service.account_sid

    @property
    def auth_token(self) -> str:
        """What clients sign in with, and what callbacks are signed with."""
        return self.service.auth_token

    def sent(self) -> list[dict[str, Any]]:
        """All messages as the API shows them, oldest first."""
        with self.service.lock:
            return [self.messages.shown(one) for one in self.messages.by_sid.values()]

    def fails(self, number: str, status: str = "undelivered", error_code: int = 30003) -> None:
        """Texts to this number end as `undelivered` or `failed`, for this reason (30003: handset away)."""
        self._endings[number] = (status, error_code)

    def opt_out(self, number: str) -> None:
        """This number has said STOP before."""
        with self.service.lock:
            self.messages.opted_out.add(number)

    def is_landline(self, number: str) -> None:
        """This number can take no texts."""
        with self.service.lock:
            self.messages.landlines.add(number)

    def advance(self, sid: str, status: str, error_code: int | None = None) -> None:
        """The carrier gets further with a message, and its callback is told. Raises KeyError, ValueError."""
        with self.service.lock:
            message = self.messages.by_sid[sid]
            self.messages.advance(message, status, error_code)
            self._tell(message)

    def receive(self, number: str, body: str, sid: str | None = None) -> Delivery | None:
        """Somebody texts us; returns what `incoming_url` answered, if there is one. The same `sid`: again."""
        word = body.strip().upper()
        with self.service.lock:
            self.messages.hear(number, body)
        if self.incoming_url is None:
            return None
        ours = self.messages.service_number
        params = {"From": number, "To": ours, "Body": body, "NumMedia": "0", "NumSegments": "1"}
        params |= {"SmsStatus": "received", "ApiVersion": API_VERSION, "AccountSid": self.account_sid}
        params["MessageSid"] = sid or f"SM{secrets.token_hex(16)}"
        if word in STOP_WORDS | START_WORDS:
            params["OptOutType"] = "STOP" if word in STOP_WORDS else "START"
        return self.deliver(self.incoming_url, params)

    def signed(
        self, url: str, params: dict[str, str], token: str | None = None
    ) -> tuple[bytes, dict[str, str]]:
        """Body and headers of a callback."""
        signature = sign(url, params, token or self.false_token or self.auth_token)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}
        return urlencode(params).encode(), headers

    def deliver(self, url: str, params: dict[str, str], token: str | None = None) -> Delivery:
        """Post a signed form now, from the caller's thread."""
        body, headers = self.signed(url, params, token)
        with httpx.Client(timeout=TIMEOUT_S, trust_env=False) as client:
            return deliver(client, Parcel(url, body, lambda: headers, "by hand"))

    def hold_callbacks(self) -> None:
        """Keep callbacks back."""
        self.callbacks.hold()

    def release_callbacks(self, order: str | list[int] = "as_made", times: int = 1, seed: int = 0) -> None:
        """Deliver what was kept back: `as_made`, `reversed`, `shuffled`, or by position."""
        self.callbacks.release(order, times=times, seed=seed)

    def status_params(self, message: Message) -> dict[str, str]:
        """What a status callback says."""
        params = {
            "AccountSid": self.account_sid,
            "ApiVersion": API_VERSION,
            "From": message.sender or self.messages.service_number,
            "MessageSid": message.sid,
            "MessageStatus": message.status,
            "SmsSid": message.sid,
            "SmsStatus": message.status,
            "To": message.to,
        }
        if message.service_sid:
            params["MessagingServiceSid"] = message.service_sid
        if message.error_code is not None:
            params["ErrorCode"] = str(message.error_code)
        return params

    def _carry(self, message: Message) -> None:
        """A message was made: the carriers take it on."""
        self._tell(message)
        if not self.automatic:
            return
        status, error_code = self._endings.get(message.to, ("delivered", None))
        for step in ("sent", status) if status != "failed" else (status,):
            self.messages.advance(message, step, error_code if step == status else None)
            self._tell(message)

    def _tell(self, message: Message) -> None:
        if message.callback is None:
            return
        url, params = message.callback, self.status_params(message)
        body, headers = self.signed(url, params)
        self.callbacks.send(Parcel(url, body, lambda: headers, f"{message.sid} {message.status}"))
