"""Is the pro heard from? Live, delayed or lost, judged by when the next position was due.

Contact counts believable new positions, the same ones that `last_positions` holds: a phone that sends only
nonsense is lost to whoever looks at the map. So a snapshot made on another node, from the database alone,
says the same as the node that hears the pro.
"""

from __future__ import annotations

import heapq
from collections.abc import Hashable
from enum import StrEnum
from math import inf
from typing import Generic, NamedTuple, TypeVar

Key = TypeVar("Key", bound=Hashable)

# A heartbeat crosses a mobile network: one that is a few seconds late is no news.
DELAYED_AFTER_INTERVALS = 2.0
DELAYED_AFTER_AT_LEAST_S = 15.0
LOST_AFTER_INTERVALS = 5.0
LOST_AFTER_AT_LEAST_S = 90.0


class Contact(StrEnum):
    """How well the pro is heard."""

    LIVE = "live"  # positions come as expected
    DELAYED = "delayed"  # the next one is overdue: a tunnel, a dead spot
    LOST = "lost"  # nothing for so long that the dot says only where the pro was


def delayed_after_s(interval_s: float) -> float:
    """The silence, in seconds, after which a pro who sends every `interval_s` is delayed."""
    return max(DELAYED_AFTER_AT_LEAST_S, interval_s * DELAYED_AFTER_INTERVALS)


def lost_after_s(interval_s: float) -> float:
    """The silence, in seconds, after which contact is lost."""
    return max(LOST_AFTER_AT_LEAST_S, interval_s * LOST_AFTER_INTERVALS)


def contact_of(last_received_ms: int, interval_s: float, now_ms: int) -> Contact:
    """The contact with a pro last heard at `last_received_ms`, who was to send every `interval_s`."""
    silence_s = (now_ms - last_received_ms) / 1000
    if silence_s <= delayed_after_s(interval_s):
        return Contact.LIVE
    return Contact.DELAYED if silence_s <= lost_after_s(interval_s) else Contact.LOST


class Overdue(NamedTuple, Generic[Key]):
    """A key whose contact got worse."""

    key: Key
    contact: Contact
    last_received_ms: int


class _Entry:
    __slots__ = ("alarm_ms", "contact", "interval_s", "last_received_ms")

    def __init__(self, last_received_ms: int, interval_s: float, contact: Contact) -> None:
        self.last_received_ms = last_received_ms
        self.interval_s = interval_s
        self.contact = contact
        self.alarm_ms = inf

    def worse_at_ms(self) -> float:
        """When silence makes the contact worse."""
        if self.contact is Contact.LOST:
            return inf
        after_s = delayed_after_s if self.contact is Contact.LIVE else lost_after_s
        return self.last_received_ms + after_s(self.interval_s) * 1000


class ContactBoard(Generic[Key]):
    """Watches many keys (jobs) and says whose contact changed.

    Hearing costs a dictionary look-up. The heap holds one valid alarm per key; one that rings too early,
    because the key was heard meanwhile, is set again. So a sweep touches only keys whose alarm rang.
    """

    def __init__(self) -> None:
        self._entries: dict[Key, _Entry] = {}
        self._alarms: list[tuple[float, int, Key, _Entry]] = []
        self._alarms_set = 0

    def __len__(self) -> int:
        return len(self._entries)

    def heard(self, key: Key, received_ms: int, interval_s: float, now_ms: int) -> Contact | None:
        """A position came in at `received_ms`; the next is due within `interval_s`.

        Returns the contact if this changed it; a key that is new to the board had none.
        """
        contact = contact_of(received_ms, interval_s, now_ms)
        entry = self._entries.get(key)
        was = entry.contact if entry else None
        if entry is None:
            entry = self._entries[key] = _Entry(received_ms, interval_s, contact)
        entry.contact = contact
        entry.last_received_ms = received_ms
        entry.interval_s = interval_s
        if entry.worse_at_ms() < entry.alarm_ms:
            self._set_alarm(key, entry)
        return contact if contact is not was else None

    def last_received_ms(self, key: Key) -> int | None:
        """When a key was last heard; None if the board does not have it."""
        entry = self._entries.get(key)
        return entry.last_received_ms if entry else None

    def forget(self, key: Key) -> None:
        """Watch a key no longer; its alarm rings in vain."""
        self._entries.pop(key, None)

    def sweep(self, now_ms: int) -> list[Overdue[Key]]:
        """The keys whose contact got worse since the last sweep."""
        overdue = []
        while self._alarms and self._alarms[0][0] < now_ms:
            alarm_ms, _, key, entry = heapq.heappop(self._alarms)
            if self._entries.get(key) is not entry or entry.alarm_ms != alarm_ms:
                continue
            contact = contact_of(entry.last_received_ms, entry.interval_s, now_ms)
            if contact is not entry.contact:
                entry.contact = contact
                overdue.append(Overdue(key, contact, entry.last_received_ms))
            self._set_alarm(key, entry)
        return overdue

    def _set_alarm(self, key: Key, entry: _Entry) -> None:
        entry.alarm_ms = entry.worse_at_ms()
        if entry.alarm_ms < inf:
            self._alarms_set += 1  # breaks ties, so that keys are never compared
            heapq.heappush(self._alarms, (entry.alarm_ms, self._alarms_set, key, entry))
