"""Work that comes round: each period once, by the company's own clock, whatever the clock does."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.pool import Database
from tests.company import with_database
from tests.effects import tools_of, waiting_effects
from tracker.calendar import HOURLY, NIGHTLY, WEEKLY, Calendar, Period, due, last_day, week_of
from tracker.jobs.consequences import Effect
from tracker.settings import Settings

SCORES, PAYOUTS = Effect.NIGHTLY_HOME_SCORES, Effect.WEEKLY_PAYOUTS


def settings(zone: str = "UTC", payout_day: str = "monday") -> Settings:
    return Settings(time_zone=zone, payout_day=payout_day)


def subject(effect: Effect, now: datetime, company: Settings) -> str:
    (found,) = (period.subject for period in due(now, company) if period.effect is effect)
    return found


def periods_between(effect: Effect, begin: datetime, end: datetime, company: Settings) -> list[str]:
    """What a worker that looks every ten minutes queues."""
    found = []
    while begin <= end:
        found.append(subject(effect, begin, company))
        begin += timedelta(minutes=10)
    return list(dict.fromkeys(found))


def test_hours_days_and_weeks_have_names() -> None:
    now = datetime(2026, 11, 21, 5, 59, 59, tzinfo=UTC)  # a Saturday
    assert due(now, settings()) == [
        Period(Effect.KEEP_HOUSE, "2026-11-21T05"),
        Period(Effect.WATCH_HOLDS, "2026-11-21T05"),
        Period(SCORES, "2026-11-21"),
        Period(Effect.RECONCILE_MONEY, "2026-11-21"),
        Period(PAYOUTS, "2026-W47"),
    ]


def test_a_night_begins_at_its_hour_on_the_companys_clock() -> None:
    company = settings("America/New_York")
    before = datetime(2026, 11, 21, 7, 59, tzinfo=UTC)  # 02:59 in New York
    assert subject(SCORES, before, company) == "2026-11-20"
    assert subject(SCORES, before + timedelta(minutes=1), company) == "2026-11-21"


@pytest.mark.parametrize(
    ("zone", "changes"),
    [
        ("America/New_York", ["2026-03-08", "2026-11-01"]),  # at two
        ("Europe/Berlin", ["2026-03-29", "2026-10-25"]),  # at two and three
        (
            "Europe/Helsinki",
            ["2026-03-29", "2026-10-25"],
        ),  # at three and four: one night has no 03:00, one two
        ("Australia/Lord_Howe", ["2026-04-05", "2026-10-04"]),  # by half an hour
        ("America/Santiago", ["2026-04-05", "2026-09-06"]),  # at midnight
    ],
)
@pytest.mark.parametrize("effect", sorted(NIGHTLY))
def test_a_day_has_one_period_also_when_the_clock_changes(
    zone: str, changes: list[str], effect: Effect
) -> None:
    for change in changes:
        noon = datetime.combine(date.fromisoformat(change), time(12), ZoneInfo(zone)).astimezone(UTC)
        days = periods_between(effect, noon - timedelta(days=2), noon + timedelta(days=2), settings(zone))
        first = date.fromisoformat(change) - timedelta(days=2)
        assert days == [(first + timedelta(days=number)).isoformat() for number in range(5)]


def test_a_week_is_paid_on_its_day_and_named_by_iso_8601() -> None:
    begin, end = datetime(2026, 12, 20, tzinfo=UTC), datetime(2027, 1, 20, tzinfo=UTC)
    weeks = periods_between(PAYOUTS, begin, end, settings(payout_day="friday"))
    assert weeks == ["2026-W51", "2026-W52", "2026-W53", "2027-W01", "2027-W02"]
    assert week_of(date(2027, 1, 1)) == "2026-W53"
    assert week_of(date(2024, 12, 30)) == "2025-W01"


def test_payouts_begin_at_six_on_the_companys_payout_day() -> None:
    company = settings("Asia/Tokyo", "sunday")
    six = datetime(2026, 11, 22, 6, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert subject(PAYOUTS, six - timedelta(seconds=1), company) == "2026-W46"
    assert subject(PAYOUTS, six, company) == "2026-W47"


def test_a_run_of_payouts_that_nobody_was_there_for_is_due_until_the_next() -> None:
    company = settings(payout_day="sunday")
    for later in (timedelta(minutes=1), timedelta(days=2), timedelta(days=6, hours=23)):
        assert subject(PAYOUTS, datetime(2026, 11, 15, 6, tzinfo=UTC) + later, company) == "2026-W46"


@given(
    st.datetimes().filter(lambda local: 1 < local.year < 9999),
    st.times(),
    st.none() | st.integers(0, 6),
)
def test_the_last_day_is_the_newest_whose_hour_has_come(
    local: datetime, at: time, weekday: int | None
) -> None:
    day = last_day(local, at, weekday)
    assert datetime.combine(day, at) <= local
    assert weekday is None or day.weekday() == weekday
    next_day = day + timedelta(days=1 if weekday is None else 7)
    assert datetime.combine(next_day, at) > local


def test_everything_that_comes_round_is_in_the_calendar_once() -> None:
    kinds = [*HOURLY, *NIGHTLY, *WEEKLY]
    assert len(kinds) == len(set(kinds))
    assert [period.effect for period in due(datetime.now(UTC), settings())] == kinds


def test_any_number_of_workers_queue_a_period_once_also_when_it_is_done(database_url: str) -> None:
    async def story(database: Database) -> None:
        tools = tools_of(database)
        now = datetime(2026, 11, 21, 5, tzinfo=UTC)
        kinds = [SCORES, PAYOUTS]
        await asyncio.gather(*(Calendar(tools, kinds).queue_due(now) for _ in range(5)))
        assert await waiting_effects(database) == [
            ("nightly_home_scores", "2026-11-21"),
            ("weekly_payouts", "2026-W47"),
        ]
        async with database.connection() as conn:
            await conn.execute("UPDATE outbox SET done_at = now()")
        calendar = Calendar(tools, kinds)
        await calendar.queue_due(now)
        assert await waiting_effects(database) == []
        await calendar.queue_due(now + timedelta(days=2))  # nobody was there on the 22nd
        assert await waiting_effects(database) == [("nightly_home_scores", "2026-11-23")]

    with_database(database_url, story)


def test_the_calendar_looks_into_the_database_only_when_a_period_begins(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(database: Database) -> None:
        looks = 0
        transaction = database.transaction

        def counted() -> Any:
            nonlocal looks
            looks += 1
            return transaction()

        monkeypatch.setattr(database, "transaction", counted)
        calendar = Calendar(tools_of(database), [Effect.KEEP_HOUSE])
        for minute in range(0, 180, 10):
            await calendar.queue_due(datetime(2026, 11, 21, 5, tzinfo=UTC) + timedelta(minutes=minute))
        assert looks == 3

    with_database(database_url, story)
