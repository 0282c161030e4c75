"""A heartbeat is read strictly, and a refusal names its reason."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.positions.heartbeat import Heartbeat, HeartbeatError, Reason, Rejected, parse, parse_batch

NOW = datetime(2026, 11, 21, 8, 30, 0, 125_000, tzinfo=UTC)
NOW_MS = 1_795_249_800_125
HERE = {"lat": 53.4, "lng": -2.9}


def reason_of(raw: object) -> Reason | None:
    try:
        parse(raw, NOW_MS)
    except HeartbeatError as bad:
        return bad.reason
    return None


def test_the_clock_of_these_tests_is_right() -> None:
    assert round(NOW.timestamp() * 1000) == NOW_MS


def test_everything_a_device_may_say_is_read() -> None:
    full = {
        "job_id": "7B0E6C52-0000-4000-8000-000000000001",
        "lat": 53.44451,
        "lng": -2,
        "accuracy": 12.5,
        "heading": 360,
        "speed": 8,
        "recorded_at": "2026-11-21T09:30:00.125+01:00",
        "seq": 7,
        "session": "phone-1",
        "battery": 0.5,
        "mock": False,
    }
    assert parse(full, 0 + NOW_MS) == Heartbeat(
        lat=53.44451,
        lng=-2.0,
        recorded_ms=NOW_MS,
        seq=7,
        accuracy_m=12.5,
        heading_deg=360.0,
        speed_m_s=8.0,
        battery=0.5,
        mock=False,
        job_id="7b0e6c52-0000-4000-8000-000000000001",
        session="phone-1",
    )


def test_names_may_be_in_camel_case_but_not_in_both() -> None:
    heartbeat = parse({**HERE, "jobId": "a", "recordedAt": NOW_MS - 1}, NOW_MS)
    assert (heartbeat.job_id, heartbeat.recorded_ms) == ("a", NOW_MS - 1)
    assert reason_of({**HERE, "jobId": "a", "job_id": "a"}) is Reason.UNKNOWN_FIELD


def test_a_point_without_a_number_is_known_by_its_time_and_place() -> None:
    numbers = {
        parse({"lat": lat, "lng": lng, "recorded_at": at}, NOW_MS).seq
        for lat in (53.4, 53.4000001, -2.9, 90, -90)
        for lng in (-2.9, 53.4, 180, -180)
        for at in (NOW_MS, NOW_MS - 1)
    }
    assert len(numbers) == 40
    assert parse(HERE, NOW_MS).seq == parse({**HERE, "accuracy": 900.0, "battery": 0.5}, NOW_MS).seq


def test_the_callers_object_is_not_changed() -> None:
    raw = {**HERE, "jobId": "a"}
    parse(raw, NOW_MS)
    assert raw == {**HERE, "jobId": "a"}


@pytest.mark.parametrize(
    "name", ["accuracy", "heading", "speed", "battery", "seq", "session", "mock", "job_id"]
)
def test_null_means_not_known_where_a_device_may_not_know(name: str) -> None:
    assert parse({**HERE, name: None}, NOW_MS) == parse(HERE, NOW_MS)


@pytest.mark.parametrize("field", ["lat", "lng"])
@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        -math.inf,
        1e999,
        -1e999,
        "53.4",
        "",
        True,
        False,
        None,
        [],
        {},
        [53.4],
        181,
        -180.0001,
        10**400,
        -(10**400),
        b"1",
    ],
)
def test_a_coordinate_is_a_finite_number_in_range(field: str, value: object) -> None:
    assert reason_of({**HERE, field: value}) is Reason(f"bad_{field}")


@pytest.mark.parametrize("field", ["lat", "lng"])
def test_a_coordinate_must_be_there(field: str) -> None:
    assert reason_of({name: value for name, value in HERE.items() if name != field}) is Reason(f"bad_{field}")


@pytest.mark.parametrize(
    ("lat", "lng"), [(90, 0), (-90, 0), (0, 180), (0, -180), (0, 0), (90.0, 180.0), (-0.0, -0.0)]
)
def test_the_ends_of_the_earth_are_places(lat: float, lng: float) -> None:
    assert parse({"lat": lat, "lng": lng}, NOW_MS).lat == lat


def test_a_latitude_beyond_the_pole_is_refused_also_when_it_is_a_swapped_longitude() -> None:
    assert reason_of({"lat": -118.24, "lng": 34.05}) is Reason.BAD_LAT
    assert reason_of({"lat": 90.0000001, "lng": 0}) is Reason.BAD_LAT


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("accuracy", -1),
        ("accuracy", "5"),
        ("accuracy", math.nan),
        ("accuracy", math.inf),
        ("accuracy", True),
        ("heading", -0.1),
        ("heading", 361),
        ("heading", "N"),
        ("speed", -1),
        ("speed", math.nan),
        ("seq", -1),
        ("seq", 2**53),
        ("seq", 2**63),
        ("seq", 2**64),
        ("seq", 5.0),
        ("seq", "5"),
        ("seq", True),
        ("session", ""),
        ("session", "a" * 65),
        ("session", "a\0"),
        ("session", "a\n"),
        ("session", "\ud800"),
        ("session", "ü"),
        ("session", 5),
        ("battery", 1.01),
        ("battery", -0.01),
        ("battery", 50),
        ("battery", "1"),
        ("mock", 1),
        ("mock", "true"),
        ("job_id", 5),
        ("job_id", []),
        ("job_id", "x" * 65),
        ("recorded_at", True),
        ("recorded_at", ""),
        ("recorded_at", "yesterday"),
        ("recorded_at", "2026-11-21"),
        ("recorded_at", "2026-11-21T08:30:00"),
        ("recorded_at", math.nan),
        ("recorded_at", math.inf),
        ("recorded_at", {}),
        ("recorded_at", "\ud800"),
        ("recorded_at", "2026-13-21T08:30:00Z"),
        ("recorded_at", "2026-11-21T08:30:00Z" + " " * 50),
    ],
)
def test_every_other_field_has_its_own_limits(field: str, value: object) -> None:
    assert reason_of({**HERE, field: value}) is Reason(f"bad_{field}")


@pytest.mark.parametrize("raw", [None, [], "x", 5, 5.0, True, b"{}", [HERE], object()])
def test_a_heartbeat_is_one_object(raw: object) -> None:
    assert reason_of(raw) is Reason.NOT_AN_OBJECT


@pytest.mark.parametrize(
    "name", ["pro_id", "status", "latitude", "", "\ud800", "LAT", "lat ", 5, None, "recordedat"]
)
def test_a_field_that_nobody_declared_is_refused(name: object) -> None:
    assert reason_of({**HERE, name: 1}) is Reason.UNKNOWN_FIELD


@pytest.mark.parametrize(
    "at", [NOW_MS, float(NOW_MS), NOW_MS + 0.4, "2026-11-21T08:30:00.125Z", "2026-11-21T03:30:00.125-05:00"]
)
def test_one_instant_may_be_written_in_several_ways(at: float | str) -> None:
    heartbeat = parse({**HERE, "recorded_at": at}, NOW_MS + 5)
    assert (heartbeat.recorded_ms, heartbeat.seq >> 20) == (NOW_MS, NOW_MS)


def test_without_a_time_it_is_now() -> None:
    assert parse(HERE, NOW_MS).recorded_ms == NOW_MS


@pytest.mark.parametrize("off_s", [-8 * 86_400, 86_401, -(10**12), 10**12, 10**30])
def test_a_clock_that_tells_no_time_is_refused(off_s: int) -> None:
    assert reason_of({**HERE, "recorded_at": NOW_MS + off_s * 1000}) is Reason.CLOCK_ABSURD
    assert reason_of({**HERE, "recorded_at": 5}) is Reason.CLOCK_ABSURD
    assert reason_of({**HERE, "recorded_at": "0001-01-01T00:00:00+23:59"}) is Reason.CLOCK_ABSURD


@pytest.mark.parametrize("off_s", [3600, -86_400, 86_399])
def test_a_clock_that_is_an_hour_ahead_or_a_day_behind_is_read_and_judged_later(off_s: int) -> None:
    assert parse({**HERE, "recorded_at": NOW_MS + off_s * 1000}, NOW_MS).recorded_ms == NOW_MS + off_s * 1000


def test_a_batch_of_500_with_3_bad_ones_keeps_497_and_names_the_three() -> None:
    items: list[Any] = [{**HERE, "recorded_at": NOW_MS - i} for i in range(500)]
    items[7] = {"lat": math.nan, "lng": 0, "recorded_at": NOW_MS}
    items[250] = None
    items[499] = HERE
    good, rejected = parse_batch(items, NOW_MS)
    assert [index for index, _ in good] == [i for i in range(500) if i not in (7, 250, 499)]
    assert rejected == [
        Rejected(7, Reason.BAD_LAT),
        Rejected(250, Reason.NOT_AN_OBJECT),
        Rejected(499, Reason.RECORDED_AT_NEEDED),
    ]


def test_a_single_heartbeat_needs_no_time() -> None:
    good, rejected = parse_batch([HERE], NOW_MS)
    assert (len(good), rejected) == (1, [])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from([*Heartbeat.__struct_fields__, "recorded_at", "jobId", "recordedAt", "accuracy", "x"])


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(JSON, st.dictionaries(NAMES, JSON), st.dictionaries(NAMES, JSON).map(lambda d: {**HERE, **d}))
)
def test_whatever_arrives_is_either_a_believable_heartbeat_or_refused(raw: object) -> None:
    try:
        heartbeat = parse(raw, NOW_MS)
    except HeartbeatError:
        return
    assert -90 <= heartbeat.lat <= 90
    assert -180 <= heartbeat.lng <= 180
    assert abs(heartbeat.recorded_ms - NOW_MS) <= 7 * 86_400_000
    assert 0 <= heartbeat.seq < 2**63  # a bigint
    numbers = (heartbeat.accuracy_m, heartbeat.heading_deg, heartbeat.speed_m_s, heartbeat.battery)
    assert all(number is None or (math.isfinite(number) and number >= 0) for number in numbers)
    heartbeat.session.encode("ascii")


@settings(max_examples=200, deadline=None)
@given(
    st.floats(-90, 90),
    st.floats(-180, 180),
    st.none() | st.floats(0, 1e6),
    st.integers(-86_400_000, 86_400_000),
)
def test_what_was_said_is_what_is_read(lat: float, lng: float, accuracy: float | None, off_ms: int) -> None:
    text = json.dumps({"lat": lat, "lng": lng, "accuracy": accuracy, "recorded_at": NOW_MS + off_ms})
    heartbeat = parse(json.loads(text), NOW_MS)
    assert (heartbeat.lat, heartbeat.lng, heartbeat.accuracy_m) == (lat, lng, accuracy)
    assert heartbeat.recorded_ms == NOW_MS + off_ms
