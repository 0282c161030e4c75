"""How often a phone is asked to send."""

from __future__ import annotations

import itertools

import pytest

from tracker.positions.policy import (
    IDLE,
    LONGEST_INTERVAL_S,
    NEAR_M,
    UNWATCHED,
    WATCHED,
    JobNeeds,
    Policy,
    policy_for,
)

STATUSES = ("accepted", "scheduled", "en_route", "arrived", "in_progress")
FAR_M = 20_000.0


def of(
    status: str, *, watched: bool = False, distance_m: float | None = FAR_M, battery: float | None = None
) -> Policy:
    return policy_for([JobNeeds(status, watched, distance_m)], battery)


def test_a_pro_between_jobs_sends_once_a_minute() -> None:
    assert policy_for([], None) == IDLE == (60, 100)


def test_every_active_status_has_its_policy() -> None:
    assert set(UNWATCHED) == set(WATCHED) == set(STATUSES)


@pytest.mark.parametrize("status", STATUSES)
def test_a_watcher_shortens_the_interval(status: str) -> None:
    assert of(status, watched=True) < of(status)


def test_on_the_way_nearness_shortens_the_interval_watched_or_not() -> None:
    assert of("en_route", distance_m=NEAR_M) == of("en_route", watched=True) == (5, 10)
    assert of("en_route", distance_m=NEAR_M + 1).interval_s == 20
    assert of("en_route", distance_m=None).interval_s == 20


def test_nearness_matters_only_on_the_way() -> None:
    assert of("in_progress", distance_m=0.0) == of("in_progress")


def test_the_most_demanding_job_decides() -> None:
    jobs = [
        JobNeeds("scheduled", False, FAR_M),
        JobNeeds("en_route", True, FAR_M),
        JobNeeds("accepted", True, 0.0),
    ]
    assert {policy_for(order, None) for order in itertools.permutations(jobs)} == {Policy(5, 10)}


def test_a_low_battery_stretches_the_interval_but_never_past_a_minute() -> None:
    assert of("en_route", watched=True, battery=0.5).interval_s == 5
    assert of("en_route", watched=True, battery=0.19).interval_s == 10
    assert of("en_route", watched=True, battery=0.05).interval_s == 20
    assert of("scheduled", battery=0.0).interval_s == LONGEST_INTERVAL_S


def test_the_wire_says_it_with_units() -> None:
    assert of("en_route", watched=True).as_dict() == {"interval_s": 5, "min_displacement_m": 10}
