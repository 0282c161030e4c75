"""The address at which Twilio tells us of a text: the one that it signs."""

from __future__ import annotations

from tracker.settings import Settings

CALLBACK_PATH = "/webhooks/twilio"


def callback_url(settings: Settings, delivery_id: int | None) -> str:
    """For one delivery; for what people write to our number, the plain one, set in Twilio's console."""
    number = "" if delivery_id is None else f"?delivery={delivery_id}"
    return f"{settings.public_url.rstrip('/')}{CALLBACK_PATH}{number}"
