"""A home's score by the rule: full for a year, faded by the end of the second, capped, never below 50."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.reputation.home_score import BASE, CAP, DoneJob, faded_tenths, score_home

CATALOGUE = {"pressure_washing": 10, "gutter_cleaning": 15, "junk_removal": 5}
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def done(skill: str, ago: timedelta, number: int = 1) -> DoneJob:
    return DoneJob(UUID(int=number), f"A job of {skill}", skill, NOW - ago)


@st.composite
def histories(draw: st.DrawFn) -> list[DoneJob]:
    skills = st.sampled_from([*CATALOGUE, "tv_mounting"])
    ages = st.timedeltas(timedelta(0), timedelta(days=800))
    jobs = draw(st.lists(st.tuples(skills, ages), max_size=12))
    return [done(skill, age, number) for number, (skill, age) in enumerate(jobs)]


def test_a_home_where_nothing_was_done_scores_fifty() -> None:
    assert score_home([], CATALOGUE, NOW).tenths == BASE * 10


def test_each_job_adds_what_the_catalogue_says_and_an_unlisted_one_nothing() -> None:
    jobs = [done(skill, DAY, number) for number, skill in enumerate([*CATALOGUE, "tv_mounting"])]
    score = score_home(jobs, CATALOGUE, NOW)
    assert score.tenths == (BASE + sum(CATALOGUE.values())) * 10
    assert {item.job.skill: item.tenths for item in score.items} == {
        skill: points * 10 for skill, points in CATALOGUE.items()
    }


@pytest.mark.parametrize(
    ("ago", "tenths"),
    [
        (timedelta(0), 100),
        (timedelta(days=365), 100),
        (timedelta(days=365 + 36.5), 90),
        (timedelta(days=547.5), 50),
        (timedelta(days=728), 1),  # 0.055 points, rounded half up
        (timedelta(days=729), 0),
        (timedelta(days=730), 0),
        (timedelta(days=5000), 0),
        (timedelta(hours=-1), 100),  # a phone's clock that ran ahead
    ],
)
def test_points_are_whole_for_365_days_and_fade_in_a_straight_line_until_730(
    ago: timedelta, tenths: int
) -> None:
    assert faded_tenths(10, ago) == tenths


def test_what_has_faded_away_is_no_item_any_more() -> None:
    score = score_home([done("gutter_cleaning", timedelta(days=730))], CATALOGUE, NOW)
    assert (score.tenths, score.items) == (BASE * 10, ())


def test_the_sum_is_capped_and_its_items_still_tell_everything() -> None:
    score = score_home([done("gutter_cleaning", DAY, n) for n in range(6)], CATALOGUE, NOW)
    assert score.tenths == CAP * 10
    assert sum(item.tenths for item in score.items) == 6 * 150


def test_an_item_says_until_when_it_counts_in_full_and_when_it_is_gone() -> None:
    (item,) = score_home([done("junk_removal", timedelta(days=400))], CATALOGUE, NOW).items
    assert item.fades_from == NOW - timedelta(days=35)
    assert item.gone_at == NOW + timedelta(days=330)
    assert score_home([item.job], CATALOGUE, item.gone_at - timedelta(days=10)).items
    assert not score_home([item.job], CATALOGUE, item.gone_at).items


def test_days_are_days_of_24_hours_across_leap_years_and_summer_time() -> None:
    new_york = ZoneInfo("America/New_York")
    finished = datetime(
        2027, 3, 13, 12, tzinfo=new_york
    )  # the clocks go forward that night; 2028 is a leap year
    job = DoneJob(UUID(int=1), "Gutters", "gutter_cleaning", finished.astimezone(UTC))
    # 2028 has a 29th of February, so 365 days end on the 12th of March; and by then it is summer time
    a_year_of_days = finished.astimezone(UTC) + timedelta(days=365)
    assert a_year_of_days.astimezone(new_york) == datetime(2028, 3, 12, 13, tzinfo=new_york)
    assert score_home([job], CATALOGUE, a_year_of_days).tenths == 650
    assert score_home([job], CATALOGUE, a_year_of_days + timedelta(days=3)).tenths == 649
    utc = score_home([job], CATALOGUE, a_year_of_days + timedelta(days=100))
    local = score_home([job], CATALOGUE, (a_year_of_days + timedelta(days=100)).astimezone(new_york))
    assert utc == local


@given(histories(), st.lists(st.timedeltas(timedelta(0), timedelta(days=1500)), min_size=2, max_size=8))
def test_while_nothing_is_done_a_score_never_rises(jobs: list[DoneJob], later: list[timedelta]) -> None:
    scores = [score_home(jobs, CATALOGUE, NOW + wait).tenths for wait in sorted(later)]
    assert all(after <= before for before, after in pairwise(scores))


@given(histories(), st.randoms())
def test_the_order_of_the_jobs_does_not_matter(jobs: list[DoneJob], random: object) -> None:
    shuffled = list(jobs)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert score_home(shuffled, CATALOGUE, NOW) == score_home(jobs, CATALOGUE, NOW)


@given(histories())
def test_a_score_stays_between_fifty_and_the_cap_and_its_items_add_up_to_it(jobs: list[DoneJob]) -> None:
    score = score_home(jobs, CATALOGUE, NOW)
    assert BASE * 10 <= score.tenths <= CAP * 10
    assert score.tenths == min(CAP * 10, BASE * 10 + sum(item.tenths for item in score.items))
    assert all(0 < item.tenths <= item.points * 10 for item in score.items)


@given(histories(), st.sampled_from([*CATALOGUE]), st.timedeltas(timedelta(0), timedelta(days=800)))
def test_one_more_job_never_lowers_a_score(jobs: list[DoneJob], skill: str, ago: timedelta) -> None:
    more = [*jobs, done(skill, ago, 99)]
    assert score_home(more, CATALOGUE, NOW).tenths >= score_home(jobs, CATALOGUE, NOW).tenths
