"""Why a case of the official suites does not pass here. Every one is a decision; a bug has no entry."""

from __future__ import annotations

from typing import Final

POLLING: Final = "By design: websocket only. Polling is refused, so there is nothing to upgrade from."
BINARY: Final = (
    "By design: no binary. Attachments that never arrive pinned 270 MB in the stock server; a binary frame"
    " closes the socket with 1003, a packet of type 5 or 6 with 1008."
)
NAMESPACE: Final = "By design: one namespace, `/`. Others get CONNECT_ERROR, `Invalid namespace`."

_REASONS: Final = {
    "binary": BINARY,
    "custom namespace": NAMESPACE,
    "should send a plain-text packet": (
        "By design: an event carries exactly one JSON object; the suite sends three values."
    ),
    "disconnect from the main namespace": (
        "By design: DISCONNECT of the only namespace ends the connection (the suite wants it kept open,"
        " and a ping)."
    ),
}


def reason(title: str, transport: str) -> str:
    """The decision behind a case that does not pass; empty when there is none."""
    if transport == "polling":
        return POLLING
    return next((why for words, why in _REASONS.items() if words in title), "")
