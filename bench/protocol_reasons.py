"""Why a case of the official suites does not pass here. Every one is a decision; a bug has no entry."""

from __future__ import annotations

from typing import Final

POLLING: Final = "By design: websocket only. Polling is refused, so there is nothing to upgrade from."

# What the product leaves switched off (docs/wire.md), by words in the case's title.
_REASONS: Final = {
    "binary": (
        "No event carries binary; photos go over HTTP. Attachments that never arrive pinned 270 MB in the"
        " stock server. A binary frame closes the socket with 1003, a packet of type 5 or 6 with 1008."
    ),
    "custom namespace": "One namespace, `/`. Others get CONNECT_ERROR, `Invalid namespace`.",
    "should send a plain-text packet": (
        "An event carries exactly one JSON object (design: §7); the suite sends three values."
    ),
}


def reason(title: str, transport: str) -> str:
    """The decision behind a case that does not pass; empty when there is none."""
    if transport == "polling":
        return POLLING
    return next((why for words, why in _REASONS.items() if words in title), "")
