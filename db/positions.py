"""Reading positions: the trail of a job, the last place of a pro, and the days the trail is kept in.

Coordinates are stored as degrees × 1e7 and given out in degrees. A job's trail may have several sessions: a
change of phone, or a second pro after a reassignment. The numbers of verdicts are those of
`tracker.positions.filters.Verdict`; GOOD and STALE make the trail.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg

from db.active_jobs import ACTIVE
from db.pool import Connection

PARTITIONS_LOCK_KEY = 7_262_355_102  # any number, the same in every process
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

# A session starts when its first heartbeat is received; what the phone had saved up before that is older by
# at most what `tracker.positions.heartbeat` accepts. The bound keeps all other days' partitions out.
_OF_JOB = """
    FROM positions
    WHERE session_no = ANY (ARRAY(SELECT session_no FROM tracking_sessions
                                  WHERE job_id = $1 AND ($4::text IS NULL OR pro_id = $4)))
      AND recorded_at > greatest($2::timestamptz, (SELECT min(started_at) - interval '7 days'
                                                   FROM tracking_sessions WHERE job_id = $1))
"""
_ON_TRAIL = "AND verdict IN (0, 2)"


class TrailRow(NamedTuple):
    """One position of a job with everything that was kept of it."""

    lat: float
    lng: float
    recorded_at: datetime
    received_at: datetime
    accuracy_m: int | None
    speed_m_s: float | None
    heading_deg: float | None
    verdict: int


async def trail_of(
    conn: Connection,
    job_id: UUID,
    after: datetime | None = None,
    limit: int = 1000,
    *,
    every_verdict: bool = False,
    pro_id: str | None = None,
) -> list[TrailRow]:
    """The first `limit` positions recorded after `after`, in time order; by default only the trail's own.

    With `pro_id` only that pro's, not those of who had the job before.
    """
    rows = await conn.fetch(
        "SELECT lat_e7, lng_e7, recorded_at, received_at, accuracy_m, speed_cm_s, heading_cdeg, verdict"
        f"{_OF_JOB}{'' if every_verdict else _ON_TRAIL} ORDER BY recorded_at, session_no, seq LIMIT $3",
        job_id,
        after or BEGINNING,
        limit,
        pro_id,
    )
    return [
        TrailRow(
            row["lat_e7"] / 1e7,
            row["lng_e7"] / 1e7,
            row["recorded_at"],
            row["received_at"],
            row["accuracy_m"],
            _hundredths(row["speed_cm_s"]),
            _hundredths(row["heading_cdeg"]),
            row["verdict"],
        )
        for row in rows
    ]


async def trail_since(
    conn: Connection,
    job_id: UUID,
    since: datetime | None = None,
    limit: int = 500,
    *,
    pro_id: str | None = None,
) -> list[tuple[float, float, int]]:
    """The newest `limit` points of the trail after `since`, oldest first: (lat, lng, epoch ms).

    With `pro_id` only that pro's, not those of who had the job before.
    """
    rows = await conn.fetch(
        "SELECT lat_e7, lng_e7, round(extract(epoch FROM recorded_at) * 1000)::bigint AS ms"
        f"{_OF_JOB}{_ON_TRAIL} ORDER BY recorded_at DESC LIMIT $3",
        job_id,
        since or BEGINNING,
        limit,
        pro_id,
    )
    return [(lat_e7 / 1e7, lng_e7 / 1e7, ms) for lat_e7, lng_e7, ms in reversed(rows)]


class LastPosition(NamedTuple):
    """Where a pro was last believably seen. `seq` is the device's number, not the wire's."""

    pro_id: str
    lat: float
    lng: float
    recorded_at: datetime
    received_at: datetime
    seq: int
    accuracy_m: int | None
    speed_m_s: float | None
    heading_deg: float | None


_LAST = """
    SELECT l.pro_id, l.lat_e7, l.lng_e7, l.recorded_at, l.received_at, l.seq,
           l.accuracy_m, l.speed_cm_s, l.heading_cdeg
    FROM last_positions l
"""


# Of a pro `p`. Dispatchers see no other pro's place.
_AT_WORK = f"""
    (p.suspended_at IS NULL
     AND (p.on_duty OR EXISTS (SELECT FROM jobs j WHERE j.pro_id = p.id AND j.status IN {ACTIVE})))
"""


async def last_positions_of(conn: Connection, pro_ids: Collection[str]) -> dict[str, LastPosition]:
    """The last position of each of these pros that has one."""
    rows = await conn.fetch(f"{_LAST} WHERE l.pro_id = ANY($1::text[])", list(pro_ids))
    return {row["pro_id"]: _last(row) for row in rows}


async def last_position(conn: Connection, pro_id: str) -> LastPosition | None:
    """The last position of one pro."""
    return (await last_positions_of(conn, [pro_id])).get(pro_id)


async def last_positions_in(
    conn: Connection,
    west: float,
    south: float,
    east: float,
    north: float,
    *,
    seen_after: datetime,
    limit: int = 5000,
) -> list[LastPosition]:
    """The pros last seen in a viewport (degrees; east < west crosses the antimeridian), newest first.

    Only those who are at work: on duty, or busy with a job.
    A scan: there is one row per pro, and an index on what every heartbeat changes would cost more.
    """
    rows = await conn.fetch(
        f"{_LAST} JOIN people p ON p.id = l.pro_id"
        f" WHERE l.lat_e7 BETWEEN $2 AND $4 AND l.received_at > $5 AND {_AT_WORK}"
        " AND CASE WHEN $1::bigint <= $3::bigint THEN l.lng_e7 BETWEEN $1 AND $3"
        "          ELSE l.lng_e7 >= $1 OR l.lng_e7 <= $3 END"
        " ORDER BY l.received_at DESC LIMIT $6",
        *(round(degrees * 1e7) for degrees in (west, south, east, north)),
        seen_after,
        limit,
    )
    return [_last(row) for row in rows]


async def last_place_off_work(conn: Connection, pro_id: str) -> LastPosition | None:
    """The last position of a pro whom the dispatchers' map must not show any more; None while it may."""
    row = await conn.fetchrow(
        f"{_LAST} JOIN people p ON p.id = l.pro_id WHERE l.pro_id = $1 AND NOT {_AT_WORK}", pro_id
    )
    return _last(row) if row else None


def _last(row: asyncpg.Record) -> LastPosition:
    return LastPosition(
        row["pro_id"],
        row["lat_e7"] / 1e7,
        row["lng_e7"] / 1e7,
        row["recorded_at"],
        row["received_at"],
        row["seq"],
        row["accuracy_m"],
        _hundredths(row["speed_cm_s"]),
        _hundredths(row["heading_cdeg"]),
    )


def _hundredths(value: int | None) -> float | None:
    return None if value is None else value / 100


# The days


async def ensure_partitions(conn: Connection, now: datetime, past_days: int, future_days: int) -> list[str]:
    """Make the missing partitions from `past_days` ago to `future_days` ahead; returns the new names.

    Safe when two processes do it at once, and heartbeats go on meanwhile: attaching takes a weaker lock on
    the table than CREATE TABLE … PARTITION OF.
    """
    today = now.astimezone(UTC).date()
    wanted = {today + timedelta(days=offset) for offset in range(-past_days, future_days + 1)}
    if not wanted - set(await _days(conn)):
        return []
    async with conn.transaction():
        await conn.execute("SELECT pg_advisory_xact_lock($1)", PARTITIONS_LOCK_KEY)
        missing = sorted(wanted - set(await _days(conn)))
        for day in missing:
            start = datetime.combine(day, time(), UTC)
            await conn.execute(f"CREATE TABLE {_name(day)} (LIKE positions INCLUDING ALL)")
            await conn.execute(
                f"ALTER TABLE positions ATTACH PARTITION {_name(day)}"
                f" FOR VALUES FROM ('{start.isoformat()}') TO ('{(start + timedelta(days=1)).isoformat()}')"
            )
    return [_name(day) for day in missing]


async def drop_partitions_before(conn: Connection, day: date) -> list[str]:
    """Forget every position recorded before this UTC day; returns the dropped partitions' names."""
    async with conn.transaction():
        await conn.execute("SELECT pg_advisory_xact_lock($1)", PARTITIONS_LOCK_KEY)
        await conn.execute("SET LOCAL lock_timeout = '100ms'")  # heartbeats queue behind us meanwhile
        names = [_name(old) for old in await _days(conn) if old < day]
        for name in names:
            await conn.execute(f"DROP TABLE {name}")
    return names


def _name(day: date) -> str:
    return f"positions_{day:%Y%m%d}"


async def _days(conn: Connection) -> list[date]:
    rows = await conn.fetch(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
        " WHERE i.inhparent = 'positions'::regclass ORDER BY c.relname"
    )
    matches = (re.fullmatch(r"positions_(\d{8})", row["relname"]) for row in rows)
    return [datetime.strptime(match[1], "%Y%m%d").replace(tzinfo=UTC).date() for match in matches if match]
