"""The dispatchers' board over HTTP: cards, filtered and paged, or all of them as a CSV file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.responses import Response

from api.board_card import CSV_COLUMNS, Card, card_of, csv_row
from api.board_query import BoardQuery, ids_of, wanted_by
from api.csv_download import MOST_ROWS, ROWS_AT_ONCE, Cell, csv_download
from api.cursors import one_page, read_cursor, write_cursor
from api.jobs import STAFF
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer
from db.board import BoardRow, Place, Sort, board_rows, more_jobs_than
from db.board_filter import Wanted
from db.errors import Invalid


class BoardAnswer(Answer):
    """A page of cards; `next` is the cursor of the page after it.

    Days are those of `time_zone` (IANA), amounts are of `currency` (ISO 4217).
    """

    cards: list[Card]
    next: str | None
    time_zone: str
    currency: str


@endpoint(
    "GET",
    "/api/dispatch/board",
    summary="The board: jobs as cards, filtered and paged, or as CSV.",
    roles=STAFF,
    query=BoardQuery,
    answer=BoardAnswer,
    problems=[Invalid],
    csv=True,
)
async def read_board(request: Request[Services, None, BoardQuery]) -> BoardAnswer | Response:
    query, database = request.query, request.services.database
    wanted = wanted_by(query, now=request.now, zone=ZoneInfo(request.services.settings.time_zone))
    if query.ids is not None:
        wanted = replace(wanted, ids=ids_of(query.ids))
    sort = Sort.WINDOW if query.sort == "window" else Sort.NEWEST
    if query.format == "csv":
        pages = _csv_pages(request, wanted, sort)
        return await csv_download(f"jobs-{request.now:%Y%m%d-%H%M}.csv", CSV_COLUMNS, pages)
    after = read_cursor(query.cursor, UUID)
    async with database.connection() as conn:
        rows = await board_rows(conn, wanted, now=request.now, sort=sort, after=after, limit=query.limit + 1)
    page, more = one_page(rows, query.limit, _place_after)
    settings = request.services.settings
    return BoardAnswer(
        cards=[card_of(row) for row in page],
        next=more,
        time_zone=settings.time_zone,
        currency=settings.currency,
    )


async def _csv_pages(
    request: Request[Services, None, BoardQuery], wanted: Wanted, sort: Sort
) -> AsyncIterator[list[list[Cell]]]:
    """All that fits, a thousand rows at a time. Raises Invalid when one file does not hold it."""
    database = request.services.database
    async with database.connection() as conn:
        if await more_jobs_than(conn, wanted, MOST_ROWS, now=request.now):
            raise Invalid(
                f"More than {MOST_ROWS:,} jobs fit; ask for fewer, by status or day.", field="format"
            )
    after: Place | None = None
    while True:
        async with database.connection() as conn:
            rows = await board_rows(conn, wanted, now=request.now, sort=sort, after=after, limit=ROWS_AT_ONCE)
        if rows:
            yield [csv_row(row) for row in rows]
        if len(rows) < ROWS_AT_ONCE:
            return
        after = (rows[-1].sort_key, rows[-1].id)


def _place_after(row: BoardRow) -> str:
    return write_cursor(row.sort_key, row.id)
