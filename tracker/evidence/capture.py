"""When and where a photo was taken: the camera's word first, then the device's that sent it.

A rule module. The camera wrote its word into the file (EXIF); it is read before it is stripped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tracker.evidence.rules import Taken

EXIF_BEGAN = 1995  # Exif 1.0 (JEIDA); an earlier time is a clock that was never set
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)", re.ASCII)


def taken_by(exif: Mapping[str, Any], device: Taken, zone: ZoneInfo) -> Taken:
    """When and where. `exif` is `darkroom.exif_facts`; a local time without offset is `zone`'s."""
    place = _place(exif)
    return Taken(
        at=_with_offset(exif) or _from_satellites(exif) or _local(exif, zone) or device.at,
        lat=place[0] if place else device.lat,
        lng=place[1] if place else device.lng,
        accuracy_m=_accuracy_m(exif) if place else device.accuracy_m,
        software=exif.get("software"),
    )


def _place(exif: Mapping[str, Any]) -> tuple[float, float] | None:
    lat, lng = exif.get("lat"), exif.get("lng")
    if lat is None or lng is None or not (-90 <= lat <= 90 and -180 <= lng <= 180):
        return None
    return None if lat == lng == 0 else (lat, lng)  # what a phone writes that has not found itself yet


def _accuracy_m(exif: Mapping[str, Any]) -> float | None:
    accuracy_m: float | None = exif.get("accuracy_m")
    return accuracy_m if accuracy_m is not None and accuracy_m >= 0 else None


def _naive(exif: Mapping[str, Any]) -> datetime | None:
    try:
        taken = datetime.strptime(exif.get("taken", ""), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 - has none
    except ValueError:
        return None
    return taken if taken.year >= EXIF_BEGAN else None


def _with_offset(exif: Mapping[str, Any]) -> datetime | None:
    naive, offset = _naive(exif), _OFFSET.fullmatch(exif.get("offset", ""))
    if naive is None or offset is None:
        return None
    east = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
    return _utc(naive.replace(tzinfo=UTC), -east if offset[1] == "+" else east)


def _from_satellites(exif: Mapping[str, Any]) -> datetime | None:
    try:
        day = datetime.strptime(exif.get("gps_date", ""), "%Y:%m:%d").replace(tzinfo=UTC)
        hours, minutes, seconds = exif["gps_time"]
    except (ValueError, KeyError):
        return None
    if day.year < EXIF_BEGAN or not (0 <= hours < 24 and 0 <= minutes < 60 and 0 <= seconds <= 60):
        return None
    return _utc(day, timedelta(hours=hours, minutes=minutes, seconds=seconds))


def _local(exif: Mapping[str, Any], zone: ZoneInfo) -> datetime | None:
    naive = _naive(exif)
    if naive is None:
        return None
    try:
        return naive.replace(tzinfo=zone).astimezone(UTC)
    except OverflowError:
        return None


def _utc(at: datetime, later: timedelta) -> datetime | None:
    try:
        return at + later
    except OverflowError:
        return None
