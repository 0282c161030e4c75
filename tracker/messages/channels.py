"""What a provider of a channel can do, as the rest of the house sees it.

Every outcome is one of four: an answer (`Sent`), `Refused` (no retry helps), `NotNow` (certainly not sent),
or `Unsure` (nobody knows). What follows from each is decided in `sending.py`, alike for all providers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from db.pool import Database
from tracker.settings import Settings

ProviderName = Literal["twilio", "sendgrid", "smtp", "webpush", "sandbox"]


@dataclass(frozen=True, slots=True)
class Sms:
    """A text message. `secret` is the part of it that must not be kept anywhere: a tracking link's.

    After `expires_at` a provider that still has it in its queue need not send it.
    """

    delivery_id: int
    to: str
    body: str
    job_id: UUID | None = None
    secret: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that a mail shows, named `cid:name` in its HTML."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail with a readable body in both forms. `secret` as of a text."""

    delivery_id: int
    to: str
    subject: str
    text: str
    html: str
    pictures: tuple[Picture, ...] = ()
    job_id: UUID | None = None
    secret: str = ""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A browser that asked to be told (RFC 8030, RFC 8291); the keys are base64url as browsers give them."""

    id: int
    endpoint: str
    p256dh: str
    auth: str


@dataclass(frozen=True, slots=True)
class Push:
    """A web push. `tag` replaces an earlier one of the same tag, so that twice is seen once."""

    delivery_id: int
    title: str
    body: str
    url: str
    tag: str
    ttl_s: int
    urgent: bool
    job_id: UUID | None = None
    secret: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider has it. `delivered`: and so does the recipient. `cost_micros`: millionths of a dollar."""

    provider_id: str | None
    delivered: bool = False
    segments: int | None = None
    cost_micros: int | None = None


class Refused(Exception):
    """The provider will never send this; the message says why. `opted_out`: the number said STOP."""

    def __init__(self, reason: str, *, opted_out: bool = False) -> None:
        super().__init__(reason)
        self.opted_out = opted_out


class Gone(Refused):
    """This subscription is dead: forget it."""


class NotNow(Exception):
    """It was certainly not sent, and may be later. `retry_in_s` when the provider says so."""

    def __init__(self, reason: str, *, retry_in_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_in_s = retry_in_s


class Unsure(Exception):
    """The provider may have sent it: look before another try."""


class SmsSender(Protocol):
    """Sends texts."""

    @property
    def name(self) -> ProviderName:
        """Who sends."""
        ...

    async def send(self, sms: Sms) -> Sent:
        """Send one. Raises Refused, NotNow, Unsure."""
        ...

    async def find(self, sms: Sms, *, since: datetime, not_these: frozenset[str]) -> Sent | None:
        """The same text to the same number, sent since a moment, that is none of `not_these` ids; or None.

        Raises NotNow.
        """
        ...

    async def fetch(self, provider_id: str) -> Sent:
        """What the provider knows of a text now; its price comes late. Raises NotNow."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


class EmailSender(Protocol):
    """Sends mail. No mail service can be asked afterwards what it sent."""

    @property
    def name(self) -> ProviderName:
        """Who sends."""
        ...

    async def send(self, mail: Mail) -> Sent:
        """Send one. Raises Refused, NotNow, Unsure."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


class PushSender(Protocol):
    """Sends web pushes."""

    @property
    def name(self) -> ProviderName:
        """Who sends."""
        ...

    @property
    def public_key(self) -> str:
        """The VAPID key that browsers subscribe with (base64url)."""
        ...

    async def send(self, subscription: Subscription, push: Push) -> Sent:
        """Send to one browser. Raises Gone, Refused, NotNow, Unsure."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


def open_sms(settings: Settings, database: Database) -> SmsSender:
    """Twilio when it is set up, else the sandbox. The provider's library is loaded only where it is used."""
    if settings.twilio_account_sid is not None:
        from tracker.messages.twilio_sms import TwilioSms

        return TwilioSms.open(settings)
    from tracker.messages.sandbox import SandboxSms

    return SandboxSms(database)


def open_email(settings: Settings, database: Database) -> EmailSender:
    """SendGrid or a mail server when one is set up, else the sandbox."""
    if settings.sendgrid_api_key is not None:
        from tracker.messages.sendgrid_email import SendGridEmail

        return SendGridEmail.open(settings)
    if settings.smtp_url is not None:
        from tracker.messages.smtp_email import SmtpEmail

        return SmtpEmail.open(settings)
    from tracker.messages.sandbox import SandboxEmail

    return SandboxEmail(database)


def open_push(settings: Settings, database: Database) -> PushSender:
    """Web push when its key is set, else the sandbox."""
    if settings.vapid_private_key is not None:
        from tracker.messages.web_push import WebPush

        return WebPush.open(settings)
    from tracker.messages.sandbox import SandboxPush

    return SandboxPush(database, settings)
