"""Payout lines as the rows of a CSV file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeAlias

from api.csv_download import MOST_ROWS, ROWS_AT_ONCE, Cell
from db.errors import Invalid
from db.payout_lists import Label, label_payouts
from db.payouts import Payout
from db.pool import Database

# `list_payouts` with its filter: (conn, before=…, limit=…, skip=…).
Lines: TypeAlias = Callable[..., Awaitable[list[Payout]]]
CSV_COLUMNS = (
    "id",
    "pro_id",
    "pro",
    "job_id",
    "reference",
    "service",
    "kind",
    "amount_cents",
    "status",
    "held_for",
    "problem",
    "approved_by",
    "transfer",
    "created_at",
    "paid_at",
)


async def payout_rows(database: Database, lines: Lines) -> AsyncIterator[list[list[Cell]]]:
    """All lines of a filter, newest first, a thousand at a time. Raises Invalid for too many."""
    async with database.connection() as conn:
        if await lines(conn, limit=1, skip=MOST_ROWS):
            raise Invalid(f"More than {MOST_ROWS:,} lines fit; name a pro or a period.", field="format")
    before: int | None = None
    while True:
        async with database.connection() as conn:
            found = await lines(conn, before=before, limit=ROWS_AT_ONCE)
            labels = await label_payouts(conn, [line.id for line in found])
        if found:
            yield [_row(line, labels[line.id]) for line in found]
        if len(found) < ROWS_AT_ONCE:
            return
        before = found[-1].id


def _row(line: Payout, label: Label) -> list[Cell]:
    return [
        line.id,
        line.pro_id,
        label.pro_name,
        str(line.job_id),
        label.reference,
        label.service,
        line.kind,
        line.amount_cents,
        line.status,
        line.held_for,
        line.problem,
        line.approved_by,
        line.transfer_no,
        line.created_at,
        line.paid_at,
    ]
