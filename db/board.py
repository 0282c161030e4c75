"""The dispatchers' board: a page of jobs with all that a card shows, in one query.

The page is chosen first, from `jobs` alone, and then its rows are furnished; so a page costs what its own
rows cost, however many jobs there ever were.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import NamedTuple, TypeAlias
from uuid import UUID

from db.board_filter import Arguments, Wanted, conditions, is_late
from db.board_money import MONEY_OF_JOB
from db.pool import Connection

NO_WINDOW = datetime(9999, 12, 31, tzinfo=UTC)  # where a job without a window stands among the windows
Place: TypeAlias = tuple[datetime, UUID]


class BoardRow(NamedTuple):
    """A card's facts, in the order of the query. `sort_key` and `id` are its place in the list.

    `worst_flag` is the worst severity among the open flags. `money_cents` is what `money_state` is about.
    """

    sort_key: datetime
    id: UUID
    version: int
    status: str
    service: str
    reference: str | None
    customer_name: str
    address: str
    lat: float
    lng: float
    window_start: datetime | None
    window_end: datetime | None
    pro_id: str | None
    pro_name: str | None
    open_flags: int
    worst_flag: str | None
    lane: str
    order_stage: str
    order_required: bool
    money_state: str
    money_cents: int
    created_at: datetime
    promised_arrival_at: datetime | None
    late: bool


@dataclass(frozen=True, slots=True)
class _Order:
    key: str
    way: str  # DESC or ASC
    beyond: str  # the comparison that holds for what comes after a place


class Sort(Enum):
    """In which order."""

    NEWEST = _Order("j.created_at", "DESC", "<")
    WINDOW = _Order(f"coalesce(j.window_start, '{NO_WINDOW.isoformat()}')", "ASC", ">")


async def board_rows(
    conn: Connection, wanted: Wanted, *, now: datetime, sort: Sort, after: Place | None, limit: int
) -> list[BoardRow]:
    """At most `limit` jobs from just behind `after` (a keyset, so pages never shift), as they are `now`."""
    args, order = Arguments(), sort.value
    moment = args.add(now)
    where = conditions(wanted, args, moment)
    if after is not None:
        at, job_id = (args.add(part) for part in after)
        where.append(f"({order.key}, j.id) {order.beyond} ({at}::timestamptz, {job_id}::uuid)")
    rows = await conn.fetch(
        f"""
        WITH page AS MATERIALIZED (
            SELECT {order.key} AS sort_key, j.* FROM jobs j {_all_of(where)}
            ORDER BY {order.key} {order.way}, j.id {order.way} LIMIT {int(limit)})
        SELECT j.sort_key, j.id, j.version, j.status, j.service, j.reference, c.name, j.address, j.lat, j.lng,
               j.window_start, j.window_end, j.pro_id, p.name, flags.open, flags.worst,
               coalesce(j.metadata->>'equipment_lane', 'BYO'), j.order_stage, j.order_required,
               m.state, m.cents, j.created_at, j.promised_arrival_at, {is_late(moment)}
        FROM page j JOIN people c ON c.id = j.customer_id LEFT JOIN people p ON p.id = j.pro_id
        CROSS JOIN LATERAL (
            SELECT count(*) AS open, (ARRAY['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'])[max(
                       array_position(ARRAY['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'], severity))] AS worst
            FROM pain_flags WHERE job_id = j.id AND resolved_at IS NULL) flags
        {MONEY_OF_JOB}
        ORDER BY j.sort_key {order.way}, j.id {order.way}
        """,
        *args.values,
    )
    return [BoardRow(*row) for row in rows]


async def more_jobs_than(conn: Connection, wanted: Wanted, most: int, *, now: datetime) -> bool:
    """Whether more than `most` jobs fit."""
    args = Arguments()
    # an argument that nobody names is none: the moment is one only where it is asked for
    where = _all_of(conditions(wanted, args, args.add(now) if wanted.late else ""))
    return bool(
        await conn.fetchval(
            f"SELECT EXISTS (SELECT FROM jobs j {where} OFFSET {int(most)})",
            *args.values,
        )
    )


def _all_of(where: list[str]) -> str:
    return "WHERE " + " AND ".join(where) if where else ""
