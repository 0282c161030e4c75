"""Every figure, against a small company whose figures were worked out by hand."""

from __future__ import annotations

import csv
import io
from collections.abc import Awaitable, Callable, Iterator
from datetime import date, timedelta

import pytest

from db.analytics import ArrivalFigures, ClaimFigures, JobFigures
from db.analytics_money import MessageFigures, MoneyFigures, RatingFigures
from db.pool import Connection, Database
from tests.company import with_database
from tests.effects import shared_company
from tests.fresh import freshened
from tests.rows import BERLIN, NOON, job, message, payment, post, review
from tracker.analytics import Analyst, Report, begin_of, report_csv
from tracker.local_postgres import PostgresServer

SHORT, LONG = date(2026, 3, 29), date(2026, 10, 25)  # 23 and 25 hours
DAY = SHORT + timedelta(days=1)


@pytest.fixture(scope="module")
def company_url(postgres: PostgresServer, template_database: str) -> Iterator[str]:
    yield from shared_company(postgres, template_database)


@pytest.fixture
def database_url(company_url: str) -> str:
    return freshened(company_url)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def reported(
    database_url: str,
    fill: Callable[[Connection], Awaitable[None]],
    first: date = SHORT,
    last: date = DAY,
) -> Report:
    async def story(database: Database) -> Report:
        async with database.transaction() as conn:
            await fill(conn)
        return await Analyst(database, BERLIN).report(first, last)

    return with_database(database_url, story)


def test_a_company_without_anything_has_zeros_and_nothing_unknown_is_a_number(database_url: str) -> None:
    async def nothing(_: Connection) -> None:
        return

    report = reported(database_url, nothing)
    assert list(report.days) == [SHORT, DAY]
    assert (report.statuses, report.owed_cents) == ({}, 0)
    for figures in (report.total, *report.days.values()):
        assert figures.jobs == JobFigures()
        assert figures.claims == ClaimFigures()
        assert figures.arrivals == ArrivalFigures()
        assert figures.money == MoneyFigures()
        assert figures.ratings == RatingFigures()
        assert figures.messages == MessageFigures()
    header, *rows = csv.reader(io.StringIO(report_csv(report)))
    assert [row[0] for row in rows] == ["2026-03-29", "2026-03-30", "total"]
    assert all(len(row) == len(header) for row in rows)


def test_jobs_count_on_the_companys_day_also_when_it_has_23_or_25_hours(database_url: str) -> None:
    second = timedelta(seconds=1)

    async def fill(conn: Connection) -> None:
        for day in (SHORT, LONG):
            begin, end = begin_of(day, BERLIN), begin_of(day + timedelta(days=1), BERLIN)
            assert end - begin == timedelta(hours=23 if day == SHORT else 25)
            for at in (begin - second, begin, end - second, end):
                await job(conn, at, "open", opened_at=at)
            await job(conn, begin - timedelta(days=9), finished_at=end - second)
            await job(conn, begin - timedelta(days=9), "cancelled", cancelled_at=begin)

    async def story(database: Database) -> None:
        async with database.transaction() as conn:
            await fill(conn)
        for day in (SHORT, LONG):
            report = await Analyst(database, BERLIN).report(day, day)
            assert report.total.jobs == report.days[day].jobs == JobFigures(2, 1, 1)
        assert report.statuses == {"cancelled": 2, "completed": 2, "open": 8}

    with_database(database_url, story)


def test_time_to_claim_is_a_median_and_a_p90_by_day_and_of_the_whole_range(database_url: str) -> None:
    async def fill(conn: Connection) -> None:
        for day, waits in ((-1, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]), (0, [100])):
            for wait in waits:
                accepted = NOON + timedelta(days=day)
                await job(
                    conn, accepted, "accepted", opened_at=accepted - minutes(wait), accepted_at=accepted
                )
        await job(conn, NOON, "accepted", accepted_at=NOON)  # assigned, never on offer

    report = reported(database_url, fill)
    assert report.days[SHORT].claims == ClaimFigures(claimed=11, median_s=360, p90_s=600)
    assert report.days[DAY].claims == ClaimFigures(claimed=1, median_s=6000, p90_s=6000)
    assert report.total.claims == ClaimFigures(claimed=12, median_s=390, p90_s=pytest.approx(654))


def test_arrivals_are_on_time_early_and_late_against_their_windows(database_url: str) -> None:
    window = {"window_start": NOON, "window_end": NOON + timedelta(hours=2)}

    async def fill(conn: Connection) -> None:
        for offset in (-30, -10, 0, 60, 120, 121, 150, 180):
            await job(conn, arrived_at=NOON + minutes(offset), **window)
        await job(conn, arrived_at=NOON)  # without an appointment

    arrivals = reported(database_url, fill).days[DAY].arrivals
    assert (arrivals.arrivals, arrivals.with_window) == (9, 8)
    assert (arrivals.on_time, arrivals.on_time_share) == (5, 5 / 8)
    assert (arrivals.early, arrivals.early_median_min) == (2, 20)
    assert (arrivals.late, arrivals.late_median_min) == (3, 30)
    assert (arrivals.with_promise, arrivals.eta_median_min, arrivals.eta_p90_min) == (0, None, None)


def test_the_etas_error_is_signed_in_the_middle_and_a_size_at_the_end(database_url: str) -> None:
    async def fill(conn: Connection) -> None:
        for error in (-10, -5, -1, 1, 2, 3, 4, 5, 6, 7, 20):
            await job(conn, promised_arrival_at=NOON, arrived_at=NOON + minutes(error))

    arrivals = reported(database_url, fill).days[DAY].arrivals
    assert (arrivals.with_promise, arrivals.with_window, arrivals.on_time_share) == (11, 0, None)
    assert arrivals.eta_median_min == 3
    assert arrivals.eta_p90_min == 10
    assert arrivals.eta_within_5_min_share == pytest.approx(7 / 11)


def test_money_is_what_the_ledger_says_on_the_day_it_was_posted(database_url: str) -> None:
    before = NOON - timedelta(days=1)

    async def fill(conn: Connection) -> None:
        one, two = [
            await payment(conn, await job(conn), cents, tip) for cents, tip in ((13_000, 1000), (5000, 0))
        ]
        await post(
            conn,
            f"payment:{one}:capture",
            "capture",
            before,
            provider_balance=13_000,
            pro_payable=-8200,
            platform_revenue=-4800,
        )
        await post(conn, f"payment:{two}:capture", "deposit", before, provider_balance=5000, deposits=-5000)
        await post(
            conn,
            f"payment:{two}:earned",
            "capture",
            NOON,
            deposits=5000,
            pro_payable=-3000,
            platform_revenue=-2000,
        )
        await post(
            conn,
            "refund:1",
            "refund",
            NOON,
            provider_balance=-1300,
            pro_payable=820,
            platform_revenue=480,
        )
        await post(conn, "refund:2", "refund", NOON, provider_balance=-500, platform_revenue=500)
        await post(
            conn, "refund:2:failed", "refund_failed", NOON, provider_balance=500, platform_revenue=-500
        )
        await post(conn, "dispute:a:opened", "dispute_opened", before, provider_balance=-900, disputed=900)
        await post(conn, "dispute:a:won", "dispute_won", NOON, provider_balance=900, disputed=-900)
        await post(conn, "dispute:b:opened", "dispute_opened", NOON, provider_balance=-70, disputed=70)
        await post(conn, "dispute:b:lost", "dispute_lost", NOON, disputed=-70, platform_revenue=70)
        await post(conn, "transfer:1", "payout", NOON, pro_payable=8200, provider_balance=-8200)
        await post(
            conn, "transfer:1:reversed:200", "payout_reversed", NOON, pro_payable=-200, provider_balance=200
        )

    report = reported(database_url, fill)
    assert report.days[SHORT].money == MoneyFigures(
        captured_cents=18_000,
        refunded_cents=0,
        revenue_cents=18_000,
        disputed_cents=900,
        fees_cents=4800,
        tips_cents=1000,
        paid_out_cents=0,
        pros_cents=8200,
    )
    assert report.days[DAY].money == MoneyFigures(
        captured_cents=0,
        refunded_cents=1300,
        revenue_cents=-1300,
        disputed_cents=-830,
        fees_cents=2000 - 480 - 70,
        tips_cents=0,
        paid_out_cents=8000,
        pros_cents=3000 - 820,
    )
    assert report.total.money == MoneyFigures(18_000, 1300, 16_700, 70, 6250, 1000, 8000, 10_380)
    assert report.owed_cents == 8200 + 3000 - 820 - 8200 + 200


def test_ratings_are_the_customers_and_hidden_ones_do_not_count(database_url: str) -> None:
    async def fill(conn: Connection) -> None:
        for rating in (5, 4, 4):
            await review(conn, NOON, rating)
        await review(conn, NOON, 1, hidden_at=NOON)
        await review(conn, NOON, 1, "pro_to_customer")
        await review(conn, NOON + timedelta(days=1), 1)
        await review(conn, NOON - timedelta(days=1), 2)

    report = reported(database_url, fill)
    assert report.days[DAY].ratings == RatingFigures(3, pytest.approx(13 / 3))
    assert report.total.ratings == RatingFigures(4, 15 / 4)


def test_messages_are_counted_as_they_stand_and_cost_by_the_job_they_were_about(database_url: str) -> None:
    async def fill(conn: Connection) -> None:
        one, two = await job(conn), await job(conn)
        await message(conn, one, NOON, "delivered", 7900)
        await message(conn, one, NOON, "failed", 100)
        await message(conn, two, NOON, "sent", None)
        await message(conn, None, NOON, "queued", 5000)
        await message(conn, two, NOON - timedelta(days=1), "expired", None)

    report = reported(database_url, fill)
    assert report.days[DAY].messages == MessageFigures(
        queued=1, sent=1, delivered=1, failed=1, cost_micros=13_000, jobs=2, cost_per_job_micros=4000
    )
    assert report.days[SHORT].messages == MessageFigures(expired=1, jobs=1, cost_per_job_micros=0)
    assert (report.total.messages.jobs, report.total.messages.cost_per_job_micros) == (2, 4000)


def test_the_csv_says_the_same_in_cells_that_no_spreadsheet_computes(database_url: str) -> None:
    async def fill(conn: Connection) -> None:
        await post(conn, "refund:1", "refund", NOON, provider_balance=-1300, platform_revenue=1300)

    report = reported(database_url, fill)
    header, first, second, total = csv.reader(io.StringIO(report_csv(report)))
    at = header.index("money_revenue_cents")
    assert (first[at], second[at], total[at]) == ("0", "-1300", "-1300")
    assert (first[header.index("ratings_mean")], header[0]) == ("", "day")
    for cell in (*header, *first, *second, *total):
        assert cell == "" or cell[0].isalnum() or float(cell) < 0
