"""Traces from CSV files with a header line.

Columns are found by name, whatever their order and case: a latitude, a longitude and a time are
needed; speed (m/s), heading, accuracy, a vehicle and a trip are used when there. Other columns are
ignored. Columns may be parted by commas, semicolons or tabs.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator

from tracker.replay.traces import BadTrace, Trace, TraceFix, amount, degrees, heading, instant, make_trace

_NAMES = {
    "lat": ("lat", "latitude"),
    "lng": ("lng", "lon", "long", "longitude"),
    "time": ("time", "timestamp", "recorded_at", "datetime"),
    "speed": ("speed", "speed_mps"),
    "heading": ("heading", "bearing", "course"),
    "accuracy": ("accuracy", "accuracy_m"),
    "vehicle": ("vehicle", "vehicle_id", "device", "device_id"),
    "trip": ("trip", "trip_id"),
}
_NEEDED = ("lat", "lng", "time")
ONLY_VEHICLE = "1"  # the name of the vehicle in a file without a column for it


def read_csv(content: bytes) -> list[Trace]:
    """The vehicles of a CSV file, in the order they first appear. Raises BadTrace with the line."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadTrace("this is not UTF-8 text", line=line) from None
    by_vehicle: dict[str, list[TraceFix]] = {}
    for vehicle, fix in _fixes(text):
        by_vehicle.setdefault(vehicle, []).append(fix)
    if not by_vehicle:
        raise BadTrace("there are no rows after the header")
    return [make_trace(vehicle, fixes) for vehicle, fixes in by_vehicle.items()]


def _fixes(text: str) -> Iterator[tuple[str, TraceFix]]:
    """(vehicle, fix) of every row that is not blank."""
    header = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        columns = _columns(next(rows, []))
        for row in rows:
            if any(cell.strip() for cell in row):
                yield _fix(_cell_of(row, columns), rows.line_num)
    except csv.Error as error:
        raise BadTrace(f"this is not CSV: {error}", line=rows.line_num) from None


def _columns(header: list[str]) -> dict[str, int]:
    """Which column holds what. Raises BadTrace when one that is needed is not there."""
    names = [name.strip().lower() for name in header]
    columns = {}
    for wanted, known in _NAMES.items():
        found = next((names.index(name) for name in known if name in names), None)
        if found is not None:
            columns[wanted] = found
        elif wanted in _NEEDED:
            raise BadTrace(f"no column named {' or '.join(known)}", line=1)
    return columns


def _cell_of(row: list[str], columns: dict[str, int]) -> Callable[[str], str | None]:
    """Look up a cell by what it holds; None where the row is short or the column is not there."""

    def cell(name: str) -> str | None:
        place = columns.get(name)
        return None if place is None or place >= len(row) else row[place]

    return cell


def _fix(cell: Callable[[str], str | None], line: int) -> tuple[str, TraceFix]:
    fix = TraceFix(
        recorded_at=instant(cell("time"), line),
        lat=degrees(cell("lat"), "the latitude", 90, line),
        lng=degrees(cell("lng"), "the longitude", 180, line),
        accuracy_m=amount(cell("accuracy"), "the accuracy", line),
        heading_deg=heading(cell("heading"), line),
        speed_mps=amount(cell("speed"), "the speed", line),
        trip=(cell("trip") or "").strip() or None,
    )
    return (cell("vehicle") or "").strip() or ONLY_VEHICLE, fix
