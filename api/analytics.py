"""The company's figures over HTTP, as JSON or CSV."""

from __future__ import annotations

from datetime import date
from typing import Literal

from msgspec import field
from starlette.responses import Response

from api.jobs import STAFF
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer, Input
from db.errors import Invalid
from tracker.analytics import Figures, TooManyReports, range_of, report_csv


class AnalyticsQuery(Input):
    """`from` and `to` are the company's days, both included, at most 366; the last 30."""

    first: date | None = field(default=None, name="from")
    last: date | None = field(default=None, name="to")
    format: Literal["json", "csv"] = "json"


class DayAnswer(Answer):
    """One day of the company's."""

    day: date
    figures: Figures


class AnalyticsAnswer(Answer):
    """`statuses` and `payouts_due_cents` are of this moment, all else of the range."""

    first: date = field(name="from")
    last: date = field(name="to")
    time_zone: str
    currency: str
    statuses: dict[str, int]
    payouts_due_cents: int
    total: Figures
    days: list[DayAnswer]


@endpoint(
    "GET",
    "/api/dispatch/analytics",
    summary="The company's figures by day and for a range of days.",
    roles=STAFF,
    query=AnalyticsQuery,
    answer=AnalyticsAnswer,
    problems=[Invalid, TooManyReports],
    csv=True,
)
async def read_analytics(request: Request[Services, None, AnalyticsQuery]) -> AnalyticsAnswer | Response:
    query, services = request.query, request.services
    first, last = range_of(query.first, query.last, services.analyst.today(request.now))
    report = await services.analyst.report(first, last)
    if query.format == "csv":
        headers = {
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="analytics-{first}-{last}.csv"',
        }
        return Response(report_csv(report), media_type="text/csv", headers=headers)
    return AnalyticsAnswer(
        first=first,
        last=last,
        time_zone=services.settings.time_zone,
        currency=services.settings.currency,
        statuses=dict(report.statuses),
        payouts_due_cents=report.owed_cents,
        total=report.total,
        days=[DayAnswer(day=day, figures=figures) for day, figures in report.days.items()],
    )
