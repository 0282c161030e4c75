"""When a replayed fix is sent, and which time it carries."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest

from tracker.replay.schedule import Cue, Gap, cues
from tracker.replay.traces import TraceFix, make_trace

RECORDED = datetime(2026, 1, 26, 16, 0, tzinfo=UTC)
BEGAN = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
OFFSETS_S = (0, 20, 50, 3600)
TRACE = make_trace("bus", [TraceFix(RECORDED + timedelta(seconds=s), 53.4, -2.9) for s in OFFSETS_S])
SPEEDS = pytest.mark.parametrize("speed", [0.5, 1.0, 60.0, math.inf])


def sent_at(cue: Cue) -> datetime:
    """The wall clock time at which a cue is played."""
    return BEGAN + timedelta(seconds=cue.due_s)


def test_at_real_speed_every_fix_is_now_when_it_is_sent() -> None:
    for cue in cues(TRACE, began_at=BEGAN, speed=1, shift=True):
        assert cue.recorded_at == sent_at(cue)


@SPEEDS
def test_the_recorded_spacing_is_kept_at_any_speed(speed: float) -> None:
    played = cues(TRACE, began_at=BEGAN, speed=speed, shift=True)
    assert [(cue.recorded_at - played[0].recorded_at).total_seconds() for cue in played] == list(OFFSETS_S)


@pytest.mark.parametrize("speed", [1.0, 60.0, math.inf])
def test_no_fix_is_of_the_future_and_the_last_one_is_now(speed: float) -> None:
    played = cues(TRACE, began_at=BEGAN, speed=speed, shift=True)
    assert all(cue.recorded_at <= sent_at(cue) for cue in played)
    assert played[-1].recorded_at == sent_at(played[-1])


def test_at_speed_60_an_hour_takes_a_minute_and_at_max_no_time() -> None:
    assert cues(TRACE, began_at=BEGAN, speed=60, shift=True)[-1].due_s == 60
    assert {cue.due_s for cue in cues(TRACE, began_at=BEGAN, speed=math.inf, shift=True)} == {0}


def test_without_the_shift_the_recorded_times_are_told() -> None:
    played = cues(TRACE, began_at=BEGAN, speed=1, shift=False)
    assert [cue.recorded_at for cue in played] == [fix.recorded_at for fix in TRACE.fixes]


def test_a_gap_holds_the_fixes_recorded_in_it_at_any_speed() -> None:
    played = cues(TRACE, began_at=BEGAN, speed=60, shift=True, gaps=[Gap(20, 30)])
    assert [cue.offline for cue in played] == [False, True, False, False]
