"""The settings of the business and of its outside services. A service without its key has a sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tracker import provider_readers as read
from tracker.declared_setting import setting
from tracker.settings_readers import integer, one_of, outside_url, text


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """The part of `Settings` that concerns money, messages and evidence."""

    company_name: str = setting(
        "COMPANY_NAME", text, "Who the texts and receipts are from.", default="Wrenford Home Services"
    )
    currency: str = setting(
        "CURRENCY", read.currency, "The one currency of all prices, ISO 4217.", default="usd"
    )
    commission_bp: int = setting(
        "COMMISSION_BP", integer(0, 10_000), "The platform's share of a price, basis points.", default=4000
    )
    time_zone: str = setting(
        "TIME_ZONE",
        read.time_zone,
        "The company's time zone, IANA; days and quiet hours are its.",
        default="UTC",
    )
    quiet_hours: str = setting(
        "QUIET_HOURS",
        read.quiet_hours,
        "When texts and pushes that can wait do wait, like `21:00-08:00`; `off` for never.",
        default="21:00-08:00",
    )
    payout_day: str = setting(
        "PAYOUT_DAY",
        one_of("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
        "The day of the weekly payout run.",
        default="monday",
    )
    stripe_secret_key: str | None = setting(
        "STRIPE_SECRET_KEY", read.key, "Stripe's secret key.", shown_default="sandbox", secret=True
    )
    stripe_webhook_secret: str | None = setting(
        "STRIPE_WEBHOOK_SECRET", read.key, "Signs Stripe's webhooks (`whsec_…`).", secret=True
    )
    stripe_api_url: str | None = setting(
        "STRIPE_API_URL",
        outside_url,
        "Another address for Stripe's API: a stand-in.",
        shown_default="Stripe's",
    )
    twilio_account_sid: str | None = setting(
        "TWILIO_ACCOUNT_SID", text, "Twilio's account.", shown_default="sandbox"
    )
    twilio_auth_token: str | None = setting(
        "TWILIO_AUTH_TOKEN", read.key, "Twilio's token; also signs its callbacks.", secret=True
    )
    twilio_from: str | None = setting(
        "TWILIO_FROM", text, "The number that texts come from, or a messaging service (`MG…`)."
    )
    twilio_api_url: str | None = setting(
        "TWILIO_API_URL",
        outside_url,
        "Another address for Twilio's API: a stand-in.",
        shown_default="Twilio's",
    )
    sendgrid_api_key: str | None = setting(
        "SENDGRID_API_KEY", read.key, "SendGrid's key.", shown_default="`SMTP_URL`, or sandbox", secret=True
    )
    sendgrid_api_url: str | None = setting(
        "SENDGRID_API_URL", outside_url, "Another address for SendGrid's API.", shown_default="SendGrid's"
    )
    smtp_url: str | None = setting(
        "SMTP_URL",
        read.smtp_url,
        "A mail server, like `smtps://user:password@mail.example:465`.",
        secret=True,
    )
    email_from: str | None = setting("EMAIL_FROM", read.email_address, "The address that mail comes from.")
    vapid_private_key: str | None = setting(
        "VAPID_PRIVATE_KEY",
        read.vapid_key,
        "Signs web pushes (base64url, 32 bytes; `tracker vapid` makes one).",
        shown_default="sandbox",
        secret=True,
    )
    vapid_subject: str | None = setting(
        "VAPID_SUBJECT", text, "Whom a push service may write to, like `mailto:ops@company.example`."
    )
    push_hosts: tuple[str, ...] = setting(
        "PUSH_HOSTS",
        read.hosts,
        "Push services that browsers may name, comma-separated; `.name` allows all below it.",
        default=(
            "fcm.googleapis.com",
            ".push.services.mozilla.com",
            ".push.apple.com",
            ".notify.windows.com",
        ),
    )
    message_retention_days: int = setting(
        "MESSAGE_RETENTION_DAYS",
        integer(30, 36_500),
        "How long notifications and what became of their messages are kept.",
        default=365,
    )
    evidence_folder: Path = setting(  # noqa: RUF009 - a Path cannot change either
        "EVIDENCE_FOLDER",
        read.made_folder,
        "Where photos and signatures lie.",
        default=Path(".tracker/evidence"),
    )
    evidence_s3_url: str | None = setting(
        "EVIDENCE_S3_URL",
        read.s3_url,
        "An S3-compatible store instead, like `https://KEY:SECRET@s3.example/bucket?region=eu-west-1`.",
        secret=True,
    )
    evidence_retention_days: int = setting(
        "EVIDENCE_RETENTION_DAYS",
        integer(1, 36_500),
        "How long photos and signatures are kept after their job ended.",
        default=730,
    )

    def missing_beside(self) -> list[str]:
        """What is wrong with the settings of services taken together: half a service is none."""
        wrong = []
        if (self.stripe_secret_key is None) != (self.stripe_webhook_secret is None):
            wrong.append("STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET go together")
        twilio = (self.twilio_account_sid, self.twilio_auth_token, self.twilio_from)
        if any(twilio) and not all(twilio):
            wrong.append("TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM go together")
        if (self.sendgrid_api_key or self.smtp_url) and not self.email_from:
            wrong.append("EMAIL_FROM must be set for mail to be sent")
        if self.sendgrid_api_key and self.smtp_url:
            wrong.append("SENDGRID_API_KEY and SMTP_URL are two ways to send mail; set one")
        if (self.vapid_private_key is None) != (self.vapid_subject is None):
            wrong.append("VAPID_PRIVATE_KEY and VAPID_SUBJECT go together")
        return wrong
