"""Which fix is played when, and which time it carries. Pure arithmetic.

Played at speed `s`, a trace of duration D takes D/s seconds. The recorded spacing of the fixes is
always kept, because the server judges speeds by it: a trip squeezed into a minute would be an
impossible one. So the times are moved as a whole, such that the **last** fix is "now" when it is
sent. At speed 1 that makes every fix "now" when it is sent; at 60 the first fix of a two hour trip
is told as one of two hours ago. No time is ever in the future.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tracker.replay.traces import Trace, TraceFix


@dataclass(frozen=True, slots=True)
class Gap:
    """Without network for `duration_s`, beginning `start_s` after the first fix (times of the recording)."""

    start_s: float
    duration_s: float

    def holds(self, offset_s: float) -> bool:
        """Whether a fix recorded at this offset falls into the gap."""
        return self.start_s <= offset_s < self.start_s + self.duration_s


@dataclass(frozen=True, slots=True)
class Cue:
    """Send `fix` `due_s` seconds after the beginning, as recorded at `recorded_at`; `offline`: keep it."""

    due_s: float
    recorded_at: datetime
    fix: TraceFix
    offline: bool


def cues(
    trace: Trace, *, began_at: datetime, speed: float, shift: bool, gaps: Sequence[Gap] = ()
) -> list[Cue]:
    """The whole performance. `speed` is > 0, `math.inf` for as fast as the server takes it.

    Without `shift` the fixes keep the times they were recorded at.
    """
    first, last = trace.fixes[0].recorded_at, trace.fixes[-1].recorded_at
    playing_s = 0.0 if math.isinf(speed) else trace.duration_s / speed
    moved = began_at + timedelta(seconds=playing_s) - last if shift else timedelta(0)
    made = []
    for fix in trace.fixes:
        offset_s = (fix.recorded_at - first).total_seconds()
        due_s = 0.0 if math.isinf(speed) else offset_s / speed
        made.append(Cue(due_s, fix.recorded_at + moved, fix, any(gap.holds(offset_s) for gap in gaps)))
    return made
