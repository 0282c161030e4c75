"""One strict parser for heartbeats, whichever way they came in.

A heartbeat is a JSON object with the names and units of the W3C Geolocation API: `lat`, `lng` (degrees),
`accuracy` (metres), `heading` (degrees from north), `speed` (m/s), `recorded_at` (ISO 8601 with a zone, or
epoch milliseconds), and beside them `job_id`, `seq`, `session`, `battery` (0 to 1, W3C Battery Status) and
`mock`. Null means "not known" wherever a device may not know. Anything else is refused with a reason: a
number in quotes, a boolean, NaN, a field nobody declared.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from math import isfinite
from typing import Annotated, Any

import msgspec
from msgspec import Meta

MAX_BATCH = 500  # items in one message
MAX_SEQ = 2**53 - 1  # the largest whole number that every JSON reader keeps exact

# What the trail's partitions hold. A clock that is further off than this tells no time at all.
OLDEST_ACCEPTED_S = 7 * 86_400
NEWEST_ACCEPTED_S = 86_400


class Reason(StrEnum):
    """Why an item is refused for good; sending it again cannot help."""

    NOT_AN_OBJECT = "not_an_object"  # a heartbeat is one JSON object
    UNKNOWN_FIELD = "unknown_field"  # a field that no heartbeat has, or one under both of its names
    BAD_LAT = "bad_lat"  # missing, or not a number from -90 to 90
    BAD_LNG = "bad_lng"  # missing, or not a number from -180 to 180
    BAD_ACCURACY = "bad_accuracy"  # not a number of metres from 0 up
    BAD_HEADING = "bad_heading"  # not a number from 0 to 360
    BAD_SPEED = "bad_speed"  # not a number of metres per second from 0 up
    BAD_RECORDED_AT = "bad_recorded_at"  # not ISO 8601 with a zone, nor epoch milliseconds
    BAD_SEQ = "bad_seq"  # not a whole number from 0 to 2^53 - 1
    BAD_SESSION = "bad_session"  # not 1 to 64 letters, digits, `.`, `_`, `:` or `-`
    BAD_BATTERY = "bad_battery"  # not a number from 0 to 1
    BAD_MOCK = "bad_mock"  # not a boolean
    BAD_JOB_ID = "bad_job_id"  # not text
    RECORDED_AT_NEEDED = "recorded_at_needed"  # in a batch, only its own time can order a point
    CLOCK_ABSURD = "clock_absurd"  # more than 7 days ago, or more than a day ahead
    NOT_YOUR_JOB = "not_your_job"  # not one of the caller's active jobs


class HeartbeatError(ValueError):
    """One item is not a heartbeat; `reason` says why."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        super().__init__(reason.value)


class Heartbeat(msgspec.Struct, frozen=True, gc=False):
    """A well-formed heartbeat. Times are epoch milliseconds of the device's clock.

    `seq` is the device's own number, or when it sends none one made of its time and place: with `recorded_ms`
    and the session it tells a resent point from a new one. `job_id` is as the device wrote it, in lower case.
    """

    lat: float
    lng: float
    recorded_ms: int
    seq: int
    accuracy_m: float | None = None
    heading_deg: float | None = None
    speed_m_s: float | None = None
    battery: float | None = None
    mock: bool = False
    job_id: str | None = None
    session: str = ""


class Rejected(msgspec.Struct, frozen=True):
    """An item of a message that is not kept; `index` is its place in the message, from 0."""

    index: int
    reason: Reason


class _Wire(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The JSON object as it may arrive (msgspec's strict mode: no quoted numbers, no booleans for them)."""

    lat: Annotated[float, Meta(ge=-90, le=90)]
    lng: Annotated[float, Meta(ge=-180, le=180)]
    accuracy: Annotated[float, Meta(ge=0, lt=1e9)] | None = None
    heading: Annotated[float, Meta(ge=0, le=360)] | None = None
    speed: Annotated[float, Meta(ge=0, lt=1e6)] | None = None
    recorded_at: int | float | str | None = None
    seq: Annotated[int, Meta(ge=0, le=MAX_SEQ)] | None = None
    session: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._:-]{1,64}\Z")] | None = None
    battery: Annotated[float, Meta(ge=0, le=1)] | None = None
    mock: bool | None = None
    job_id: Annotated[str, Meta(max_length=64)] | None = None


_CAMEL_CASE = (("jobId", "job_id"), ("recordedAt", "recorded_at"))
_FIELD_IN_MESSAGE = re.compile(r"`(?:\$\.)?([a-z_]+)`\Z")
_MAX_ISO_LENGTH = 40


def parse(raw: object, now_ms: int) -> Heartbeat:
    """Read one decoded JSON value. A heartbeat without a time of its own is of `now_ms`.

    Raises HeartbeatError.
    """
    wire = _read(raw)
    at = wire.recorded_at
    recorded_ms = now_ms if at is None else _epoch_ms(at)
    if not -OLDEST_ACCEPTED_S * 1000 <= recorded_ms - now_ms <= NEWEST_ACCEPTED_S * 1000:
        raise HeartbeatError(Reason.CLOCK_ABSURD)
    return Heartbeat(
        wire.lat,
        wire.lng,
        recorded_ms,
        _number(recorded_ms, wire.lat, wire.lng) if wire.seq is None else wire.seq,
        wire.accuracy,
        wire.heading,
        wire.speed,
        wire.battery,
        bool(wire.mock),
        None if wire.job_id is None else wire.job_id.lower(),
        wire.session or "",
    )


def parse_batch(items: Sequence[object], now_ms: int) -> tuple[list[tuple[int, Heartbeat]], list[Rejected]]:
    """Read the items of one message, each on its own: the good ones with their places, and the others."""
    good: list[tuple[int, Heartbeat]] = []
    rejected: list[Rejected] = []
    alone = len(items) == 1
    for index, raw in enumerate(items):
        try:
            heartbeat = parse(raw, now_ms)
            if not alone and _has_no_time(raw):
                raise HeartbeatError(Reason.RECORDED_AT_NEEDED)
        except HeartbeatError as bad:
            rejected.append(Rejected(index, bad.reason))
        else:
            good.append((index, heartbeat))
    return good, rejected


def _read(raw: object) -> _Wire:
    if not isinstance(raw, dict):
        raise HeartbeatError(Reason.NOT_AN_OBJECT)
    try:
        return msgspec.convert(_snake_case(raw), _Wire)
    except msgspec.ValidationError as error:
        raise HeartbeatError(_reason(str(error))) from None
    except UnicodeEncodeError:  # a lone surrogate in a name
        raise HeartbeatError(Reason.UNKNOWN_FIELD) from None


def _snake_case(raw: dict[Any, Any]) -> dict[Any, Any]:
    for camel, snake in _CAMEL_CASE:
        if camel in raw:
            if snake in raw:
                raise HeartbeatError(Reason.UNKNOWN_FIELD)
            raw = {(snake if name == camel else name): value for name, value in raw.items()}
    return raw


def _reason(message: str) -> Reason:
    """Which field msgspec complains about: its messages end in `` `$.lat` `` or in `` field `lat` ``."""
    found = _FIELD_IN_MESSAGE.search(message)
    try:
        return Reason(f"bad_{found[1]}") if found and "unknown field" not in message else Reason.UNKNOWN_FIELD
    except ValueError:
        return Reason.UNKNOWN_FIELD


def _epoch_ms(at: float | str) -> int:
    try:
        if not isinstance(at, str):
            return round(at) if isfinite(at) else _no_time()
        when = datetime.fromisoformat(at) if len(at) <= _MAX_ISO_LENGTH else None
        return round(when.timestamp() * 1000) if when and when.tzinfo else _no_time()
    except (ValueError, OverflowError):
        raise HeartbeatError(Reason.BAD_RECORDED_AT) from None


def _number(recorded_ms: int, lat: float, lng: float) -> int:
    """A number for a point without one: the same when it is resent, another for another place at once.

    Time comes first, so that a session's rows lie in the index as they came. The place fills the low 20 bits
    (one pair of places in a million shares them), which leaves a bigint until the year 2248.
    """
    place = round(lat * 1e7) ^ round(lng * 1e7) * 0x9E3779B1  # Knuth's multiplier: (a, b) is not (b, a)
    return recorded_ms << 20 | place & 0xFFFFF


def _no_time() -> int:
    raise HeartbeatError(Reason.BAD_RECORDED_AT)


def _has_no_time(raw: object) -> bool:
    return isinstance(raw, dict) and raw.get("recorded_at") is None and raw.get("recordedAt") is None
