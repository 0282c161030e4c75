"""Every point gets a verdict, and only believable new points move the dot."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.positions.filters import REMEMBERED, Track, Verdict, judge
from tracker.positions.heartbeat import Heartbeat

NOW_MS = 1_795_249_800_000
METRE = 1 / 111_195  # degrees of latitude


def fix(metres_north: float = 0.0, seconds: float = 0.0, **more: Any) -> Heartbeat:
    at = NOW_MS + round(seconds * 1000)
    values: dict[str, Any] = {"seq": at, "accuracy_m": 10.0, **more}
    return Heartbeat(53.4 + metres_north * METRE, -2.9, at, **values)


def verdicts(track: Track, *fixes: Heartbeat) -> list[Verdict]:
    return [track.take(each, NOW_MS) for each in fixes]


def test_the_first_point_is_believed() -> None:
    assert Track().take(fix(), NOW_MS) is Verdict.GOOD


def test_the_stored_numbers_never_change() -> None:
    assert {v.name: v.value for v in Verdict} == {
        "GOOD": 0,
        "DUPLICATE": 1,
        "STALE": 2,
        "FUTURE": 3,
        "INACCURATE": 4,
        "ZERO_ISLAND": 5,
        "IMPOSSIBLE_SPEED": 6,
        "MOCK": 7,
        "TOO_OLD": 8,
    }


@pytest.mark.parametrize(
    ("point", "verdict"),
    [
        (fix(seconds=59), Verdict.GOOD),
        (fix(seconds=61), Verdict.FUTURE),
        (fix(seconds=3600), Verdict.FUTURE),
        (fix(seconds=-11 * 3600), Verdict.GOOD),
        (fix(seconds=-86_400), Verdict.TOO_OLD),
        (fix(mock=True), Verdict.MOCK),
        (fix(accuracy_m=5000.0), Verdict.INACCURATE),
        (fix(accuracy_m=None), Verdict.GOOD),
        (Heartbeat(0.0, 0.0, NOW_MS, 1), Verdict.ZERO_ISLAND),
        (Heartbeat(-0.0, 0.0001, NOW_MS, 1), Verdict.ZERO_ISLAND),
        (Heartbeat(0.0, 9.0, NOW_MS, 1), Verdict.GOOD),
        (Heartbeat(90.0, 180.0, NOW_MS, 1), Verdict.GOOD),
    ],
)
def test_a_point_is_judged_by_itself(point: Heartbeat, verdict: Verdict) -> None:
    assert judge(point, None, None, NOW_MS) is verdict
    assert Track().take(point, NOW_MS) is verdict


def test_ten_kilometres_in_four_seconds_is_impossible_and_the_dot_stays() -> None:
    track = Track()
    assert verdicts(track, fix(0, -10), fix(10_000, -6), fix(50, -5)) == [
        Verdict.GOOD,
        Verdict.IMPOSSIBLE_SPEED,
        Verdict.GOOD,
    ]
    assert track.newest == fix(50, -5)


def test_a_motorway_is_possible() -> None:
    assert verdicts(Track(), fix(0, -10), fix(360, 0)) == [Verdict.GOOD, Verdict.GOOD]


def test_noise_within_the_accuracy_is_forgiven() -> None:
    assert verdicts(Track(), fix(0, -1, accuracy_m=150.0), fix(300, 0, accuracy_m=150.0))[1] is Verdict.GOOD


def test_a_late_spike_is_caught_by_either_neighbour() -> None:
    track = Track()
    verdicts(track, fix(0, -600), fix(6_000, -100), fix(6_010, -10))
    assert track.take(fix(5_000, -599), NOW_MS) is Verdict.IMPOSSIBLE_SPEED  # too far from the one before
    assert track.take(fix(0, -101), NOW_MS) is Verdict.IMPOSSIBLE_SPEED  # too far from the one after
    assert track.take(fix(3_000, -350), NOW_MS) is Verdict.STALE


def test_points_out_of_order_fill_the_trail_and_do_not_move_the_dot() -> None:
    track = Track()
    assert verdicts(track, fix(0, -30), fix(100, -10), fix(50, -20)) == [
        Verdict.GOOD,
        Verdict.GOOD,
        Verdict.STALE,
    ]
    assert track.newest == fix(100, -10)


def test_a_second_point_of_the_same_instant_is_a_duplicate() -> None:
    track = Track()
    assert verdicts(track, fix(0, -5, seq=1), fix(1, -5, seq=2)) == [Verdict.GOOD, Verdict.DUPLICATE]
    assert verdicts(track, fix(0, -9, seq=0), fix(3, -9, seq=7)) == [Verdict.STALE, Verdict.DUPLICATE]


def test_a_point_that_is_sent_again_is_judged_as_the_first_time() -> None:
    track = Track()
    assert verdicts(track, fix(0, -5), fix(10, -4), fix(10, -4), fix(0, -5)) == [Verdict.GOOD] * 4
    assert track.newest == fix(10, -4)


def test_a_wrong_first_point_is_outvoted_by_three_that_agree() -> None:
    track = Track()
    swapped = Heartbeat(-2.9, 53.4, NOW_MS - 60_000, 1)
    assert verdicts(track, swapped, fix(0, -50), fix(50, -45), fix(100, -40), fix(150, -35)) == [
        Verdict.GOOD,
        Verdict.IMPOSSIBLE_SPEED,
        Verdict.IMPOSSIBLE_SPEED,
        Verdict.GOOD,
        Verdict.GOOD,
    ]


def test_one_far_point_sent_three_times_outvotes_nobody() -> None:
    track = Track(fix(0, -50))
    far = fix(50_000, -40)
    assert verdicts(track, far, far, far, far) == [Verdict.IMPOSSIBLE_SPEED] * 4


def test_far_points_that_do_not_agree_outvote_nobody() -> None:
    track = Track(fix(0, -50))
    wild = [fix(50_000 * (i + 1) * (-1) ** i, -40 + i) for i in range(6)]
    assert verdicts(track, *wild) == [Verdict.IMPOSSIBLE_SPEED] * 6


def test_the_antimeridian_is_no_leap() -> None:
    before = Heartbeat(-17.0, 179.9999, NOW_MS - 5000, 1)
    after = Heartbeat(-17.0, -179.9999, NOW_MS, 2)
    assert verdicts(Track(before), after) == [Verdict.GOOD]


def test_a_pros_memory_is_small() -> None:
    track = Track()
    verdicts(track, *(fix(i, i - 600) for i in range(500)))
    track.trim()
    assert len(track._fixes) == REMEMBERED
    assert track.newest == fix(499, -101)


FIXES = st.builds(
    Heartbeat,
    lat=st.floats(-90, 90) | st.floats(53.39, 53.41),
    lng=st.floats(-180, 180) | st.floats(-2.91, -2.89),
    recorded_ms=st.integers(NOW_MS - 10**8, NOW_MS + 10**8) | st.integers(NOW_MS - 20_000, NOW_MS),
    seq=st.integers(0, 5),
    accuracy_m=st.none() | st.floats(0, 1e6),
    mock=st.booleans(),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(FIXES, max_size=30))
def test_the_dot_only_goes_forward_in_time_and_only_to_believable_points(points: list[Heartbeat]) -> None:
    track = Track()
    for point in points:
        before = track.newest
        verdict = track.take(point, NOW_MS)
        if track.newest is not before:
            assert verdict is Verdict.GOOD
            assert track.newest is point
            assert before is None or before.recorded_ms < point.recorded_ms
            assert point.recorded_ms <= NOW_MS + 60_000
            assert not point.mock
        times = [each.recorded_ms for each in track._fixes]
        assert times == sorted(set(times))
        track.trim()
        assert len(track._fixes) <= REMEMBERED
