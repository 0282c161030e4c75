"""How often one caller may ask: a token bucket per principal, in memory, bounded.

Per process on purpose: the limit protects this process's loop and pool, and a shared counter would put
Redis on the path of every request.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from db.errors import Busy

REQUESTS_PER_S = 50.0
BURST = 200.0
MAX_CALLERS = 50_000


class RateLimit:
    """Each key has `burst` requests at once and earns `per_s` new ones a second."""

    def __init__(
        self,
        per_s: float = REQUESTS_PER_S,
        burst: float = BURST,
        *,
        clock: Callable[[], float] = time.monotonic,
        max_callers: int = MAX_CALLERS,
    ) -> None:
        self._per_s = per_s
        self._burst = burst
        self._clock = clock
        self._max_callers = max_callers
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # key → (tokens, at)

    def spend(self, key: str) -> None:
        """Take one request from `key`'s bucket. Raises Busy (429) with the seconds until the next one."""
        now = self._clock()
        tokens, at = self._buckets.pop(key, (self._burst, now))
        tokens = min(self._burst, tokens + (now - at) * self._per_s)
        if tokens < 1:
            self._buckets[key] = (tokens, now)
            raise Busy(retry_after_s=round((1 - tokens) / self._per_s, 3))
        self._buckets[key] = (tokens - 1, now)
        if len(self._buckets) > self._max_callers:
            self._buckets.popitem(last=False)  # longest silent, so most likely full again
