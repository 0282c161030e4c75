"""Messages at Twilio: made, sent on, delivered or not. https://www.twilio.com/docs/messaging/api/message-resource"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from tracker.stand_ins.clock import Clock
from tracker.stand_ins.twilio import errors
from tracker.stand_ins.twilio.errors import TwilioError

API_VERSION = "2010-04-01"
PRICE_PER_SEGMENT = 0.0079  # dollars: a text within the United States
MAX_CHARS = 1600
E164 = re.compile(r"\+[1-9]\d{6,14}")
# https://www.twilio.com/docs/iam/test-credentials#test-sms-messages: numbers that always fail
MAGIC = {
    "+15005550001": errors.INVALID_TO,
    "+15005550004": errors.OPTED_OUT,
    "+15005550009": errors.NO_MOBILE,
}
STOP_WORDS = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}
START_WORDS = {"START", "YES", "UNSTOP"}
# 3GPP TS 23.038 §6.2.1: what fits into 7 bits; characters of the second line take two places.
GSM_7 = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_7_EXTENDED = set("^{}\\[~]|€\f")
FINAL = ("delivered", "undelivered", "failed")


@dataclass(slots=True)
class Message:
    """One text. `callback` is where its statuses are told."""

    sid: str
    to: str
    sender: str | None
    service_sid: str | None
    body: str
    callback: str | None
    made_at: float
    status: str = "queued"
    sent_at: float | None = None
    error_code: int | None = None
    direction: str = "outbound-api"
    history: list[str] = field(default_factory=lambda: ["queued"])

    @property
    def segments(self) -> int:
        """How many texts it is billed as."""
        return segments_of(self.body)


class Messages:
    """All messages of the account, in order of their making, and the numbers that are special."""

    def __init__(self, clock: Clock, account_sid: str) -> None:
        self.clock = clock
        self.account_sid = account_sid
        self.by_sid: dict[str, Message] = {}
        self.opted_out: set[str] = set()
        self.landlines: set[str] = set()
        self.service_number = "+15005550006"  # what a messaging service sends from

    def make(self, params: dict[str, str]) -> Message:
        """A new message, queued. Raises TwilioError."""
        to, body = params.get("To", ""), params.get("Body", "")
        sender, service_sid = params.get("From"), params.get("MessagingServiceSid")
        self._check(to, body, sender, service_sid)
        message = Message(
            sid=f"SM{secrets.token_hex(16)}",
            to=to,
            sender=sender,
            service_sid=service_sid,
            body=body,
            callback=params.get("StatusCallback"),
            made_at=self.clock.now(),
        )
        self.by_sid[message.sid] = message
        return message

    def advance(self, message: Message, status: str, error_code: int | None = None) -> None:
        """The carrier has got further with it. Raises ValueError when it had ended."""
        if message.status in FINAL:
            raise ValueError(f"{message.sid} is {message.status}")
        message.status = status
        message.history.append(status)
        message.error_code = error_code
        message.sender = message.sender or self.service_number
        if message.sent_at is None and status != "failed":
            message.sent_at = self.clock.now()

    def hear(self, number: str, body: str) -> None:
        """A number answers: Twilio itself minds STOP and START."""
        word = body.strip().upper()
        if word in STOP_WORDS:
            self.opted_out.add(number)
        elif word in START_WORDS:
            self.opted_out.discard(number)

    def shown(self, message: Message) -> dict[str, Any]:
        """A message as the API shows it: numbers are texts, times are RFC 2822."""
        waits = message.status == "queued"
        billed = message.sent_at is not None
        uri = f"/{API_VERSION}/Accounts/{self.account_sid}/Messages/{message.sid}"
        return {
            "account_sid": self.account_sid,
            "api_version": API_VERSION,
            "body": message.body,
            "date_created": _rfc_2822(message.made_at),
            "date_sent": None if message.sent_at is None else _rfc_2822(message.sent_at),
            "date_updated": _rfc_2822(message.sent_at or message.made_at),
            "direction": message.direction,
            "error_code": message.error_code,
            "error_message": None if message.error_code is None else "the carrier says so",
            "from": message.sender,
            "messaging_service_sid": message.service_sid,
            "num_media": "0",
            "num_segments": "0" if waits and message.service_sid else str(message.segments),
            "price": f"-{message.segments * PRICE_PER_SEGMENT:.5f}" if billed else None,
            "price_unit": "USD",
            "sid": message.sid,
            "status": message.status,
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": message.to,
            "uri": f"{uri}.json",
        }

    def _check(self, to: str, body: str, sender: str | None, service_sid: str | None) -> None:
        if not to:
            raise TwilioError(400, errors.NO_TO, "A 'To' phone number is required.")
        if not sender and not service_sid:
            raise TwilioError(400, errors.NO_FROM, "A 'From' phone number is required.")
        if sender and not E164.fullmatch(sender):
            raise TwilioError(400, errors.INVALID_FROM, f"The 'From' number {sender} is not valid.")
        if not body:
            raise TwilioError(400, errors.NO_BODY, "Message body is required.")
        if len(body) > MAX_CHARS:
            message = f"The concatenated message body exceeds the {MAX_CHARS} character limit."
            raise TwilioError(400, errors.TOO_LONG, message)
        trouble = MAGIC.get(to)
        if not E164.fullmatch(to) or trouble == errors.INVALID_TO:
            raise TwilioError(400, errors.INVALID_TO, f"Invalid 'To' Phone Number: {to[:8]}XXXX")
        if to in self.landlines or trouble == errors.NO_MOBILE:
            raise TwilioError(400, errors.NO_MOBILE, f"To number: {to}, is not a mobile number")
        if to in self.opted_out or trouble == errors.OPTED_OUT:
            raise TwilioError(400, errors.OPTED_OUT, "Attempt to send to unsubscribed recipient")


def segments_of(body: str) -> int:
    """160 characters of the GSM alphabet or 70 others fit in one text; in several, 153 or 67 in each."""
    if set(body) <= GSM_7 | GSM_7_EXTENDED:
        length = len(body) + sum(letter in GSM_7_EXTENDED for letter in body)
        alone, each = 160, 153
    else:
        length = len(body.encode("utf-16-le")) // 2
        alone, each = 70, 67
    return 1 if length <= alone else -(-length // each)


def _rfc_2822(moment: float) -> str:
    return format_datetime(datetime.fromtimestamp(moment, UTC)).replace("UTC", "+0000")
