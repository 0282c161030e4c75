"""What requests and answers are made of: two base structs, one kind of time, the common ranges.

A request's struct derives from `Input` (unknown fields are refused), an answer's from `Answer`. Ranges
are `Annotated[…, Meta(…)]`, so the check and the OpenAPI schema are one declaration.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from db.times import iso

Latitude = Annotated[float, Meta(ge=-90, le=90, description="Degrees north, WGS84.")]
Longitude = Annotated[float, Meta(ge=-180, le=180, description="Degrees east, WGS84.")]
Cents = Annotated[int, Meta(ge=0, le=100_000_000, description="An amount of money in cents.")]
Version = Annotated[int, Meta(ge=0, le=2**63 - 1, description="Number of the job's newest event.")]
PersonId = Annotated[str, Meta(min_length=1, max_length=128, description="The `sub` of a person's token.")]
Name = Annotated[str, Meta(min_length=1, max_length=200, description="A person's name.")]
Line = Annotated[str, Meta(min_length=1, max_length=300)]
Paragraph = Annotated[str, Meta(max_length=4000)]

# RFC 3339 §5.6, with optional seconds. `datetime.fromisoformat` alone also takes weeks and bare dates.
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_MAX_EPOCH_MS = 253_402_300_799_999  # the last millisecond of the year 9999


class Input(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A request body or query: declared fields only, in snake_case or camelCase."""


class Answer(msgspec.Struct, kw_only=True):
    """An answer: snake_case."""


class Instant(datetime):
    """A moment on the wire: read from ISO 8601 or epoch milliseconds, written as ISO 8601 UTC with `Z`.

    It is a `datetime` (always UTC), so rules and queries take it as it is. `Instant.of(datetime)` makes
    one for an answer.
    """

    @classmethod
    def of(cls, moment: datetime) -> Instant:
        """The same moment, ready for an answer. Raises ValueError for a naive datetime."""
        if moment.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        utc = moment.astimezone(UTC)
        return cls(
            utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second, utc.microsecond, tzinfo=UTC
        )

    @classmethod
    def maybe(cls, moment: datetime | None) -> Instant | None:
        """`of`, passing None through."""
        return None if moment is None else cls.of(moment)

    @classmethod
    def read(cls, value: object) -> Instant:
        """From the wire: an ISO 8601 text with a zone, or epoch milliseconds. Raises ValueError."""
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise ValueError("Expected an ISO 8601 time or epoch milliseconds")  # noqa: TRY004 - msgspec's contract
        if isinstance(value, int):
            if not 0 <= value <= _MAX_EPOCH_MS:
                raise ValueError("Expected epoch milliseconds between the years 1970 and 9999")
            return cls.of(datetime.fromtimestamp(value // 1000, UTC).replace(microsecond=value % 1000 * 1000))
        if not _RFC3339.fullmatch(value):
            raise ValueError("Expected an ISO 8601 time with a zone, like 2026-11-21T08:30:00Z")
        try:
            return cls.of(datetime.fromisoformat(value.upper()))
        except (ValueError, OverflowError):
            raise ValueError("Expected a time that exists") from None


def decode_custom(kind: type, value: object) -> Any:
    """msgspec's hook for the types it does not know, on the way in."""
    if kind is Instant:
        return Instant.read(value)
    raise NotImplementedError(kind)


def encode_custom(value: object) -> Any:
    """The same, on the way out."""
    if isinstance(value, Instant):
        return iso(value)
    raise NotImplementedError(type(value))


def schema_custom(kind: type) -> dict[str, Any]:
    """The same, for OpenAPI."""
    if kind is Instant:
        return {
            "type": ["string", "integer"],
            "format": "date-time",
            "description": "ISO 8601 in UTC. Requests may use epoch milliseconds instead.",
        }
    raise NotImplementedError(kind)
