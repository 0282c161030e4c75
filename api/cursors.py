"""Cursors of lists that are paged by a moment and a key: opaque to clients, checked when they come back."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, TypeVar

from msgspec import Meta

from api.shapes import Instant
from db.errors import Invalid

K = TypeVar("K")
T = TypeVar("T")

Cursor = Annotated[str, Meta(max_length=200, description="`next` of the page before.")]


def one_page(found: Sequence[T], limit: int, place_of: Callable[[T], K]) -> tuple[Sequence[T], K | None]:
    """The first `limit` of what was read, and the place after them when the one more asked for came too."""
    page = found[:limit]
    return page, place_of(page[-1]) if len(found) > limit else None


def write_cursor(at: datetime, key: object) -> str:
    """The place just after an entry."""
    return base64.urlsafe_b64encode(f"{at.isoformat()}|{key}".encode()).decode()


def read_cursor(cursor: str | None, key: Callable[[str], K]) -> tuple[datetime, K] | None:
    """The place that a cursor names; `key` reads its second half. Raises Invalid."""
    if cursor is None:
        return None
    try:
        at, _, word = base64.urlsafe_b64decode(cursor.encode("ascii")).decode("ascii").partition("|")
        return Instant.of(datetime.fromisoformat(at)), key(word)
    except (ValueError, OverflowError):
        raise Invalid("cursor is not one that this server gave", field="cursor") from None


def row_number(word: str) -> int:
    """A key that is a row's number. Raises ValueError."""
    number = int(word)
    if not 0 <= number < 2**63:
        raise ValueError("not a row's number")
    return number
