"""What became of the heartbeats that were sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Tally:
    """Counts of heartbeats. `sent` counts each once, however often it had to be sent."""

    sent: int = 0
    resent: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: Counter[str] = field(default_factory=Counter)  # by reason: not kept
    refused: Counter[str] = field(default_factory=Counter)  # by error code: the whole message was
    lost: int = 0  # given up: never acked

    def add_ack(self, ack: Mapping[str, Any]) -> list[str]:
        """Count one ack of a heartbeat or batch; returns the reasons it gave for what it did not keep."""
        self.accepted += ack.get("accepted", 0)
        self.duplicates += ack.get("duplicates", 0)
        reasons = [str(item["reason"]) for item in ack.get("rejected", ())]
        self.rejected.update(reasons)
        return reasons

    @property
    def is_clean(self) -> bool:
        """Whether the server has every heartbeat that was to be sent."""
        return not (self.rejected or self.refused or self.lost)

    def __str__(self) -> str:
        parts = [f"sent {self.sent}", f"accepted {self.accepted}", f"duplicates {self.duplicates}"]
        if self.resent:
            parts.append(f"resent {self.resent}")
        for word, reasons in (("rejected", self.rejected), ("refused", self.refused)):
            if reasons:
                listed = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common())
                parts.append(f"{word} {reasons.total()} ({listed})")
        if self.lost:
            parts.append(f"never acked {self.lost}")
        return ", ".join(parts)
