"""The stand-in for SendGrid: `POST /v3/mail/send`, checked as SendGrid checks it, and kept.

https://docs.sendgrid.com/api-reference/mail-send/mail-send
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import secrets
import threading
from dataclasses import dataclass
from typing import Any

from tracker.stand_ins.faults import Faults
from tracker.stand_ins.wire import Answer, Request, json_answer

API_KEY = "SG.stand-in-for-sendgrid"
MAX_BYTES = 30 * 1024 * 1024
ADDRESS = re.compile(r"[^@\s<>,]+@[^@\s<>,]+\.[^@\s<>,]+")
MODELLED = {
    "personalizations",
    "from",
    "reply_to",
    "subject",
    "content",
    "attachments",
    "headers",
    "custom_args",
    "categories",
    "tracking_settings",
}
OF_A_PERSONALIZATION = {"to", "cc", "bcc", "subject", "headers", "custom_args"}
BY_HTTP = ("sent",)


class SendGridError(Exception):
    """A request that SendGrid refuses; `field` names what is wrong."""

    def __init__(self, status: int, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.field = field

    def answer(self) -> Answer:
        """As it goes over the wire."""
        return json_answer(
            self.status, {"errors": [{"message": str(self), "field": self.field, "help": None}]}
        )


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in a mail; an inline one is named by its `content_id`."""

    name: str
    media_type: str
    data: bytes
    disposition: str
    content_id: str | None


@dataclass(frozen=True, slots=True)
class Mail:
    """One accepted mail to one personalization."""

    id: str
    to: tuple[str, ...]
    sender: str
    sender_name: str | None
    subject: str
    text: str
    html: str
    attachments: tuple[Attachment, ...]
    headers: dict[str, str]
    custom_args: dict[str, str]


class SendGrid:
    """The service and its controls. `url` is where the API is; `mails` is what was accepted, in order."""

    def __init__(self) -> None:
        self.url = ""
        self.api_key = API_KEY
        self.faults = Faults()
        self.mails: list[Mail] = []
        self.requests: list[str] = []
        self._lock = threading.Lock()

    def sent(self) -> list[dict[str, Any]]:
        """Whom was written what, as JSON can say it."""
        return [
            {"id": one.id, "to": list(one.to), "subject": one.subject, "text": one.text, "html": one.html}
            for one in list(self.mails)
        ]

    def begin(self, request: Request) -> Answer | None:
        """Refuse who has no key."""
        self.requests.append(request.line)
        if request.headers.get("authorization") == f"Bearer {self.api_key}":
            return None
        message = "The provided authorization grant is invalid, expired, or revoked"
        return SendGridError(401, message).answer()

    def answer(self, request: Request) -> Answer:
        """Accept a mail."""
        try:
            if request.path != "/v3/mail/send":
                raise SendGridError(404, "not found")
            if request.method != "POST":
                raise SendGridError(405, "method not allowed")
            mails = _read(request)
        except SendGridError as error:
            return error.answer()
        with self._lock:
            self.mails += mails
        return Answer(202, b"", {"X-Message-Id": mails[0].id})

    def fail(self, _request: Request, status: int, *, done: bool) -> Answer:  # noqa: ARG002
        """An injected error; SendGrid has no keys, so nothing is remembered."""
        message = "too many requests" if status == 429 else "internal error"
        answer = SendGridError(status, message).answer()
        return Answer(answer.status, answer.body, {**answer.headers, "Retry-After": "1"})

    def end(self, _request: Request) -> None:
        """Nothing to tidy up."""


def _read(request: Request) -> list[Mail]:
    """The mails that a request asks for. Raises SendGridError."""
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise SendGridError(415, "Content-Type should be application/json.")
    if len(request.body) > MAX_BYTES:
        raise SendGridError(413, "The JSON payload you have included in your request is too large.")
    try:
        told = json.loads(request.body)
    except ValueError:
        raise SendGridError(400, "Bad Request") from None
    if not isinstance(told, dict):
        raise SendGridError(400, "Bad Request")
    if strange := told.keys() - MODELLED:
        raise SendGridError(501, f"The stand-in does not model SendGrid's {sorted(strange)[0]}")
    sender = _address(told.get("from"), "from")
    text, html = _content(told.get("content"))
    attachments = tuple(
        _attachment(one, f"attachments.{index}") for index, one in enumerate(told.get("attachments", []))
    )
    mails = []
    for index, one in enumerate(_list(told.get("personalizations"), "personalizations")):
        field = f"personalizations.{index}"
        if strange := one.keys() - OF_A_PERSONALIZATION:
            raise SendGridError(501, f"The stand-in does not model SendGrid's {field}.{sorted(strange)[0]}")
        subject = one.get("subject", told.get("subject"))
        if not isinstance(subject, str) or not subject:
            raise SendGridError(400, "The subject is required.", "subject")
        mails.append(
            Mail(
                id=secrets.token_urlsafe(16),
                to=_recipients(one, field),
                sender=sender,
                sender_name=told["from"].get("name"),
                subject=subject,
                text=text,
                html=html,
                attachments=attachments,
                headers=_texts({**told.get("headers", {}), **one.get("headers", {})}, "headers"),
                custom_args=_texts(
                    {**told.get("custom_args", {}), **one.get("custom_args", {})}, "custom_args"
                ),
            )
        )
    return mails


def _list(told: Any, field: str) -> list[dict[str, Any]]:
    if not isinstance(told, list) or not told or not all(isinstance(one, dict) for one in told):
        message = f"The {field} field is required and must have at least one {field.rstrip('s')}."
        raise SendGridError(400, message, field)
    return told


def _address(told: Any, field: str) -> str:
    email = told.get("email") if isinstance(told, dict) else None
    if not isinstance(email, str) or not ADDRESS.fullmatch(email):
        raise SendGridError(400, f"The {field} address is not a valid email address.", f"{field}.email")
    return email


def _recipients(one: dict[str, Any], field: str) -> tuple[str, ...]:
    kinds = [kind for kind in ("to", "cc", "bcc") if kind == "to" or kind in one]
    found = [
        _address(person, f"{field}.{kind}")
        for kind in kinds
        for person in _list(one.get(kind), f"{field}.{kind}")
    ]
    if len({email.lower() for email in found}) != len(found):
        message = (
            "Each email address in the personalization block should be unique between to, cc, and bcc. We "
            "found the first duplicate instance in the personalizations field."
        )
        raise SendGridError(400, message, field)
    return tuple(found)


def _content(told: Any) -> tuple[str, str]:
    """Text and HTML; the text must come first."""
    parts: dict[str, str] = {}
    for index, one in enumerate(_list(told, "content")):
        kind, value = one.get("type"), one.get("value")
        if not isinstance(kind, str) or not isinstance(value, str) or not kind or not value:
            message = "The content value must be a string at least one character in length."
            raise SendGridError(400, message, f"content.{index}.value")
        if kind == "text/plain" and "text/html" in parts:
            message = (
                "If present, text/plain and text/html may only be provided once, and text/plain must be first"
            )
            raise SendGridError(400, message, "content")
        parts[kind] = value
    return parts.get("text/plain", ""), parts.get("text/html", "")


def _attachment(told: Any, field: str) -> Attachment:
    try:
        return Attachment(
            name=str(told["filename"]),
            media_type=str(told.get("type", "application/octet-stream")),
            data=base64.b64decode(told["content"], validate=True),
            disposition=str(told.get("disposition", "attachment")),
            content_id=told.get("content_id"),
        )
    except (KeyError, TypeError, AttributeError, binascii.Error):
        message = "The attachment content must be base64 encoded, and its filename must be given."
        raise SendGridError(400, message, field) from None


def _texts(told: dict[str, Any], field: str) -> dict[str, str]:
    if not all(isinstance(value, str) and "\n" not in value and "\r" not in value for value in told.values()):
        raise SendGridError(400, f"The {field} values must be strings of one line.", field)
    return dict(told)
