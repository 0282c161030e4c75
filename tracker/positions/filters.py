"""Can this point be believed? One small predicate per doubt, and the verdict that is kept with the point.

Every well-formed point is stored with its verdict; nothing is thrown away, so a wrong judgement can be seen
and undone. Only GOOD points move the live dot; GOOD and STALE ones make the trail.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from enum import IntEnum

from tracker.positions.geo import haversine_m
from tracker.positions.heartbeat import Heartbeat


class Verdict(IntEnum):
    """What was thought of a point. The numbers are stored in `positions.verdict` and never reused."""

    GOOD = 0  # the newest believable point: it moves the dot
    DUPLICATE = 1  # the device has another point of the very same instant
    STALE = 2  # believable but late: it fills the trail and moves nothing
    FUTURE = 3  # the device's clock is ahead of ours
    INACCURATE = 4  # the device itself says it hardly knows where it is
    ZERO_ISLAND = 5  # at 0°, 0°, where broken receivers live
    IMPOSSIBLE_SPEED = 6  # no vehicle gets there from a neighbour in time
    MOCK = 7  # the device says that the position is made up
    TOO_OLD = 8  # from before this working day: an old upload, or a clock that is a day behind


ON_TRAIL = (Verdict.GOOD, Verdict.STALE)

FUTURE_TOLERANCE_MS = 60_000  # phones set by the network are within seconds; one minute forgives a bad one
MAX_AGE_MS = 12 * 3_600_000  # nobody is out of reach for longer than a long working day
MAX_ACCURACY_M = 200.0  # a satellite fix has 3 to 50 m; a cell tower's guess has 500 and more
ZERO_ISLAND_DEG = 0.001  # about 100 m; the nearest land is 570 km away
MAX_SPEED_M_S = 70.0  # 252 km/h, faster than any van
ASSUMED_ACCURACY_M = 30.0  # of a point that does not tell
REMEMBERED = 12  # good points per pro that a late one is compared with
AGREEING_TO_BELIEVE = 3  # consecutive far-away points that agree prove the point before them wrong


def is_future(fix: Heartbeat, now_ms: int) -> bool:
    """Its time has not come yet."""
    return fix.recorded_ms > now_ms + FUTURE_TOLERANCE_MS


def is_too_old(fix: Heartbeat, now_ms: int) -> bool:
    """It is of another working day."""
    return fix.recorded_ms < now_ms - MAX_AGE_MS


def is_on_zero_island(fix: Heartbeat) -> bool:
    """It is where the Greenwich meridian meets the equator, in the sea."""
    return abs(fix.lat) < ZERO_ISLAND_DEG and abs(fix.lng) < ZERO_ISLAND_DEG


def is_inaccurate(fix: Heartbeat) -> bool:
    """The device's own error estimate is useless for finding a house."""
    return fix.accuracy_m is not None and fix.accuracy_m > MAX_ACCURACY_M


def is_impossible_hop(one: Heartbeat, other: Heartbeat) -> bool:
    """Even with both points wrong by their accuracy, nothing on wheels joins them in the time between."""
    seconds = max(1.0, abs(other.recorded_ms - one.recorded_ms) / 1000)
    forgiven_m = (one.accuracy_m or ASSUMED_ACCURACY_M) + (other.accuracy_m or ASSUMED_ACCURACY_M)
    return haversine_m(one.lat, one.lng, other.lat, other.lng) - forgiven_m > MAX_SPEED_M_S * seconds


def judge(fix: Heartbeat, before: Heartbeat | None, after: Heartbeat | None, now_ms: int) -> Verdict:
    """The verdict on a point, given its neighbours in time among the believable points.

    `before` is not newer than the point, `after` is newer; either may be unknown.
    """
    if is_future(fix, now_ms):
        return Verdict.FUTURE
    if is_too_old(fix, now_ms):
        return Verdict.TOO_OLD
    if fix.mock:
        return Verdict.MOCK
    if is_on_zero_island(fix):
        return Verdict.ZERO_ISLAND
    if is_inaccurate(fix):
        return Verdict.INACCURATE
    if before is not None and before.recorded_ms == fix.recorded_ms:
        return Verdict.DUPLICATE
    if before is not None and is_impossible_hop(before, fix):
        return Verdict.IMPOSSIBLE_SPEED
    if after is None:
        return Verdict.GOOD
    return Verdict.IMPOSSIBLE_SPEED if is_impossible_hop(fix, after) else Verdict.STALE


class Track:
    """The newest believable points of one pro, in time order: what the next point is judged against."""

    __slots__ = ("_agreeing", "_doubted", "_fixes")

    def __init__(self, newest: Heartbeat | None = None) -> None:
        self._fixes: list[Heartbeat] = [newest] if newest else []
        self._doubted: Heartbeat | None = None  # the last point that was impossibly far away
        self._agreeing = 0

    @property
    def newest(self) -> Heartbeat | None:
        """The point where the dot is."""
        return self._fixes[-1] if self._fixes else None

    def take(self, fix: Heartbeat, now_ms: int) -> Verdict:
        """Judge a point and remember it if it can be believed. Give a batch in time order, then `trim`.

        A point that is sent again (the ack was lost) gets GOOD again, so that it can still move the last
        position in the database; it does not move the dot, because it is not newer than `newest`.
        """
        fixes = self._fixes
        if not fixes or fix.recorded_ms > fixes[-1].recorded_ms:
            verdict = judge(fix, fixes[-1] if fixes else None, None, now_ms)
            if verdict is Verdict.IMPOSSIBLE_SPEED and self._agrees_with_the_doubted(fix):
                fixes.clear()  # it was the point before that was wrong
                verdict = Verdict.GOOD
            if verdict is Verdict.GOOD:
                fixes.append(fix)
                self._doubted, self._agreeing = None, 0
            return verdict
        at = bisect_left(fixes, fix.recorded_ms, key=_time)
        twin = fixes[at] if fixes[at].recorded_ms == fix.recorded_ms else None
        if twin is not None and _is_resent(fix, twin):
            return Verdict.GOOD
        before = twin or (fixes[at - 1] if at else None)
        verdict = judge(fix, before, fixes[at], now_ms)
        if verdict is Verdict.STALE:
            insort(fixes, fix, key=_time)
        return verdict

    def trim(self) -> None:
        """Forget all but the newest points."""
        del self._fixes[:-REMEMBERED]

    def _agrees_with_the_doubted(self, fix: Heartbeat) -> bool:
        """Count far-away points that fit together; enough of them outvote the one they are far away from."""
        doubted = self._doubted
        if doubted is None or doubted.recorded_ms >= fix.recorded_ms or is_impossible_hop(doubted, fix):
            if doubted is None or doubted.recorded_ms != fix.recorded_ms:
                self._doubted, self._agreeing = fix, 1
            return False
        self._doubted = fix
        self._agreeing += 1
        return self._agreeing >= AGREEING_TO_BELIEVE


def _time(fix: Heartbeat) -> int:
    return fix.recorded_ms


def _is_resent(fix: Heartbeat, known: Heartbeat) -> bool:
    return fix.seq == known.seq and fix.lat == known.lat and fix.lng == known.lng
