"""What waits for one socket that cannot be written to just now.

A droppable frame has a slot, (key, event): a newer one takes the place of an older one, so a slow
reader finds the newest position first and its cost does not grow with the time it sleeps. Frames
that must arrive are all kept, in order, up to a cap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rooms.timer_wheel import IDLE

if TYPE_CHECKING:
    from rooms.outlet import Outlet

Slot = tuple[str, str]  # (conflation key, event name)


class Backlog:
    """Waiting frames in the order in which the survivors came.

    Exists only while a socket is slow, or not yet past CONNECT. On the timer wheel it is the
    deadline by which a slow reader must have taken something.
    """

    __slots__ = ("_cap", "_frames", "_next", "_outlet", "size", "wheel_slot")

    def __init__(self, outlet: Outlet, cap: int) -> None:
        self.wheel_slot = IDLE
        self.size = 0  # bytes
        self._outlet = outlet
        self._cap = cap
        self._frames: dict[Slot | int, bytes] = {}  # insertion order is sending order
        self._next = 0

    def add(self, frame: bytes, slot: Slot | None) -> bool:
        """Keep a frame; False when the cap is passed, and the reader is beyond help."""
        if slot is None:
            self._frames[self._next] = frame
            self._next += 1
        else:
            old = self._frames.pop(slot, None)
            if old is not None:
                self.size -= len(old)
                self._outlet.hub.counters.conflated += 1
            self._frames[slot] = frame
        self.size += len(frame)
        return self.size <= self._cap

    def pop(self) -> bytes:
        """Remove and return the frame that has waited longest."""
        frame = self._frames.pop(next(iter(self._frames)))
        self.size -= len(frame)
        return frame

    def __len__(self) -> int:
        return len(self._frames)

    def on_timer(self) -> None:
        """Nothing was taken for too long."""
        self._outlet.on_stalled()


class Discard:
    """The backlog of a socket that is going away: nothing is kept."""

    def add(self, frame: bytes, slot: Slot | None) -> bool:  # noqa: ARG002
        return True


DISCARD = Discard()
