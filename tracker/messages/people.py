"""What a person's record and the company's settings say together: the voice and the quiet hours."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from db.recipients import Recipient
from tracker.messages.quiet import QuietHours, parse_hours
from tracker.messages.texts import Voice
from tracker.settings import Settings


def voice_for(settings: Settings, person: Recipient) -> Voice:
    """Appointments are told in the company's zone: that is where the home is."""
    return Voice(
        company=settings.company_name,
        language=person.language,
        currency=settings.currency,
        zone=ZoneInfo(settings.time_zone),
    )


def quiet_hours_of(settings: Settings, person: Recipient) -> QuietHours | None:
    """The person's own hours in their own zone where they set them, else the company's; None: never quiet.

    Somebody whose hours begin when they end wants none.
    """
    zone = _zone(person.time_zone) or ZoneInfo(settings.time_zone)
    if person.quiet_from is not None and person.quiet_until is not None:
        if person.quiet_from == person.quiet_until:
            return None
        return QuietHours(person.quiet_from, person.quiet_until, zone)
    return parse_hours(settings.quiet_hours, zone.key)


def _zone(name: str | None) -> ZoneInfo | None:
    """The zone, unless this machine has lost it since it was stored."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
