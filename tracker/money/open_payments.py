"""Which payment provider this process uses: Stripe when there is a key, the sandbox when there is none."""

from __future__ import annotations

from db.pool import Database
from tracker.money.provider import PaymentProvider
from tracker.money.sandbox_payments import SandboxPayments
from tracker.money.stripe_payments import StripePayments
from tracker.settings import Settings


def open_payments(settings: Settings, database: Database) -> PaymentProvider:
    """Choose by the settings; nothing is called yet."""
    if settings.stripe_secret_key is None:
        return SandboxPayments(database, public_url=settings.public_url)
    return StripePayments(settings.stripe_secret_key, api_url=settings.stripe_api_url)
