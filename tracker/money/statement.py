"""A pro's statement: what we owed them, every posting that changed it, what we owe them; also as CSV."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

from db.errors import Invalid, NotFound
from db.pool import Connection
from db.statements import MAX_LINES, Statement, is_pro, statement_of
from db.times import iso
from tracker.plain_cell import plain_cell

LONGEST = timedelta(days=366)
USUAL = timedelta(days=31)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
COLUMNS = ("posted_at", "kind", "job_id", "reference", "service", "memo", "amount_cents", "balance_cents")


async def read_statement(
    conn: Connection, pro_id: str, *, start: datetime | None, end: datetime | None, now: datetime
) -> tuple[datetime, datetime, Statement]:
    """A pro's statement from `start` up to, not including, `end`, with both; without them the last 31 days.

    Raises NotFound for somebody who is no pro, Invalid for a range that is empty, longer than a year, or
    holds more lines than one statement can.
    """
    end = end or now
    start = start or max(end, EPOCH + USUAL) - USUAL
    if not timedelta() < end - start <= LONGEST:
        raise Invalid("from must be before to, and at most 366 days", field="from")
    if not await is_pro(conn, pro_id):
        raise NotFound("There is no such pro.")
    statement = await statement_of(conn, pro_id, start=start, end=end)
    if len(statement.lines) > MAX_LINES:
        raise Invalid(f"more than {MAX_LINES} lines; ask for a shorter range", field="from")
    return start, end, statement


def statement_csv(start: datetime, end: datetime, statement: Statement) -> str:
    """The statement as RFC 4180, with an opening and a closing line; no cell is a formula."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(COLUMNS)
    rows.writerow([iso(start), "opening_balance", *[""] * 5, statement.opening_cents])
    for line in statement.lines:
        texts = (line.kind, str(line.job_id or ""), line.reference or "", line.service or "", line.memo)
        rows.writerow(
            [
                iso(line.posted_at),
                *(plain_cell(text) for text in texts),
                line.amount_cents,
                line.balance_cents,
            ]
        )
    rows.writerow([iso(end), "closing_balance", *[""] * 5, statement.closing_cents])
    return out.getvalue()
