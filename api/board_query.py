"""What a dispatcher asks the board for, in a query and in a saved view, in the schema's words."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Annotated, Literal, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Meta, field

from api.cursors import Cursor
from api.shapes import Input, PersonId
from db.board_filter import Wanted
from db.board_money import MONEY_STATES
from db.errors import Invalid
from tracker.analytics import begin_of
from tracker.jobs.lifecycle import parse_status
from tracker.jobs.metadata import EquipmentLane

MOST_CARDS = 1000  # of one page
MOST_IDS = 200
Words: TypeAlias = Annotated[
    str, Meta(min_length=1, max_length=200, description="One or several, by commas.")
]
Part: TypeAlias = Annotated[str, Meta(min_length=1, max_length=100, description="Any part of it.")]
Day: TypeAlias = Annotated[
    str,
    Meta(
        pattern=r"^(today|tomorrow|2[0-9]{3}-[0-9]{2}-[0-9]{2})$(?!\n)",
        description="A day of the company's: today, tomorrow or like 2026-11-21.",
    ),
]


class BoardFilter(Input, omit_defaults=True):
    """Which jobs, and in which order; all that is given must fit.

    `service`: a skill's code, or a part of the service's name. `search`: each of its words stands in the
    service, address, reference, customer's or pro's name. `flags`: any open one, or an open critical one.
    `lane`: who brings the equipment. `money`: words of `money.state`. `from` and `to`, both included, bound
    the job's day: its window's, or when it has none, the one it was ordered on. `sort`: newest first, as
    without it, or the earliest window first.
    """

    status: Words | None = None
    service: Part | None = None
    pro_id: PersonId | None = None
    unassigned: bool = False
    customer_id: PersonId | None = None
    customer: Part | None = None
    search: Part | None = None
    flags: Literal["any", "critical"] | None = None
    lane: Words | None = None
    money: Words | None = None
    first: Day | None = field(default=None, name="from")
    last: Day | None = field(default=None, name="to")
    late: bool = False
    sort: Literal["newest", "window"] | None = None


class BoardQuery(BoardFilter):
    """The same, of these jobs alone (`ids`, by commas, at most 200); a page at a time, or all as CSV."""

    ids: Annotated[str, Meta(max_length=37 * MOST_IDS)] | None = None
    cursor: Cursor | None = None
    limit: Annotated[int, Meta(ge=1, le=MOST_CARDS)] = 200
    format: Literal["json", "csv"] = "json"


def wanted_by(asked: BoardFilter, *, now: datetime, zone: ZoneInfo) -> Wanted:
    """The filter in the schema's words; days are those of `zone`. Raises Invalid, naming the field."""
    first, last = (_day(word, name, now, zone) for word, name in ((asked.first, "from"), (asked.last, "to")))
    if first is not None and last is not None and last < first:
        raise Invalid("from must not be after to", field="from")
    return Wanted(
        statuses=None if asked.status is None else _statuses(asked.status),
        service=asked.service,
        pro_id=asked.pro_id,
        unassigned=asked.unassigned,
        customer_id=asked.customer_id,
        customer=asked.customer,
        search=asked.search,
        flags=asked.flags,
        lanes=_words(asked.lane, "lane", [*EquipmentLane]),
        money=_words(asked.money, "money", MONEY_STATES),
        since=None if first is None else begin_of(first, zone),
        until=None if last is None else begin_of(last + timedelta(days=1), zone),
        late=asked.late,
    )


def ids_of(text: str) -> tuple[UUID, ...]:
    """Job ids by commas. Raises Invalid."""
    words = text.split(",")
    if len(words) > MOST_IDS:
        raise Invalid(f"ids may be {MOST_IDS}", field="ids")
    try:
        return tuple(UUID(word) for word in words)
    except ValueError:
        raise Invalid("ids are the ids of jobs, separated by commas", field="ids") from None


def _statuses(text: str) -> tuple[str, ...]:
    return tuple(parse_status(word).value for word in text.split(","))


def _words(text: str | None, name: str, known: Collection[str]) -> tuple[str, ...] | None:
    if text is None:
        return None
    words = tuple(text.split(","))
    for word in words:
        if word not in known:
            raise Invalid(f"'{word[:40]}' is none of {', '.join(known)}", field=name)
    return words


def _day(word: str | None, name: str, now: datetime, zone: ZoneInfo) -> date | None:
    today = now.astimezone(zone).date()
    match word:
        case None:
            return None
        case "today":
            return today
        case "tomorrow":
            return today + timedelta(days=1)
        case _:
            try:
                return date.fromisoformat(word)
            except ValueError:
                raise Invalid(f"{name} is no day of the calendar", field=name) from None
