"""The stand-ins' clock: the machine's, plus what a test has let pass."""

from __future__ import annotations

import time


class Clock:
    """Only ever goes forward."""

    def __init__(self) -> None:
        self._ahead_s = 0.0

    def now(self) -> float:
        """Seconds since 1970, UTC."""
        return time.time() + self._ahead_s

    def advance(self, seconds: float) -> None:
        """Let time pass. Raises ValueError for a negative time."""
        if seconds < 0:
            raise ValueError("time does not run backwards")
        self._ahead_s += seconds
