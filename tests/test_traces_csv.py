"""CSV traces: flexible headers, missing values, and a line number for every mistake."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyproj import Geod

from tracker.replay.csv_traces import read_csv
from tracker.replay.reading import read_traces
from tracker.replay.traces import BadTrace, choose

BUS = Path(__file__).parent / "data" / "liverpool_bus_route14.csv"


def test_the_recorded_bus_route_has_1533_fixes_of_8_vehicles() -> None:
    traces = read_traces(BUS)
    assert sum(len(trace.fixes) for trace in traces) == 1533
    assert len(traces) == 8
    assert sum(trace.repeated for trace in traces) == 0
    assert sum(fix.heading_deg is None for trace in traces for fix in trace.fixes) == 399
    assert sum(len(trace.trips) for trace in traces) == 16


def test_the_recorded_bus_route_is_in_time_order_at_speeds_a_bus_can_do() -> None:
    earth = Geod(ellps="WGS84")
    for trace in read_traces(BUS):
        for before, after in zip(trace.fixes, trace.fixes[1:], strict=False):
            seconds = (after.recorded_at - before.recorded_at).total_seconds()
            assert seconds > 0
            assert earth.inv(before.lng, before.lat, after.lng, after.lat)[2] / seconds < 20


def test_the_vehicle_with_most_fixes_is_played_unless_one_is_named() -> None:
    traces = read_traces(BUS)
    assert (choose(traces).vehicle, len(choose(traces).fixes)) == ("4720", 278)
    assert choose(traces, "4722").vehicle == "4722"
    assert len(choose(traces, "4720", "1111").fixes) == 147
    assert choose(traces, trip="1111").vehicle == "4720"
    for vehicle, trip in (("9999", None), ("4720", "9999"), (None, "9999")):
        with pytest.raises(BadTrace, match=r"vehicle|trip"):
            choose(traces, vehicle, trip)


@pytest.mark.parametrize(
    "header",
    [
        "lat,lng,time",
        "Latitude,Longitude,Timestamp",
        "lat;lon;recorded_at",
        "lat\tlong\ttime",
        "\ufefflat,lng,time",
    ],
)
def test_columns_are_found_under_their_usual_names_and_separators(header: str) -> None:
    separator = next(mark for mark in ",;\t" if mark in header)
    row = separator.join(("53.4", "-2.9", "2026-01-26 15:57:02"))
    (trace,) = read_csv(f"{header}\n{row}\n".encode())
    (fix,) = trace.fixes
    assert (fix.lat, fix.lng) == (53.4, -2.9)
    assert fix.recorded_at == datetime(2026, 1, 26, 15, 57, 2, tzinfo=UTC)
    assert (fix.accuracy_m, fix.heading_deg, fix.speed_mps) == (None, None, None)


@pytest.mark.parametrize(
    "time",
    [
        "2026-01-26 15:57:02",
        "2026-01-26T15:57:02Z",
        "2026-01-26T17:57:02+02:00",
        "1769443022",
        "1769443022000",
    ],
)
def test_times_may_be_naive_zoned_or_epoch_seconds_or_milliseconds(time: str) -> None:
    (trace,) = read_csv(f"lat,lng,time\n1,2,{time}\n".encode())
    assert trace.fixes[0].recorded_at == datetime(2026, 1, 26, 15, 57, 2, tzinfo=UTC)


def test_optional_columns_are_read_and_negative_means_not_known() -> None:
    text = "time,course,speed,accuracy,lat,lng,device\n0,360,3.5,8,1,2,a\n1,-1,-1,-1,1,2,a\n2,,,,1,2,b\n"
    one, two = read_csv(text.encode())
    assert (one.vehicle, two.vehicle) == ("a", "b")
    known, unknown = one.fixes
    assert (known.heading_deg, known.speed_mps, known.accuracy_m) == (0.0, 3.5, 8.0)
    assert (unknown.heading_deg, unknown.speed_mps, unknown.accuracy_m) == (None, None, None)


def test_rows_are_sorted_by_time_and_a_repeated_time_is_left_out_and_counted() -> None:
    (trace,) = read_csv(b"lat,lng,time\n3,0,30\n1,0,10\n2,0,20\n9,0,20\n\n")
    assert [fix.lat for fix in trace.fixes] == [1, 2, 3]
    assert trace.repeated == 1


@pytest.mark.parametrize(
    ("content", "line", "word"),
    [
        (b"", 1, "column"),
        (b"lat,time\n1,0\n", 1, "longitude"),
        (b"lat,lng,time\n", None, "no rows"),
        (b"lat,lng,time\n1,2,0\nx,2,0\n", 3, "not a number"),
        (b"lat,lng,time\n1,2,0\n\nnan,2,0\n", 4, "not a number"),
        (b"lat,lng,time\n1e999,2,0\n", 2, "not a number"),
        (b"lat,lng,time\n91,2,0\n", 2, "between"),
        (b"lat,lng,time\n1,181,0\n", 2, "between"),
        (b"lat,lng,time\n,2,0\n", 2, "missing"),
        (b"lat,lng,time\n1\n", 2, "missing"),
        (b"lat,lng,time\n1,2,\n", 2, "time is missing"),
        (b"lat,lng,time\n1,2,yesterday\n", 2, "not a time"),
        (b"lat,lng,time\n1,2,1e30\n", 2, "not a time"),
        (b"lat,lng,time\n1,2,nan\n", 2, "not a time"),
        (b"lat,lng,time\n1,2,0001-01-01T00:00:00+14:00\n", 2, "not a time"),
        (b"lat,lng,time,bearing\n1,2,0,361\n", 2, "361"),
        (b'lat,lng,time\n1,2,"0\n', 2, "CSV"),
        (b"lat,lng,time\n1,2,0\n\xff,2,0\n", 3, "UTF-8"),
    ],
)
def test_a_bad_row_is_an_error_that_names_its_line(content: bytes, line: int | None, word: str) -> None:
    with pytest.raises(BadTrace, match=word) as caught:
        read_csv(content)
    assert caught.value.line == line


def test_a_file_that_cannot_be_read_is_a_typed_error(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.csv", tmp_path):
        with pytest.raises(BadTrace):
            read_traces(path)


def test_a_file_that_is_too_big_is_not_even_read(tmp_path: Path) -> None:
    huge = tmp_path / "huge.csv"
    with huge.open("wb") as file:
        file.truncate(65 * 1024 * 1024)
    with pytest.raises(BadTrace, match="bigger than"):
        read_traces(huge)
