"""Holds end by themselves: dispatch hears of it a day ahead, once, and of jobs that still need them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from db.payments import save_payment
from tests.money_stage import SANDBOX, STRIPE, Place, Stage, at, money_place
from tracker.effects.task import Task
from tracker.effects.watch_holds import watch_holds
from tracker.jobs.consequences import Effect
from tracker.local_postgres import PostgresServer
from tracker.money.provider import ProviderUnknown


@pytest.fixture(scope="module")
def place(postgres: PostgresServer, template_database: str) -> Iterator[Place]:
    with money_place(postgres, template_database) as place:
        yield place


async def look(stage: Stage, ahead: timedelta) -> None:
    """The hourly effect, some time from now."""
    task = Task(Effect.WATCH_HOLDS, None, None, "2026-11-21T05", 1, datetime.now(UTC) + ahead)
    await watch_holds(stage.tools, task)


async def lasts(stage: Stage, job_id: UUID) -> timedelta:
    """How long a job's hold lasts, as the provider said."""
    (payment,) = await stage.payments(job_id)
    assert payment.capture_before is not None
    return payment.capture_before - datetime.now(UTC)


@pytest.mark.parametrize("provider", [STRIPE, SANDBOX])
def test_dispatch_is_told_once_a_day_ahead_and_only_of_jobs_that_go_on(provider: str, place: Place) -> None:
    async def story(stage: Stage) -> None:
        going_on, over = await stage.held_job(), await stage.held_job()
        await stage.cancel(over)
        time_left = await lasts(stage, going_on)
        await look(stage, time_left - timedelta(hours=25))
        assert await stage.alerts(going_on) == []
        for hours in (23, 22):
            await look(stage, time_left - timedelta(hours=hours))
        assert await stage.alerts(going_on) == ["A hold ends soon"]
        assert await stage.alerts(over) == []

    at(provider, place, story)


def test_a_hold_that_has_ended_is_written_down_though_no_event_came(place: Place) -> None:
    async def story(stage: Stage) -> None:
        assert stage.stripe is not None
        job_id = await stage.held_job()
        (payment,) = await stage.payments(job_id)
        time_left = await lasts(stage, job_id)
        stage.stripe.expire_hold(str(payment.intent_id))
        for _ in range(2):
            await look(stage, time_left + timedelta(minutes=1))
        (payment,) = await stage.payments(job_id)
        assert (payment.status, payment.capture_before) == ("failed", None)
        assert await stage.alerts(job_id) == ["A payment failed"]
        await stage.hold(job_id)
        await stage.work()
        assert [one.status for one in await stage.payments(job_id)] == ["failed", "authorized"]

    at(STRIPE, place, story)


def test_one_hold_that_cannot_be_asked_about_does_not_hide_the_others(place: Place) -> None:
    async def story(stage: Stage) -> None:
        assert stage.stripe is not None
        jobs = [await stage.held_job() for _ in range(3)]
        time_left = await lasts(stage, jobs[0])
        for number, job_id in enumerate(jobs):
            (payment,) = await stage.payments(job_id)
            if number == 0:
                stage.stripe.state.intents.pop(str(payment.intent_id))
            else:
                stage.stripe.expire_hold(str(payment.intent_id))
        with pytest.raises(ProviderUnknown, match="1 could not be asked about"):
            await look(stage, time_left + timedelta(minutes=1))
        statuses = [one.status for job_id in jobs for one in await stage.payments(job_id)]
        assert statuses == ["authorized", "failed", "failed"]
        (unknown,) = await stage.payments(jobs[0])
        async with stage.database.transaction() as conn:  # the other stories' looks are not to meet it
            await save_payment(conn, replace(unknown, status="failed"))

    at(STRIPE, place, story)


@pytest.mark.parametrize("paid", [True, False])
def test_a_page_whose_event_was_lost_is_asked_about_a_day_later(place: Place, paid: bool) -> None:
    async def story(stage: Stage) -> None:
        assert stage.stripe is not None
        job_id = await stage.job("accepted")
        await stage.checkout(job_id)
        await stage.work()
        (payment,) = await stage.payments(job_id)
        if paid:
            await stage.pay_page(str(payment.checkout_id))
        else:
            stage.stripe.state.get("cs", str(payment.checkout_id))["status"] = "expired"
        await look(stage, timedelta(hours=24))
        assert [one.status for one in await stage.payments(job_id)] == ["asked"]
        await look(stage, timedelta(hours=26))
        status = "authorized" if paid else "failed"
        assert [one.status for one in await stage.payments(job_id)] == [status]

    at(STRIPE, place, story)
