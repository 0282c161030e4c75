"""Writing positions: one statement per group of rows, trail and last positions together.

A tenth of the cost of one UPDATE per heartbeat (`make bench` shows both).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import asyncpg

from db.pool import Connection


class PositionRow(NamedTuple):
    """A row of `positions` and the pro it belongs to. Times are epoch milliseconds."""

    session_no: int
    seq: int
    recorded_ms: int
    received_ms: int
    lat_e7: int
    lng_e7: int
    accuracy_m: int | None
    speed_cm_s: int | None
    heading_cdeg: int | None
    battery_pct: int | None
    verdict: int
    pro_id: str


class RowsRefusedError(Exception):
    """The database took none of these rows: one of them breaks a constraint."""


class NoPartitionError(RowsRefusedError):
    """The database took none of these rows: the day of one of them has no partition yet."""


# `kept` holds the rows that are new; of several with one key, the first. Rows are written in key order, and
# then last positions in pro order, so that two groups at once cannot wait for each other in a circle. The
# WHERE of the upsert makes newest win by the device's own time, whichever group commits first. Verdict 0 is
# tracker.positions.filters.Verdict.GOOD.
_INSERT_GROUP = """
WITH h AS MATERIALIZED (
    SELECT session_no, seq,
           timestamptz 'epoch' + recorded_ms * interval '1 millisecond' AS recorded_at,
           timestamptz 'epoch' + received_ms * interval '1 millisecond' AS received_at,
           lat_e7, lng_e7, accuracy_m, speed_cm_s, heading_cdeg, battery_pct, verdict, pro_id, place
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::integer[], $6::integer[],
                $7::smallint[], $8::smallint[], $9::integer[], $10::smallint[], $11::smallint[], $12::text[])
         WITH ORDINALITY AS t (session_no, seq, recorded_ms, received_ms, lat_e7, lng_e7,
                               accuracy_m, speed_cm_s, heading_cdeg, battery_pct, verdict, pro_id, place)
),
kept AS (
    INSERT INTO positions (session_no, seq, recorded_at, received_at, lat_e7, lng_e7,
                           accuracy_m, speed_cm_s, heading_cdeg, battery_pct, verdict)
    SELECT session_no, seq, recorded_at, received_at, lat_e7, lng_e7,
           accuracy_m, speed_cm_s, heading_cdeg, battery_pct, verdict
    FROM h ORDER BY session_no, seq, recorded_at, place
    ON CONFLICT DO NOTHING
    RETURNING session_no, seq, recorded_at
),
moved AS (
    INSERT INTO last_positions AS l (pro_id, session_no, seq, recorded_at, received_at, lat_e7, lng_e7,
                                     accuracy_m, speed_cm_s, heading_cdeg, battery_pct)
    SELECT DISTINCT ON (pro_id) pro_id, session_no, seq, recorded_at, received_at, lat_e7, lng_e7,
           accuracy_m, speed_cm_s, heading_cdeg, battery_pct
    FROM h WHERE verdict = 0
    ORDER BY pro_id, recorded_at DESC, session_no
    ON CONFLICT (pro_id) DO UPDATE SET
        session_no = excluded.session_no, seq = excluded.seq, recorded_at = excluded.recorded_at,
        received_at = excluded.received_at, lat_e7 = excluded.lat_e7, lng_e7 = excluded.lng_e7,
        accuracy_m = excluded.accuracy_m, speed_cm_s = excluded.speed_cm_s,
        heading_cdeg = excluded.heading_cdeg, battery_pct = excluded.battery_pct
    WHERE l.recorded_at < excluded.recorded_at
)
SELECT array_agg(place - 1)
FROM h WHERE NOT EXISTS (SELECT FROM kept WHERE (kept.session_no, kept.seq, kept.recorded_at)
                                              = (h.session_no, h.seq, h.recorded_at))
"""


async def insert_group(conn: Connection, rows: Sequence[PositionRow]) -> frozenset[int]:
    """Keep these rows in one transaction; returns the places of rows that were known already.

    A row is known by (session_no, seq, recorded_ms), in the database or earlier in the same group. Good rows
    move the pro's last position if they are newer. Raises RowsRefusedError when the group breaks a
    constraint, or NoPartitionError; then nothing was written.
    """
    try:
        known = await conn.fetchval(_INSERT_GROUP, *zip(*rows, strict=True))
    except asyncpg.CheckViolationError as error:
        if error.constraint_name is None:  # a broken CHECK has a name, a missing day has none
            raise NoPartitionError from None
        raise RowsRefusedError(error.constraint_name) from None
    except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError) as error:
        raise RowsRefusedError(type(error).__name__) from None  # its message would tell where people are
    return _repeated(rows).union(known or ())


def _repeated(rows: Sequence[PositionRow]) -> frozenset[int]:
    """The places of rows whose key came earlier in the group."""
    keys = [row[:3] for row in rows]
    if len(set(keys)) == len(keys):
        return frozenset()
    first = {key: place for place, key in reversed(list(enumerate(keys)))}
    return frozenset(place for place, key in enumerate(keys) if first[key] != place)
