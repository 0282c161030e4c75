"""A list as a CSV file that is sent while it is read: RFC 4180, UTF-8, no cell is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from typing import TypeAlias

from starlette.responses import StreamingResponse

from db.times import iso
from tracker.plain_cell import plain_cell

MOST_ROWS = 50_000  # of one file
ROWS_AT_ONCE = 1000
Cell: TypeAlias = str | int | bool | datetime | None
_BYTE_ORDER_MARK = "\ufeff"  # without it Excel reads UTF-8 as the machine's old code page


async def csv_download(
    name: str, columns: Sequence[str], pages: AsyncIterator[Iterable[Sequence[Cell]]]
) -> StreamingResponse:
    """The file `name`, written page by page. What the first page raises is raised here: nothing is sent yet.

    A later failure cuts the connection, so that a browser calls the download broken.
    """
    first = await anext(pages, ())

    async def text() -> AsyncIterator[bytes]:
        yield _encoded([columns, *first], before=_BYTE_ORDER_MARK)
        async for page in pages:
            yield _encoded(page)

    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(text(), media_type="text/csv", headers=headers)


def _encoded(rows: Iterable[Sequence[Cell]], *, before: str = "") -> bytes:
    out = io.StringIO()
    out.write(before)
    csv.writer(out).writerows([_written(cell) for cell in row] for row in rows)
    return out.getvalue().encode()


def _written(cell: Cell) -> str | int:
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case datetime():
            return iso(cell)
        case str():
            return plain_cell(cell)
        case _:
            return cell
