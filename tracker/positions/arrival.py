"""Has the pro arrived? The rule only suggests it to the pro, who says so with one tap.

A geofence with three guards against GPS noise: a stay begins only with a point whose error circle lies
inside (accuracy), it must last (dwell), and only a point clearly outside ends it (hysteresis). Driving past
is no stay. After one suggestion the rule is silent.
"""

from __future__ import annotations

from typing import NamedTuple

INSIDE_M = 120.0  # to the door, with parking down the street
OUTSIDE_M = 250.0
DWELL_MS = 30_000  # driving through the fence at 30 km/h takes 29 s
ASSUMED_ACCURACY_M = 30.0  # of a point that does not tell
PASSING_SPEED_M_S = 8.0  # faster than this is driving past


class Arrival(NamedTuple):
    """How near to a suggestion one job is; `since_ms` is when the stay inside began."""

    since_ms: int | None = None
    suggested: bool = False


def step(
    state: Arrival, distance_m: float, accuracy_m: float | None, speed_m_s: float | None, at_ms: int
) -> tuple[Arrival, bool]:
    """The state after one more point in time order, and whether to suggest the arrival now."""
    if state.suggested:
        return state, False
    error_m = ASSUMED_ACCURACY_M if accuracy_m is None else accuracy_m
    if distance_m - error_m > OUTSIDE_M:
        return Arrival(), False
    if distance_m > INSIDE_M or (speed_m_s is not None and speed_m_s > PASSING_SPEED_M_S):
        return state, False
    if state.since_ms is None:
        return (Arrival(since_ms=at_ms) if distance_m + error_m <= INSIDE_M else state), False
    if at_ms - state.since_ms < DWELL_MS:
        return state, False
    return Arrival(state.since_ms, suggested=True), True
