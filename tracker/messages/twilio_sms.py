"""Texts by Twilio.

Twilio's Messages resource takes no idempotency key: whether a try whose answer never came was a success is
found out by looking for the same text to the same number (`find`), or told by the status callback, whose
address carries the delivery's number (`twilio_events.py`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import httpx
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client

from tracker.messages.callback_url import callback_url
from tracker.messages.channels import NotNow, ProviderName, Refused, Sent, Sms, Unsure
from tracker.messages.http_errors import certainly_not_sent
from tracker.messages.twilio_http import HttpxTwilioClient
from tracker.settings import Settings

OPTED_OUT = 21610  # twilio.com/docs/api/errors/21610: the recipient replied STOP
LOOKED_AT = 50  # newest messages to one number; more within an hour would be another problem
_SHORTEST_VALIDITY_S, _LONGEST_VALIDITY_S = (
    10,
    36_000,
)  # Twilio's own limits of ValidityPeriod, the lower rounded up


class TwilioSms:
    """Sends by one account, from one number or one messaging service."""

    name: ProviderName = "twilio"

    def __init__(self, client: Client, http: HttpxTwilioClient, settings: Settings) -> None:
        self._client = client
        self._http = http
        self._settings = settings
        self._sender = settings.twilio_from or ""

    @classmethod
    def open(cls, settings: Settings) -> TwilioSms:
        """By the settings; nothing is called yet."""
        http = HttpxTwilioClient(settings.twilio_api_url)
        client = Client(settings.twilio_account_sid, settings.twilio_auth_token, http_client=http)
        return cls(client, http, settings)

    async def send(self, sms: Sms) -> Sent:
        """Send one. Raises Refused, NotNow, Unsure."""
        sender = "messaging_service_sid" if self._sender.startswith("MG") else "from_"
        wanted: dict[str, Any] = {
            "to": sms.to,
            "body": sms.body,
            "status_callback": callback_url(self._settings, sms.delivery_id),
            sender: self._sender,
        }
        if sms.expires_at is not None:
            left_s = (sms.expires_at - datetime.now(UTC)).total_seconds()
            wanted["validity_period"] = max(_SHORTEST_VALIDITY_S, min(_LONGEST_VALIDITY_S, round(left_s)))
        try:
            return _sent(await self._client.messages.create_async(**wanted))
        except (httpx.HTTPError, TwilioException, ValueError) as error:
            raise _meaning(error) from error

    async def find(self, sms: Sms, *, since: datetime, not_these: frozenset[str]) -> Sent | None:
        """The same text to the same number, made since a moment. Raises NotNow."""
        try:
            newest = await self._client.messages.list_async(to=sms.to, limit=LOOKED_AT)
        except (httpx.HTTPError, TwilioException, ValueError) as error:
            raise NotNow(f"Twilio cannot be asked: {_reason(error)}") from error
        for one in newest:
            made_at = one.date_created or datetime.now(UTC)
            # A trial account puts words of Twilio's before ours.
            if (one.body or "").endswith(sms.body) and one.sid not in not_these and made_at >= since:
                return _sent(one)
        return None

    async def fetch(self, sid: str) -> Sent:
        """What Twilio knows of a message now: its price comes late. Raises NotNow."""
        try:
            return _sent(await self._client.messages(sid).fetch_async())
        except (httpx.HTTPError, TwilioException, ValueError) as error:
            raise NotNow(f"Twilio cannot be asked: {_reason(error)}") from error

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()


def micros(price: str | None) -> int | None:
    """Twilio's price (`-0.00750` dollars: negative because it is taken) in millionths; None: not known."""
    try:
        return None if price is None else abs(int(Decimal(price) * 1_000_000))
    except (InvalidOperation, ValueError, OverflowError):
        return None


def _sent(message: Any) -> Sent:
    segments = str(message.num_segments or "")
    return Sent(
        message.sid,
        delivered=message.status == "delivered",
        segments=int(segments) if segments.isdecimal() and int(segments) else None,
        cost_micros=micros(message.price),
    )


def _meaning(error: Exception) -> Exception:
    """What a failed call means for the message."""
    if isinstance(error, TwilioRestException):
        if error.code == OPTED_OUT:
            return Refused("the number said STOP (Twilio 21610)", opted_out=True)
        if error.status in (401, 403):
            return NotNow("Twilio refuses our credentials")
        if error.status == 429:
            return NotNow("Twilio takes no more just now (429)")
        if 400 <= error.status < 500 and error.status != 408:
            return Refused(f"Twilio {error.code}: {error.msg}")
    if certainly_not_sent(error):
        return NotNow(f"Twilio cannot be reached ({type(error).__name__})")
    return Unsure(f"Twilio did not say whether it was sent: {_reason(error)}")


def _reason(error: Exception) -> str:
    if isinstance(error, TwilioRestException):
        return f"status {error.status}"
    return type(error).__name__
