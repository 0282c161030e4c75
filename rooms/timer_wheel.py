"""One timer for every connection: a wheel of slots turned by a single `call_later`.

A timer of its own per connection costs a heap entry, a handle and a closure each; here it is one
set entry, and moving or cancelling it is O(1). Precision is one tick, which suits pings and
deadlines of seconds. The wheel stands still while it is empty.
"""

from __future__ import annotations

import asyncio
import logging
import math
from typing import Protocol

TICK_S = 0.25
_SLOTS = 512  # 128 s ahead at most

log = logging.getLogger(__name__)


class Timed(Protocol):
    """What the wheel carries; `wheel_slot` belongs to the wheel and starts at `IDLE`."""

    wheel_slot: int

    def on_timer(self) -> None: ...


IDLE = -1
_DUE = -2  # taken out of its slot, about to be called in this very turn


class TimerWheel:
    """Calls `on_timer()` once for each scheduled item, never earlier than asked."""

    def __init__(self) -> None:
        self._slots: list[set[Timed]] = [set() for _ in range(_SLOTS)]
        self._count = 0
        self._position = 0
        self._turn_at = 0.0  # loop time of the next turn
        self._handle: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return self._count

    def schedule(self, item: Timed, delay_s: float) -> None:
        """Fire `item` in `delay_s` seconds, instead of whenever it was due before."""
        loop = asyncio.get_running_loop()
        if self._handle is None:
            self._turn_at = loop.time()
            self._arm(loop)
        ahead = 1 + max(0, math.ceil((loop.time() + delay_s - self._turn_at) / TICK_S))
        if ahead >= _SLOTS:
            raise ValueError(f"the wheel reaches {_SLOTS * TICK_S:.0f} s ahead")
        if item.wheel_slot < 0:
            self._count += 1
        else:
            self._slots[item.wheel_slot].discard(item)
        item.wheel_slot = (self._position + ahead) % _SLOTS
        self._slots[item.wheel_slot].add(item)

    def cancel(self, item: Timed) -> None:
        """Forget `item`; fine if it was not scheduled."""
        if item.wheel_slot >= 0:
            self._slots[item.wheel_slot].discard(item)
            self._count -= 1
        item.wheel_slot = IDLE

    def stop(self) -> None:
        """Forget everything."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        for slot in self._slots:
            for item in slot:
                item.wheel_slot = IDLE
            slot.clear()
        self._count = 0

    def _arm(self, loop: asyncio.AbstractEventLoop) -> None:
        self._turn_at += TICK_S
        self._handle = loop.call_at(self._turn_at, self._turn)

    def _turn(self) -> None:
        """Advance by every tick that has passed (several, after the loop was held up)."""
        loop = asyncio.get_running_loop()
        self._handle = None
        due: list[Timed] = []
        passed = 1 + max(0, int((loop.time() - self._turn_at) / TICK_S))
        self._turn_at += (passed - 1) * TICK_S
        for _ in range(min(passed, _SLOTS)):
            self._position = (self._position + 1) % _SLOTS
            slot = self._slots[self._position]
            for item in slot:
                item.wheel_slot = _DUE
            self._count -= len(slot)
            due.extend(slot)
            slot.clear()
        if self._count or due:
            self._arm(loop)
        for item in due:
            if item.wheel_slot != _DUE:
                continue  # cancelled or moved by another item's call a moment ago
            item.wheel_slot = IDLE
            try:
                item.on_timer()
            except Exception:
                log.exception("a timer failed")
