"""Mail by SendGrid's HTTP API, version 3.

SendGrid takes no idempotency key and cannot be asked what it sent: a try without an answer is followed by
one more at most. Both carry the same Message-ID, so that a mailbox can tell them for one.
"""

from __future__ import annotations

import base64
from typing import Any

import httpx

from tracker.messages.channels import Mail, NotNow, ProviderName, Refused, Sent, Unsure
from tracker.messages.http_errors import certainly_not_sent, retry_after_s
from tracker.messages.mail_parts import message_id
from tracker.settings import Settings

SENDGRID = "https://api.sendgrid.com"
TIMEOUT_S = 8.0  # shorter than the worker's for an effect
_SHOWN_CHARS = 200  # of a refusal's reason


class SendGridEmail:
    """Sends from one address of the company."""

    name: ProviderName = "sendgrid"

    def __init__(self, client: httpx.AsyncClient, sender: str, sender_name: str) -> None:
        self._client = client
        self._sender = sender
        self._sender_name = sender_name

    @classmethod
    def open(cls, settings: Settings) -> SendGridEmail:
        """By the settings; nothing is called yet."""
        client = httpx.AsyncClient(
            base_url=settings.sendgrid_api_url or SENDGRID,
            headers={"Authorization": f"Bearer {settings.sendgrid_api_key}"},
            timeout=TIMEOUT_S,
            trust_env=False,
        )
        return cls(client, settings.email_from or "", settings.company_name)

    async def send(self, mail: Mail) -> Sent:
        """Send one. Raises Refused, NotNow, Unsure."""
        try:
            answer = await self._client.post("/v3/mail/send", json=self._body(mail))
        except httpx.HTTPError as error:
            if certainly_not_sent(error):
                raise NotNow(f"SendGrid cannot be reached ({type(error).__name__})") from error
            raise Unsure(f"SendGrid did not answer ({type(error).__name__})") from error
        if answer.is_success:
            return Sent(answer.headers.get("x-message-id"))
        if answer.status_code in (401, 403):
            raise NotNow("SendGrid refuses our key or sender")
        if answer.status_code in (429, 503):  # said before anything is done
            raise NotNow(
                f"SendGrid takes no more just now ({answer.status_code})", retry_in_s=retry_after_s(answer)
            )
        if answer.status_code >= 500 or answer.status_code == 408:
            raise Unsure(f"SendGrid answered {answer.status_code}")
        raise Refused(f"SendGrid {answer.status_code}: {_reason(answer)}")

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def _body(self, mail: Mail) -> dict[str, Any]:
        """The request, as SendGrid's "Mail Send" reference has it. Links stay ours: no click tracking."""
        body: dict[str, Any] = {
            "personalizations": [
                {"to": [{"email": mail.to}], "custom_args": {"delivery": str(mail.delivery_id)}}
            ],
            "from": {"email": self._sender, "name": self._sender_name},
            "subject": mail.subject,
            "headers": {"Message-ID": message_id(mail, self._sender)},
            "content": [
                {"type": "text/plain", "value": mail.text},
                {"type": "text/html", "value": mail.html},
            ],
            "tracking_settings": {
                "click_tracking": {"enable": False, "enable_text": False},
                "open_tracking": {"enable": False},
            },
        }
        if mail.pictures:
            body["attachments"] = [
                {
                    "content": base64.b64encode(picture.data).decode(),
                    "type": picture.media_type,
                    "filename": picture.name,
                    "disposition": "inline",
                    "content_id": picture.name,
                }
                for picture in mail.pictures
            ]
        return body


def _reason(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["errors"][0]["message"])[:_SHOWN_CHARS]
    except (ValueError, KeyError, IndexError, TypeError):
        return "no reason given"
