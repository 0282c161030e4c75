"""What a pro is owed, line by line: for the pro, and for dispatch; as JSON or CSV."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from msgspec import field
from starlette.responses import Response

from api.jobs import STAFF
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer, Input, Instant
from db.errors import Invalid, NotFound
from db.people import names_of
from rooms.principal import Role
from tracker.money.statement import read_statement, statement_csv

Req: TypeAlias = "Request[Services, None, StatementQuery]"


class StatementQuery(Input):
    """`from` up to, not including, `to`; at most 366 days; the last 31 when neither is given."""

    start: Instant | None = field(default=None, name="from")
    end: Instant | None = field(default=None, name="to")
    format: Literal["json", "csv"] | None = None


class StatementEntry(Answer):
    """One posting; positive cents are owed to the pro. `balance_cents` is what was owed after it."""

    posted_at: Instant
    kind: str
    job_id: str | None
    reference: str | None
    service: str | None
    memo: str
    amount_cents: int
    balance_cents: int


class StatementAnswer(Answer):
    """`opening_cents` and all lines add up to `closing_cents`."""

    pro_id: str
    name: str
    start: Instant = field(name="from")
    end: Instant = field(name="to")
    currency: str
    opening_cents: int
    closing_cents: int
    lines: list[StatementEntry]


@endpoint(
    "GET",
    "/api/me/statement",
    summary="What I am owed, and every posting that changed it.",
    roles={Role.PRO},
    query=StatementQuery,
    answer=StatementAnswer,
    problems=[Invalid, NotFound],
    csv=True,
)
async def my_statement(request: Req) -> StatementAnswer | Response:
    return await _statement(request, request.principal.id)


@endpoint(
    "GET",
    "/api/dispatch/pros/{person:str}/statement",
    summary="What a pro is owed, and every posting that changed it.",
    roles=STAFF,
    query=StatementQuery,
    answer=StatementAnswer,
    problems=[Invalid, NotFound],
    csv=True,
)
async def pro_statement(request: Req) -> StatementAnswer | Response:
    return await _statement(request, str(request.path["person"]))


async def _statement(request: Request[Any, None, StatementQuery], pro_id: str) -> StatementAnswer | Response:
    query, services = request.query, request.services
    async with services.database.connection() as conn:
        start, end, statement = await read_statement(
            conn, pro_id, start=query.start, end=query.end, now=request.now
        )
        names = await names_of(conn, [pro_id])
    if (query.format or ("csv" if _prefers_csv(request) else "json")) == "csv":
        name = f"statement-{start:%Y%m%d}-{end:%Y%m%d}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return Response(statement_csv(start, end, statement), headers=headers, media_type="text/csv")
    return StatementAnswer(
        pro_id=pro_id,
        name=names[pro_id],
        start=Instant.of(start),
        end=Instant.of(end),
        currency=services.settings.currency,
        opening_cents=statement.opening_cents,
        closing_cents=statement.closing_cents,
        lines=[
            StatementEntry(
                posted_at=Instant.of(line.posted_at),
                kind=line.kind,
                job_id=None if line.job_id is None else str(line.job_id),
                reference=line.reference,
                service=line.service,
                memo=line.memo,
                amount_cents=line.amount_cents,
                balance_cents=line.balance_cents,
            )
            for line in statement.lines
        ],
    )


def _prefers_csv(request: Request[Any, None, StatementQuery]) -> bool:
    """Whether the first kind in `Accept` is CSV; anything finer is what `format` is for."""
    first = request.headers.get("accept", "").partition(",")[0].partition(";")[0]
    return first.strip().lower() == "text/csv"
