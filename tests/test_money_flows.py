"""What becomes of a job's money, from the hold to the refund; the same at Stripe and in the sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.money_stage import PRICE, SANDBOX, STRIPE, Place, Stage, at, money_place
from tracker.jobs.consequences import Effect
from tracker.jobs.lifecycle import Status
from tracker.local_postgres import PostgresServer
from tracker.money.holds import HoldExists, NothingToPay
from tracker.money.refunds import RefundTooLarge, RequestKeyReused
from tracker.money.tips import TipRefused


@pytest.fixture(scope="module")
def place(postgres: PostgresServer, template_database: str) -> Iterator[Place]:
    with money_place(postgres, template_database) as place:
        yield place


both = pytest.mark.parametrize("provider", [STRIPE, SANDBOX])


@both
def test_a_hold_is_captured_with_the_tip_and_shared(provider: str, place: Place) -> None:
    async def story(stage: Stage) -> None:
        job_id = await stage.job("in_progress")
        await stage.set(job_id, price_cents=13_000)
        await stage.hold(job_id)
        await stage.work()
        (payment,) = await stage.payments(job_id)
        assert (payment.status, payment.authorized_cents) == ("authorized", 13_000)
        assert payment.capture_before is not None
        await stage.set(job_id, final_price_cents=PRICE)
        assert not (await stage.tip(job_id, 1_000)).charged_now
        await stage.complete(job_id)
        await stage.work()
        (payment,) = await stage.payments(job_id)
        assert (payment.status, payment.captured_cents, payment.tip_cents) == ("captured", 13_000, 1_000)
        assert await stage.ledger(job_id) == [
            ("capture", "provider_balance", None, 13_000),
            ("capture", "pro_payable", "pat", -8_200),
            ("capture", "platform_revenue", None, -4_800),
        ]
        assert await stage.owed(job_id) == [("job", 8_200)]
        assert await stage.events(job_id) == ["payment_asked", "hold_placed", "tip_given", "captured"]
        assert stage.failures == await stage.alerts(job_id) == []

    at(provider, place, story)


@both
def test_less_than_the_hold_is_captured_and_the_rest_is_let_go(provider: str, place: Place) -> None:
    async def story(stage: Stage) -> None:
        job_id = await stage.held_job()
        await stage.set(job_id, final_price_cents=9_999)
        await stage.complete(job_id)
        await stage.work()
        (payment,) = await stage.payments(job_id)
        assert (payment.captured_cents, payment.refunded_cents) == (9_999, 0)
        intent = await stage.tools.providers.payments.intent(str(payment.intent_id))
        assert (intent.captured_cents, intent.refunded_cents, intent.capturable_cents) == (9_999, 0, 0)
        assert await stage.owed(job_id) == [("job", 5_999)]  # the odd cent is the platform's

    at(provider, place, story)


@both
def test_what_the_hold_does_not_cover_is_charged_and_the_shares_are_those_of_the_whole(
    provider: str, place: Place
) -> None:
    async def story(stage: Stage) -> None:
        job_id = await stage.held_job(price=10_001)
        await stage.set(job_id, final_price_cents=13_333)
        await stage.tip(job_id, 500)
        await stage.complete(job_id)
        await stage.work()
        hold, overage = await stage.payments(job_id)
        assert (hold.captured_cents, hold.tip_cents) == (10_001, 0)
        assert (overage.purpose, overage.captured_cents, overage.tip_cents) == ("overage", 3_832, 500)
        assert await stage.balance(job_id) == {
            "provider_balance": 13_833,
            "pro_payable": -(13_333 * 6 // 10 + 500),
            "platform_revenue": -(13_333 - 13_333 * 6 // 10),
        }
        assert await stage.owed(job_id) == [("job", 6_000), ("overage", 2_499)]

    at(provider, place, story)


@both
def test_a_declined_overage_is_told_and_what_was_held_settles_anyway(provider: str, place: Place) -> None:
    async def story(stage: Stage) -> None:
        job_id = await stage.held_job()
        await stage.give_card("pm_card_chargeDeclined")
        await stage.set(job_id, final_price_cents=15_000)
        await stage.complete(job_id)
        await stage.work()
        await stage.again(Effect.CAPTURE_HOLD)
        hold, overage = await stage.payments(job_id)
        assert (hold.status, hold.captured_cents) == ("captured", PRICE)
        assert (overage.status, overage.amount_cents) == ("failed", 3_000)
        assert overage.problem == "Your card was declined."
        assert await stage.owed(job_id) == [("job", 7_200)]
        assert (await stage.events(job_id))[-2:] == ["captured", "payment_failed"]
        assert await stage.alerts(job_id) == ["A payment failed"]
        page = await stage.checkout(job_id)  # dispatch sends a page for the rest
        assert (page.purpose, page.amount_cents) == ("overage", 3_000)

    at(provider, place, story)


@both
def test_a_job_without_a_hold_is_charged_when_it_is_completed(provider: str, place: Place) -> None:
    async def story(stage: Stage) -> None:
        job_id = await stage.job("in_progress")
        await stage.complete(job_id)
        await stage.work()
        (payment,) = await stage.payments(job_id)
        assert (payment.purpose, payment.captured_cents) == ("overage", PRICE)
        assert await stage.owed(job_id) == [("overage", 7_200)]

    at(provider, place, story)


@both
def test_a_job_that_costs_nothing_lets_its_hold_go(provider: str, place: Place) -> None:
    async def story(stage: Stage) -> None:
        job_id = await stage.held_job()
        await stage.set(job_id, final_price_cents=0)
        await stage.complete(job_id)
        await stage.work()
        (payment,) = await stage.payments(job_id)
        assert (payment.status, payment.captured_cents) == ("released", 0)
        assert await stage.ledger(job_id) == await stage.owed(job_id) == await stage.alerts(job_id) == []

    at(provider, place, story)


@both
def test_a_cancelled_job_lets_its_hold_go_once(provider: str, place: Place) -> None:
    async def story(stage: Stage) -> None:
        job_id = await stage.held_job("accepted")
        await stage.cancel(job_id)
        await stage.work()
        await stage.again(Effect.RELEASE_HOLD)
        (payment,) = await stage.payments(job_id)
        assert payment.status == "released"
        assert (await stage.events(job_id))[-1] == "hold_released"
        assert (await stage.events(job_id)).count("hold_released") == 1
        with pytest.raises(NothingToPay):
            await stage.hold(job_id)

    at(provider, place, story)


@both
def test_cancelled_before_the_hold_was_asked_for_asks_nobody(provider: str, place: Place) -> None:
    async def story(stage: Stage) -> None:
        job_id = await stage.job("accepted")
        await stage.hold(job_id)
        await stage.cancel(job_id)
        await stage.work()
        (payment,) = await stage.payments(job_id)
        assert (payment.status, payment.intent_id) == ("released", None)

    at(provider, place, story)


@both
def test_a_declined_hold_is_told_and_another_card_may_be_tried(provider: str, place: Place) -> None:
    async def story(stage: Stage) -> None:
        job_id = await stage.job()
        await stage.give_card("pm_card_chargeDeclined")
        await stage.hold(job_id)
        await stage.work()
        await stage.give_card()
        await stage.hold(job_id)
        with pytest.raises(HoldExists):
            await stage.hold(job_id)
        await stage.work()
        assert [one.status for one in await stage.payments(job_id)] == ["failed", "authorized"]
        assert await stage.alerts(job_id) == ["A payment failed"]

    at(provider, place, story)


@both
def test_a_tip_after_completion_is_a_charge_of_its_own(provider: str, place: Place) -> None:
    async def story(stage: Stage) -> None:
        job_id = await stage.held_job()
        await stage.complete(job_id)
        given = await stage.tip(job_id, 1_500, "after")
        assert given.charged_now
        assert (await stage.tip(job_id, 1_500, "after")) == given
        await stage.work()
        await stage.again(Effect.CHARGE_SAVED)
        hold, tip = await stage.payments(job_id)
        assert (hold.captured_cents, hold.tip_cents) == (PRICE, 0)
        assert (tip.purpose, tip.captured_cents, tip.tip_cents) == ("tip", 1_500, 1_500)
        assert sorted(await stage.owed(job_id)) == [("job", 7_200), ("tip", 1_500)]
        assert await stage.asked("SELECT tip_cents FROM jobs WHERE id = $1", job_id) == 1_500
        await stage.again(Effect.CAPTURE_HOLD)
        assert len(await stage.payments(job_id)) == 2

    at(provider, place, story)


@both
def test_tips_have_limits_and_a_key_means_one_tip(provider: str, place: Place) -> None:
    async def story(stage: Stage) -> None:
        job_id = await stage.job("accepted")
        for number in range(3):
            await stage.tip(job_id, 100, f"t{number}")
        with pytest.raises(RequestKeyReused):
            await stage.tip(job_id, 200, "t1")
        with pytest.raises(TipRefused, match="3 tips"):
            await stage.tip(job_id, 100, "t3")
        for status in ("open", "cancelled"):
            with pytest.raises(TipRefused):
                await stage.tip(await stage.job(status), 100)
        assert await stage.asked("SELECT tip_cents FROM jobs WHERE id = $1", job_id) == 300

    at(provider, place, story)


@both
def test_refunds_take_prices_before_tips_and_in_the_end_everything(provider: str, place: Place) -> None:
    async def story(stage: Stage) -> None:
        job_id = await stage.held_job(price=9_999)
        await stage.set(job_id, final_price_cents=13_333)
        await stage.complete(job_id)
        await stage.work()
        await stage.tip(job_id, 700, "after")
        await stage.work()
        for number, amount_cents in enumerate((1, 3_333, 9_998)):  # the overage, then the hold
            await stage.refund(job_id, amount_cents, f"r{number}")
            await stage.work()
        assert (await stage.balance(job_id))[
            "pro_payable"
        ] == -700  # one cent of price is left, of which a pro has nothing
        await stage.refund(job_id, 701, "all")
        await stage.work()
        assert await stage.balance(job_id) == {}
        assert sum(cents for _, cents in await stage.owed(job_id)) == 0
        assert [(one.captured_cents, one.refunded_cents) for one in await stage.payments(job_id)] == [
            (9_999, 9_999),
            (3_334, 3_334),
            (700, 700),
        ]
        with pytest.raises(RefundTooLarge) as refused:
            await stage.refund(job_id, 1, "more")
        assert refused.value.facts == {"available_cents": 0}

    at(provider, place, story)


@both
def test_of_refunds_that_ask_at_once_no_more_is_given_back_than_was_taken(
    provider: str, place: Place
) -> None:
    async def story(stage: Stage) -> None:
        job_id = await stage.held_job()
        await stage.complete(job_id)
        await stage.work()
        asked = [stage.refund(job_id, 5_000, f"r{number % 4}") for number in range(12)]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert {type(answer) for answer in answers} == {list, RefundTooLarge}
        await stage.work()
        await stage.again(Effect.MAKE_REFUND)
        (payment,) = await stage.payments(job_id)
        assert payment.refunded_cents == 10_000
        assert [one.status for one in await stage.refunds(job_id)] == ["done", "done"]
        with pytest.raises(RequestKeyReused):
            await stage.refund(job_id, 1, (await stage.refunds(job_id))[0].request_key.split(":")[1])

    at(provider, place, story)


@both
def test_the_commission_of_a_job_stays_as_it_was(provider: str, place: Place) -> None:
    async def story(stage: Stage) -> None:
        job_id = await stage.held_job()
        await stage.complete(job_id)
        await stage.work()
        object.__setattr__(stage.tools.settings, "commission_bp", 0)
        await stage.refund(job_id, PRICE)
        await stage.work()
        assert await stage.balance(job_id) == {}

    at(provider, place, story)


@both
@pytest.mark.parametrize("end", ["completed", "cancelled"])
def test_a_hold_that_is_placed_after_the_job_ended_ends_with_it(
    end: str, provider: str, place: Place
) -> None:
    async def story(stage: Stage) -> None:
        job_id = await stage.job("in_progress")
        page = await stage.checkout(job_id)
        await stage.work()
        assert (await stage.checkout(job_id)).id == page.id
        await stage.move(job_id, Status(end))
        await stage.work()
        waits = ["A completed job is not paid yet"] if end == "completed" else []
        assert await stage.alerts(job_id) == waits
        await stage.pay(job_id)
        await stage.work()
        (payment,) = await stage.payments(job_id)
        assert payment.status == ("captured" if end == "completed" else "released")
        assert payment.captured_cents == (PRICE if end == "completed" else 0)

    at(provider, place, story)


@both
def test_twenty_workers_at_once_capture_once(provider: str, place: Place) -> None:
    async def story(stage: Stage) -> None:
        job_id = await stage.held_job()
        await stage.set(job_id, final_price_cents=14_000)
        moves = [stage.complete(job_id) for _ in range(20)]
        await asyncio.gather(*moves)
        await asyncio.gather(*(stage.work_once() for _ in range(20)))
        await stage.work()
        hold, overage = await stage.payments(job_id)
        assert (hold.captured_cents, overage.captured_cents) == (PRICE, 2_000)
        assert await stage.owed(job_id) == [("job", 7_200), ("overage", 1_200)]
        assert await stage.balance(job_id) == {
            "provider_balance": 14_000,
            "pro_payable": -8_400,
            "platform_revenue": -5_600,
        }

    at(provider, place, story)
