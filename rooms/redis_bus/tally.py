"""What one node's bus has counted since its start."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Tally:
    """Counts of messages, unless said otherwise; shared by all parts of one bus. See `BusStats`."""

    published: int = 0
    dropped: int = 0
    received: int = 0
    forged: int = 0
    unknown_version: int = 0
    stale: int = 0
    reconnects: int = 0
