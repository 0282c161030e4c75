"""One try of an effect: how it may end, when it is not begun at all, and when the next one is."""

from __future__ import annotations

import asyncio
import math
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from db.errors import Conflict
from db.outbox import Ending, OutboxRow
from tracker.effects.task import Executor, GiveUp, Postpone, Task, Tools
from tracker.jobs.consequences import EXPIRES_AFTER, Effect
from tracker.outbox import carry_out as module
from tracker.outbox.carry_out import (
    LONGEST_PAUSE_S,
    LONGEST_WAIT_S,
    MAX_ATTEMPTS,
    Done,
    TooLate,
    carry_out,
    retry_pause_s,
)
from tracker.outbox.pace import LEASE_S, PACES, RENEW_EVERY_S, USUAL, Pace, pace_of

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def row_of(effect: Effect = Effect.SEND_SMS, **changed: object) -> OutboxRow:
    facts: dict[str, object] = {
        "id": 1,
        "job_id": None,
        "version": None,
        "subject": "7",
        "effect": effect.value,
        "attempts": 1,
        "queued_at": NOW,
        "available_at": NOW,
        "expires_at": None,
    }
    return OutboxRow(**{**facts, **changed})  # type: ignore[arg-type]


def tried(executor: Executor, row: OutboxRow | None = None) -> Done | TooLate | Ending:
    return asyncio.run(carry_out(executor, cast("Tools", None), row or row_of(), NOW))


def ending_of(error: BaseException, row: OutboxRow | None = None) -> Ending:
    async def executor(_tools: Tools, _task: Task) -> None:
        raise error

    ended = tried(executor, row)
    assert isinstance(ended, Ending)
    return ended


async def never_run(_tools: Tools, _task: Task) -> None:
    raise AssertionError("it was begun")


def test_an_executor_is_told_what_the_row_says_and_is_done_when_it_returns() -> None:
    seen = []

    async def executor(_tools: Tools, task: Task) -> None:
        seen.append(task)

    assert isinstance(tried(executor, row_of(attempts=3)), Done)
    assert seen == [Task(Effect.SEND_SMS, None, None, "7", 3, NOW)]
    assert seen[0].number() == 7


def test_an_effect_that_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "pace_of", lambda _effect: Pace(timeout_s=0.02))

    async def slow(_tools: Tools, _task: Task) -> None:
        await asyncio.sleep(60)

    ended = tried(slow)
    assert isinstance(ended, Ending)
    assert (ended.reason, ended.counts) == ("timed out after 0.02 s", True)


def test_a_timeout_of_its_own_is_an_error_like_another() -> None:
    assert ending_of(TimeoutError("no route")).reason == "TimeoutError: no route"


def test_an_executor_that_waited_for_something_cancelled_has_failed() -> None:
    ended = ending_of(asyncio.CancelledError())
    assert (ended.reason, ended.counts) == ("cancelled itself", True)


def test_a_refusal_is_written_down_with_its_code_and_tried_again() -> None:
    ended = ending_of(Conflict("The hold is gone."))
    assert ended.reason == "conflict: The hold is gone."
    assert ended.retry_in_s is not None


def test_giving_up_needs_no_more_tries() -> None:
    ended = ending_of(GiveUp("no such number"))
    assert (ended.reason, ended.retry_in_s, ended.counts) == ("no such number", None, True)


def test_an_effect_without_what_it_is_about_gives_up() -> None:
    async def needs_a_job(_tools: Tools, task: Task) -> None:
        task.job_event()

    async def needs_a_number(_tools: Tools, task: Task) -> None:
        task.number()

    for executor, subject in ((needs_a_job, "7"), (needs_a_number, "seven")):
        ended = tried(executor, row_of(subject=subject))
        assert isinstance(ended, Ending)
        assert ended.retry_in_s is None


def test_waiting_uses_up_no_try() -> None:
    ended = ending_of(Postpone("the money is not taken yet", 30), row_of(attempts=MAX_ATTEMPTS))
    assert (ended.reason, ended.retry_in_s) == ("waits: the money is not taken yet", 30)
    assert ended.counts is False


@pytest.mark.parametrize(
    ("asked", "given"),
    [(-5, 0), (1e12, LONGEST_WAIT_S), (math.inf, LONGEST_PAUSE_S), (math.nan, LONGEST_PAUSE_S)],
)
def test_a_wait_that_no_clock_can_count_is_made_sensible(asked: float, given: float) -> None:
    assert ending_of(Postpone("later", asked)).retry_in_s == given


def test_a_reason_is_made_storable() -> None:
    ended = ending_of(RuntimeError("nul \0, half a pair \ud800" + "x" * 1000))
    assert ended.reason.startswith("RuntimeError: nul , half a pair ?")
    assert len(ended.reason) == 500


def test_pauses_double_with_some_jitter_up_to_half_an_hour_and_then_end() -> None:
    for attempts in range(1, MAX_ATTEMPTS):
        pauses = [retry_pause_s(attempts) or 0.0 for _ in range(50)]
        middle = min(LONGEST_PAUSE_S, 2.0**attempts)
        assert all(0.8 * middle <= pause <= 1.2 * middle for pause in pauses)
        assert len(set(pauses)) > 1
    assert retry_pause_s(MAX_ATTEMPTS) is None


def test_the_tries_of_an_effect_outlast_an_outage_of_two_hours() -> None:
    least = sum(0.8 * min(LONGEST_PAUSE_S, 2.0**attempts) for attempts in range(1, MAX_ATTEMPTS))
    assert least > timedelta(hours=2).total_seconds()


def test_an_effect_that_took_its_worker_with_it_each_time_is_not_begun_again() -> None:
    ended = tried(never_run, row_of(attempts=MAX_ATTEMPTS + 1))
    assert isinstance(ended, Ending)
    assert (ended.retry_in_s, ended.reason) == (None, f"its worker died {MAX_ATTEMPTS} times over it")


@pytest.mark.parametrize("effect", sorted(EXPIRES_AFTER))
def test_what_has_outlived_its_kinds_use_is_not_begun(effect: Effect) -> None:
    limit = EXPIRES_AFTER[effect]
    assert isinstance(tried(never_run, row_of(effect, queued_at=NOW - limit)), TooLate)

    async def fine(_tools: Tools, _task: Task) -> None:
        pass

    just_in_time = NOW - limit + timedelta(seconds=1)
    assert isinstance(tried(fine, row_of(effect, queued_at=just_in_time, attempts=9)), Done)


def test_what_has_outlived_its_own_use_is_not_begun_even_after_failed_tries() -> None:
    assert isinstance(tried(never_run, row_of(expires_at=NOW, attempts=4)), TooLate)
    assert isinstance(tried(never_run, row_of(expires_at=NOW, attempts=MAX_ATTEMPTS + 1)), TooLate)


@pytest.mark.parametrize("effect", list(Effect))
def test_a_lease_is_renewed_for_longer_than_the_timeout(effect: Effect) -> None:
    pace = pace_of(effect)
    assert pace.longest_s >= pace.timeout_s + 10
    assert LEASE_S >= 3 * RENEW_EVERY_S
    assert pace.at_once >= 1
    assert pace is USUAL or effect in PACES
