"""What a recorded trace is, whatever file it came from."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from db.errors import Invalid

MAX_FILE_BYTES = 64 * 1024 * 1024
_EPOCH_MS_FROM = 1e11  # a bigger number of seconds would be after the year 5138


class BadTrace(Invalid):
    """The trace file cannot be played."""

    code = "bad_trace"

    def __init__(self, detail: str, *, line: int | None = None) -> None:
        super().__init__(f"line {line}: {detail}" if line else detail, line=line)
        self.line = line


@dataclass(frozen=True, slots=True)
class TraceFix:
    """One recorded reading: degrees, metres, degrees clockwise from north, m/s. None: not recorded."""

    recorded_at: datetime
    lat: float
    lng: float
    accuracy_m: float | None = None
    heading_deg: float | None = None
    speed_mps: float | None = None
    trip: str | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """One vehicle's fixes, in time order, no two at the same time. Never empty.

    `repeated` fixes had the same time as an earlier one and were left out: a device is in one place
    at a time, and the server could only judge the second one as impossible.
    """

    vehicle: str
    fixes: tuple[TraceFix, ...]
    repeated: int = 0

    @property
    def duration_s(self) -> float:
        """Seconds from the first fix to the last."""
        return (self.fixes[-1].recorded_at - self.fixes[0].recorded_at).total_seconds()

    @property
    def trips(self) -> list[str]:
        """The trips in it, in the order they begin."""
        return list(dict.fromkeys(fix.trip for fix in self.fixes if fix.trip is not None))


def make_trace(vehicle: str, fixes: Iterable[TraceFix]) -> Trace:
    """Sort by time and leave out repeated times."""
    in_order = sorted(fixes, key=lambda fix: fix.recorded_at)
    kept = [
        fix
        for place, fix in enumerate(in_order)
        if place == 0 or fix.recorded_at > in_order[place - 1].recorded_at
    ]
    return Trace(vehicle, tuple(kept), len(in_order) - len(kept))


def choose(traces: list[Trace], vehicle: str | None = None, trip: str | None = None) -> Trace:
    """The trace to play: the named vehicle, or the one with the most fixes; of it, one trip or all.

    One vehicle is one pro: traces of different vehicles are never mixed. Raises BadTrace.
    """
    if vehicle is None:
        having = [trace for trace in traces if trip is None or trip in trace.trips]
        trace = max(having, key=lambda trace: len(trace.fixes), default=None)
    else:
        trace = next((trace for trace in traces if trace.vehicle == vehicle), None)
    if trace is None:
        there = ", ".join(trace.vehicle for trace in traces)
        raise BadTrace(f"no such vehicle or trip in the file; its vehicles are {there}")
    if trip is None:
        return trace
    fixes = tuple(fix for fix in trace.fixes if fix.trip == trip)
    if not fixes:
        raise BadTrace(f"vehicle {trace.vehicle} has no trip {trip}; its trips are {', '.join(trace.trips)}")
    return Trace(trace.vehicle, fixes, trace.repeated)


def read_bytes(path: Path) -> bytes:
    """The file's content. Raises BadTrace when it cannot be read or is too big."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise BadTrace(f"{path.name} is bigger than {MAX_FILE_BYTES // 2**20} MB")
        return path.read_bytes()
    except OSError as error:
        raise BadTrace(f"{path} cannot be read: {error.strerror or error}") from error


# --- values, the same in every format ------------------------------------------------------------


def degrees(text: str | None, name: str, limit: float, line: int) -> float:
    """A latitude or longitude. Raises BadTrace."""
    value = _number(text, name, line)
    if value is None:
        raise BadTrace(f"{name} is missing", line=line)
    if not -limit <= value <= limit:
        raise BadTrace(f"{name} {value:g} is not between -{limit:g} and {limit:g}", line=line)
    return value


def amount(text: str | None, name: str, line: int) -> float | None:
    """An accuracy or speed; None when empty, or negative, which is how iOS says "not known"."""
    value = _number(text, name, line)
    return None if value is None or value < 0 else value


def heading(text: str | None, line: int) -> float | None:
    """A heading in [0, 360); None when not known."""
    value = amount(text, "the heading", line)
    if value is not None and value > 360:
        raise BadTrace(f"the heading {value:g} is more than 360", line=line)
    return None if value is None else value % 360


def instant(text: str | None, line: int) -> datetime:
    """ISO 8601 (without a zone: UTC), or epoch seconds or milliseconds. Raises BadTrace."""
    text = (text or "").strip()
    if not text:
        raise BadTrace("the time is missing", line=line)
    try:
        number = float(text)
    except ValueError:
        return _iso(text, line)
    try:
        return datetime.fromtimestamp(number / 1000 if abs(number) >= _EPOCH_MS_FROM else number, UTC)
    except (ValueError, OverflowError, OSError):
        raise BadTrace(f"{text[:40]!r} is not a time", line=line) from None


def _iso(text: str, line: int) -> datetime:
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadTrace(f"{text[:40]!r} is not a time", line=line) from None


def _number(text: str | None, name: str, line: int) -> float | None:
    text = (text or "").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadTrace(f"{name} {text[:40]!r} is not a number", line=line)
    return value
