"""What the board may be asked for, as conditions on `jobs j`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from db.board_money import is_in
from db.patterns import containing, spelled_out, written_anyhow

MOST_WORDS = 8  # of a search; the rest narrow it no further
# Nobody is there in these statuses, though somebody waits.
_AWAITED = "('pending', 'pending_scheduling', 'open', 'accepted', 'scheduled', 'en_route')"
# A promise is an estimate, made at the beginning of the drive.
_PROMISE_SLACK = "'5 minutes'::interval"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which jobs; what is None or False is not asked. The words must be the schema's.

    `service`: a skill's code, or a part of the service's name. `search`: each of its words, with accents or
    without, is a part of the service, address, reference, customer's or pro's name. `since` up to, not
    including, `until` bound the job's day: its window's beginning, or when it has none, when it was ordered.
    `flags`: any or critical.
    """

    statuses: tuple[str, ...] | None = None
    service: str | None = None
    pro_id: str | None = None
    unassigned: bool = False
    customer_id: str | None = None
    customer: str | None = None
    search: str | None = None
    flags: str | None = None
    lanes: tuple[str, ...] | None = None
    money: tuple[str, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None
    late: bool = False
    ids: tuple[UUID, ...] | None = None


class Arguments:
    """A statement's arguments, numbered as they are named."""

    def __init__(self) -> None:
        self.values: list[Any] = []

    def add(self, value: Any) -> str:
        """The argument's place in the statement, like `$3`."""
        self.values.append(value)
        return f"${len(self.values)}"


def is_late(now: str) -> str:
    """Whether a job `j` is late at this argument: the window has ended, or, on the way, the promised arrival
    is past by five minutes, and no pro is there.

    The window's end is what the company's on-time figures judge by as well.
    """
    return (
        f"(j.status IN {_AWAITED} AND coalesce(j.window_end < {now}::timestamptz, false)"
        f" OR j.status = 'en_route'"
        f" AND coalesce(j.promised_arrival_at < {now}::timestamptz - {_PROMISE_SLACK}, false))"
    )


def conditions(wanted: Wanted, args: Arguments, now: str) -> list[str]:
    """What must be true of `jobs j`; `now` is the argument that says what time it is.

    Raises ValueError or KeyError for a word that no schema has.
    """
    found = [*_of_words(wanted), *_of_people(wanted, args), *_of_days(wanted, args)]
    if wanted.late:
        found.append(is_late(now))
    if wanted.ids is not None:
        found.append(f"j.id = ANY({args.add(list(wanted.ids))}::uuid[])")
    if wanted.service is not None:
        part, code = args.add(containing(wanted.service)), args.add(wanted.service)
        skill = f"(SELECT skill_no FROM skills WHERE code = {code}::text)"
        found.append(f"(j.service ILIKE {part}::text OR j.skill_no = {skill})")
    for word in (wanted.search or "").split()[:MOST_WORDS]:
        part = args.add(written_anyhow(word)) + "::text"
        named = f"(SELECT id FROM people WHERE name ~* {part})"
        found.append(
            f"(j.service ~* {part} OR j.address ~* {part} OR j.reference ~* {part}"
            f" OR j.customer_id IN {named} OR j.pro_id IN {named})"
        )
    return found


def _of_words(wanted: Wanted) -> list[str]:
    found = []
    if wanted.statuses is not None:
        found.append(f"j.status IN {spelled_out(wanted.statuses)}")
    if wanted.lanes is not None:
        lanes = spelled_out(wanted.lanes)
        found.append(f"coalesce(j.metadata->>'equipment_lane', 'BYO') IN {lanes}")
    if wanted.flags is not None:
        severe = " AND severity = 'CRITICAL'" if wanted.flags == "critical" else ""
        found.append(
            "EXISTS (SELECT FROM pain_flags WHERE job_id = j.id AND resolved_at IS NULL" + severe + ")"
        )
    if wanted.money is not None:
        found.append(is_in(wanted.money))
    return found


def _of_people(wanted: Wanted, args: Arguments) -> list[str]:
    found = []
    if wanted.pro_id is not None:
        found.append(f"j.pro_id = {args.add(wanted.pro_id)}::text")
    if wanted.unassigned:
        found.append("j.pro_id IS NULL")
    if wanted.customer_id is not None:
        found.append(f"j.customer_id = {args.add(wanted.customer_id)}::text")
    if wanted.customer is not None:
        part = args.add(containing(wanted.customer))
        found.append(f"j.customer_id IN (SELECT id FROM people WHERE name ILIKE {part}::text)")
    return found


def _of_days(wanted: Wanted, args: Arguments) -> list[str]:
    day = "coalesce(j.window_start, j.created_at)"
    found = []
    if wanted.since is not None:
        found.append(f"{day} >= {args.add(wanted.since)}::timestamptz")
    if wanted.until is not None:
        found.append(f"{day} < {args.add(wanted.until)}::timestamptz")
    return found
