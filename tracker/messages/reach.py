"""By which channels a person can be told of something. A rule module.

Each way of a kind (`kinds.PLANS`) uses the first of its channels that reaches the person. Where none does
because the person refused, or because what we know of them is wrong, that is kept as a delivery that was
not made, so that dispatch sees why somebody heard nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from db.recipients import Recipient
from tracker.messages.kinds import PLANS, Channel, Kind
from tracker.messages.mail_parts import is_address
from tracker.messages.phones import e164


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why a message is not sent: the delivery's status and reason."""

    status: str
    reason: str


@dataclass(frozen=True, slots=True)
class Way:
    """One channel to one person; with a hindrance it is only recorded."""

    channel: Channel
    recipient: str
    hindrance: Hindrance | None = None


OPTED_OUT = Hindrance("suppressed", "the person does not want this")
NUMBER_STOPPED = Hindrance("suppressed", "the number said STOP")
NO_NUMBER = Hindrance("failed", "the phone number on record has no country code or is none")
NO_ADDRESS = Hindrance("failed", "the mail address on record is none")
SUSPENDED = Hindrance("suppressed", "the person is suspended")


def ways_to(person: Recipient, kind: Kind, stopped: set[str]) -> list[Way]:
    """The channels to use; `stopped` are numbers (E.164) that said STOP."""
    chosen = []
    for alternatives in PLANS[kind].ways:
        ways = [way for channel in alternatives if (way := way_by(person, kind, channel, stopped))]
        free = [way for way in ways if way.hindrance is None]
        chosen += (free or ways)[:1]
    return chosen


def way_by(person: Recipient, kind: Kind, channel: Channel, stopped: set[str]) -> Way | None:
    """One channel to a person, or None when they have no address there."""
    recipient = _address(person, channel)
    if recipient is None:
        return None
    if person.suspended:
        return Way(channel, recipient, SUSPENDED)
    if {(kind.value, channel.value), ("*", channel.value)} & person.refused:
        return Way(channel, recipient, OPTED_OUT)
    if channel is Channel.SMS:
        number = e164(recipient)
        if number is None:
            return Way(channel, recipient, NO_NUMBER)
        return Way(channel, number, NUMBER_STOPPED if number in stopped else None)
    if channel is Channel.EMAIL and not is_address(recipient):
        return Way(channel, recipient, NO_ADDRESS)
    return Way(channel, recipient)


def _address(person: Recipient, channel: Channel) -> str | None:
    match channel:
        case Channel.SMS:
            return person.phone or None
        case Channel.EMAIL:
            return person.email or None
        case Channel.PUSH:
            return person.id if person.has_push else None
