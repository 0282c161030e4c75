"""What shall go wrong, and when: planned by a test, met by a request."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase


class Kind(StrEnum):
    """How a request goes wrong."""

    SILENT_BEFORE = "silent_before"  # the request is lost: no work, no answer
    SILENT_AFTER = "silent_after"  # the work is done, the answer is lost
    ERROR_BEFORE = "error_before"  # `status` without the work: 500, 503, 429, 409; no key remembers it
    ERROR_AFTER = "error_after"  # the work is done, the answer is `status`; Stripe stores it for the key
    CUT = "cut"  # the work is done, the line breaks in the middle of the answer
    SLOW_BEFORE = "slow_before"  # `delay_s` passes, then the work, then the answer
    SLOW_AFTER = "slow_after"  # the work, then `delay_s`, then the answer


@dataclass(slots=True)
class Fault:
    """One planned fault. `skip` matching requests go well first, then it meets `times` of them (0: all).

    `pattern` is a shell pattern over method and path, like `POST /v1/payment_intents/*/capture`.
    For the silent kinds `delay_s` is when the line is cut; 0 waits until the client gives up.
    """

    pattern: str
    kind: Kind
    skip: int = 0
    times: int = 1
    status: int = 500
    delay_s: float = 0.0
    met: int = 0

    def is_spent(self) -> bool:
        """Whether it will meet no more requests."""
        return self.times > 0 and self.met >= self.times


class Faults:
    """The faults planned for one service. May be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: list[Fault] = []

    def plan(
        self,
        pattern: str,
        kind: Kind | str,
        *,
        nth: int = 1,
        times: int = 1,
        status: int = 500,
        delay_s: float = 0.0,
    ) -> Fault:
        """From the `nth` request from now on that matches, `times` requests go wrong (0: all of them).

        The returned fault counts in `met` how many did. Raises ValueError for an unknown kind.
        """
        if nth < 1 or times < 0 or delay_s < 0:
            raise ValueError("nth counts from 1; times and delay_s are not negative")
        fault = Fault(pattern, Kind(kind), nth - 1, times, status, delay_s)
        with self._lock:
            self._planned.append(fault)
        return fault

    def clear(self) -> None:
        """All goes well from now on."""
        with self._lock:
            self._planned.clear()

    def meet(self, line: str) -> Fault | None:
        """The fault that a request meets, if any. The first planned one wins; each counts what it sees."""
        with self._lock:
            met = None
            for fault in self._planned:
                if fault.is_spent() or not fnmatchcase(line, fault.pattern):
                    continue
                if fault.skip:
                    fault.skip -= 1
                elif met is None:
                    fault.met += 1
                    met = fault
            return met
