"""Quiet hours: wall-clock times in a person's zone, also where the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.messaging import recipient
from tracker.messages.people import quiet_hours_of
from tracker.messages.quiet import QuietHours, parse_hours
from tracker.settings import Settings

NEW_YORK = ZoneInfo("America/New_York")
NIGHT = QuietHours(time(21), time(8), NEW_YORK)
SIESTA = QuietHours(time(14), time(17), ZoneInfo("Europe/Madrid"))


def local(*moment: int, fold: int = 0, zone: ZoneInfo = NEW_YORK) -> datetime:
    return datetime(*moment, tzinfo=zone, fold=fold).astimezone(UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (local(2026, 11, 21, 20, 59), None),
        (local(2026, 11, 21, 21, 0), local(2026, 11, 22, 8)),
        (local(2026, 11, 21, 23, 59), local(2026, 11, 22, 8)),
        (local(2026, 11, 22, 0, 0), local(2026, 11, 22, 8)),
        (local(2026, 11, 22, 7, 59), local(2026, 11, 22, 8)),
        (local(2026, 11, 22, 8, 0), None),
        (local(2026, 12, 31, 22, 0), local(2027, 1, 1, 8)),
    ],
)
def test_a_night_holds_messages_until_its_end(now: datetime, until: datetime | None) -> None:
    assert NIGHT.ends_after(now) == until


def test_quiet_hours_within_a_day_end_on_that_day() -> None:
    madrid = ZoneInfo("Europe/Madrid")
    assert SIESTA.ends_after(local(2026, 7, 1, 14, zone=madrid)) == local(2026, 7, 1, 17, zone=madrid)
    assert SIESTA.ends_after(local(2026, 7, 1, 17, zone=madrid)) is None
    assert SIESTA.ends_after(local(2026, 7, 1, 13, 59, zone=madrid)) is None


def test_a_night_is_an_hour_shorter_or_longer_when_the_clocks_change() -> None:
    spring, autumn = local(2026, 3, 7, 21), local(2026, 10, 31, 21)
    assert NIGHT.ends_after(spring) == spring + timedelta(hours=10)
    assert NIGHT.ends_after(autumn) == autumn + timedelta(hours=12)
    assert NIGHT.ends_after(spring) == local(2026, 3, 8, 8)
    assert NIGHT.ends_after(autumn) == local(2026, 11, 1, 8)


def test_an_end_that_the_clocks_skip_comes_an_hour_later_by_the_wall() -> None:
    early = QuietHours(time(21), time(2, 30), NEW_YORK)  # 02:30 does not exist on 8 March 2026
    assert early.ends_after(local(2026, 3, 8, 1, 59)) == local(2026, 3, 8, 3, 30)


def test_an_hour_that_comes_twice_is_quiet_once() -> None:
    early = QuietHours(time(21), time(1, 30), NEW_YORK)  # 01:30 comes twice on 1 November 2026
    first, second = local(2026, 11, 1, 1, 15), local(2026, 11, 1, 1, 15, fold=1)
    assert early.ends_after(first) == local(2026, 11, 1, 1, 30)
    assert early.ends_after(second) is None


def test_every_minute_of_a_year_is_held_until_a_later_moment_that_is_not_quiet() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    for _ in range(365 * 24 * 2):
        until = NIGHT.ends_after(now)
        if until is not None:
            assert now < until <= now + timedelta(hours=12)
            assert NIGHT.ends_after(until) is None
        now += timedelta(minutes=30)


def test_a_persons_own_hours_and_zone_come_before_the_companys() -> None:
    company = Settings(tracker_secret="s" * 32, quiet_hours="21:00-08:00", time_zone="America/New_York")
    assert quiet_hours_of(company, recipient()) == NIGHT
    lisbon = ZoneInfo("Europe/Lisbon")
    assert quiet_hours_of(company, recipient(time_zone="Europe/Lisbon")) == QuietHours(
        time(21), time(8), lisbon
    )
    own = recipient(quiet_from=time(22), quiet_until=time(6))
    assert quiet_hours_of(company, own) == QuietHours(time(22), time(6), NEW_YORK)
    assert quiet_hours_of(company, recipient(quiet_from=time(6), quiet_until=time(6))) is None
    assert quiet_hours_of(company, recipient(time_zone="Atlantis/Lost")) == NIGHT
    assert parse_hours("off", "UTC") is None
