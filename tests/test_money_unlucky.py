"""Calls to Stripe that time out after doing the work, replay a 500, lose their keys: each is done once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.money_stage import STRIPE, Place, Stage, at, money_place
from tracker.local_postgres import PostgresServer
from tracker.money.provider import ProviderUnknown
from tracker.stand_ins import Kind

HOLD = CHARGE = "POST /v1/payment_intents"
CAPTURE = "POST /v1/payment_intents/*/capture"
RELEASE = "POST /v1/payment_intents/*/cancel"
REFUND = "POST /v1/refunds"
CHECKOUT = "POST /v1/checkout/sessions"
FAULTS = {
    "times out before the work": (Kind.SILENT_BEFORE, 500),
    "times out after the work": (Kind.SILENT_AFTER, 500),
    "breaks off in the answer": (Kind.CUT, 500),
    "does the work and stores a 500": (Kind.ERROR_AFTER, 500),
    "answers 500 without the work": (Kind.ERROR_BEFORE, 500),
    "answers 503": (Kind.ERROR_BEFORE, 503),
    "answers 429": (Kind.ERROR_BEFORE, 429),
    "answers 409": (Kind.ERROR_BEFORE, 409),
}


@pytest.fixture(scope="module")
def place(postgres: PostgresServer, template_database: str) -> Iterator[Place]:
    with money_place(postgres, template_database) as place:
        yield place


async def whole_life(stage: Stage, *, later: timedelta = timedelta()) -> None:
    """A hold, a partial release, an overage, a tip, refunds; a second job whose hold is let go."""
    assert stage.stripe is not None
    before = counted(stage)
    job_id = await stage.job("in_progress")
    await stage.hold(job_id)
    await stage.work(later=later)
    await stage.set(job_id, final_price_cents=14_000)
    await stage.complete(job_id)
    await stage.work(later=later)
    await stage.tip(job_id, 500)
    await stage.work(later=later)
    await stage.refund(job_id, 3_000)
    await stage.work(later=later)
    other = await stage.job("accepted")
    await stage.checkout(other)
    await stage.work(later=later)
    await stage.pay(other)
    await stage.cancel(other)
    await stage.work(later=later)

    payments = await stage.payments(job_id)
    assert [(one.status, one.captured_cents) for one in payments] == [
        ("captured", 12_000),
        ("captured", 2_000),
        ("captured", 500),
    ]
    assert sum(one.refunded_cents for one in payments) == 3_000
    assert await stage.balance(job_id) == {
        "provider_balance": 11_500,
        "pro_payable": -7_100,
        "platform_revenue": -4_400,
    }
    assert [one.status for one in await stage.payments(other)] == ["released"]
    taken = {name: amount - before[name] for name, amount in counted(stage).items()}
    assert taken == {"captured": 14_500, "held": 0, "refunded": 3_000}
    assert await stage.alerts(job_id) == await stage.alerts(other) == []


def counted(stage: Stage) -> dict[str, int]:
    """What Stripe has, in cents."""
    assert stage.stripe is not None
    state = stage.stripe.state
    return {
        "captured": sum(one["amount_received"] for one in state.intents.values()),
        "held": sum(one["amount_capturable"] for one in state.intents.values()),
        "refunded": sum(one["amount"] for one in state.refunds.values()),
    }


@pytest.mark.parametrize("fault", FAULTS)
def test_every_call_that_goes_wrong_twice_is_done_once(place: Place, fault: str) -> None:
    kind, status = FAULTS[fault]

    async def story(stage: Stage) -> None:
        assert stage.stripe is not None
        planned = [
            stage.stripe.faults.plan(path, kind, times=2, status=status, delay_s=0.01)
            for path in (HOLD, CAPTURE, RELEASE, REFUND, CHECKOUT)
        ]
        await whole_life(stage)
        assert all(one.met for one in planned)

    at(STRIPE, place, story)


@pytest.mark.parametrize("forgotten", [False, True], ids=["keys live", "keys forgotten"])
def test_a_day_later_what_was_done_is_found_and_not_done_again(place: Place, forgotten: bool) -> None:
    async def story(stage: Stage) -> None:
        assert stage.stripe is not None
        job_id = await stage.held_job()
        stage.stripe.faults.plan(CAPTURE, Kind.SILENT_AFTER, delay_s=0.01)
        await stage.complete(job_id)
        await stage.work_once()
        assert [type(one) for one in stage.failures] == [ProviderUnknown]
        assert [one.status for one in await stage.payments(job_id)] == ["authorized"]
        if forgotten:
            stage.stripe.expire_keys()
        await stage.work(later=timedelta(hours=25))
        (payment,) = await stage.payments(job_id)
        assert (payment.status, payment.captured_cents) == ("captured", 12_000)

    at(STRIPE, place, story)


def test_a_charge_is_found_by_its_customer_when_its_key_is_forgotten(place: Place) -> None:
    async def story(stage: Stage) -> None:
        assert stage.stripe is not None
        before = counted(stage)["captured"]
        job_id = await stage.job("in_progress")
        await stage.complete(job_id)
        stage.stripe.faults.plan(CHARGE, Kind.SILENT_AFTER, delay_s=0.01)
        await stage.work_once()
        await stage.work_once()
        assert [type(one) for one in stage.failures] == [ProviderUnknown]
        stage.stripe.expire_keys()
        await stage.work(later=timedelta(hours=25))
        assert counted(stage)["captured"] - before == 12_000
        assert await stage.owed(job_id) == [("overage", 7_200)]

    at(STRIPE, place, story)


def test_a_call_that_was_frozen_and_never_made_is_looked_up_a_day_later(place: Place) -> None:
    async def story(stage: Stage) -> None:
        assert stage.stripe is not None
        job_id = await stage.job()
        payment = await stage.hold(job_id)
        stage.stripe.service.requests.clear()
        await stage.work(later=timedelta(hours=21))
        lines = [line for line in stage.stripe.service.requests if "payment_intents" in line]
        assert [line.split()[0] for line in lines] == ["GET", "POST"]
        assert [one.status for one in await stage.payments(job_id)] == ["authorized"]
        key = await stage.asked("SELECT key FROM money_calls WHERE key LIKE $1", f"payment:{payment.id}:%")
        assert key == f"payment:{payment.id}:hold:v1"

    at(STRIPE, place, story)


def test_a_stuck_key_is_given_up_for_the_next_when_nothing_happened(place: Place) -> None:
    """Stripe stored a 500 for the key, then the work was undone: a decline that it did not tell."""

    async def story(stage: Stage) -> None:
        assert stage.stripe is not None
        job_id = await stage.held_job()
        stage.stripe.faults.plan(REFUND, Kind.ERROR_AFTER)
        await stage.complete(job_id)
        await stage.work()
        (row,) = await stage.refund(job_id, 1_000)
        await stage.work_once()
        made = stage.stripe.state.refunds.values()
        (lost,) = [one for one in made if one["metadata"].get("refund") == str(row.id)]
        del stage.stripe.state.refunds[lost["id"]]
        await stage.work()
        (payment,) = await stage.payments(job_id)
        assert payment.refunded_cents == 1_000
        calls = await stage.asked(
            "SELECT array_agg(key || ' ' || outcome || ' ' || coalesce(answer->>'code', '') ORDER BY key)"
            " FROM money_calls WHERE key LIKE $1",
            f"refund:{row.id}:%",
        )
        assert calls == [f"refund:{row.id}:v1 refused nothing_happened", f"refund:{row.id}:v2 done "]

    at(STRIPE, place, story)


def test_a_wrong_key_of_ours_takes_nothing_back_and_is_tried_again(place: Place) -> None:
    async def story(stage: Stage) -> None:
        assert stage.stripe is not None
        job_id = await stage.job()
        await stage.hold(job_id)
        right, stage.stripe.service.secret_key = stage.stripe.secret_key, "sk_test_another"
        await stage.work_once()
        assert [type(one) for one in stage.failures] == [ProviderUnknown]
        assert [one.status for one in await stage.payments(job_id)] == ["asked"]
        stage.stripe.service.secret_key = right
        await stage.work()
        assert [one.status for one in await stage.payments(job_id)] == ["authorized"]

    at(STRIPE, place, story)


def test_an_expired_hold_is_written_down_and_the_price_is_charged(place: Place) -> None:
    async def story(stage: Stage) -> None:
        assert stage.stripe is not None
        job_id = await stage.held_job()
        (payment,) = await stage.payments(job_id)
        stage.stripe.expire_hold(str(payment.intent_id))
        await stage.complete(job_id)
        await stage.work()
        hold, charge = await stage.payments(job_id)
        assert (hold.status, hold.problem) == ("failed", "the hold ended before it was captured")
        assert (charge.status, charge.captured_cents) == ("captured", 12_000)
        assert await stage.owed(job_id) == [("overage", 7_200)]

    at(STRIPE, place, story)


def test_a_hold_captured_at_stripe_itself_is_a_deposit_until_the_job_ends(place: Place) -> None:
    async def story(stage: Stage) -> None:
        payments = stage.tools.providers.payments
        done, cancelled = await stage.held_job(), await stage.held_job()
        for job_id in (done, cancelled):
            (payment,) = await stage.payments(job_id)
            await payments.capture(f"dashboard {payment.id}", str(payment.intent_id), 12_000)
            await stage.follow(job_id)
            assert await stage.balance(job_id) == {"provider_balance": 12_000, "deposits": -12_000}
            assert await stage.owed(job_id) == []
        await stage.set(done, final_price_cents=10_000)
        await stage.complete(done)
        await stage.cancel(cancelled)
        await stage.work()
        assert await stage.balance(done) == {
            "provider_balance": 10_000,
            "pro_payable": -6_000,
            "platform_revenue": -4_000,
        }
        assert await stage.owed(done) == [("job", 6_000)]
        assert await stage.balance(cancelled) == {}
        assert [one.refunded_cents for one in await stage.payments(done)] == [2_000]
        assert [one.refunded_cents for one in await stage.payments(cancelled)] == [12_000]

    at(STRIPE, place, story)


def test_a_capture_that_stripe_refuses_is_told_and_tried_again_by_a_person(place: Place) -> None:
    async def story(stage: Stage) -> None:
        assert stage.stripe is not None
        job_id = await stage.held_job()
        (payment,) = await stage.payments(job_id)
        intent = stage.stripe.state.intents[str(payment.intent_id)]
        intent["amount_capturable"] = 100  # Stripe changed its mind
        await stage.complete(job_id)
        await stage.work_once()
        assert [str(one) for one in stage.failures] != []
        assert await stage.alerts(job_id) == ["The capture of a hold was refused"]
        intent["amount_capturable"] = 12_000
        await stage.work()
        assert [one.captured_cents for one in await stage.payments(job_id)] == [12_000]

    at(STRIPE, place, story)


def test_a_refund_that_the_bank_could_not_deliver_is_ours_again(place: Place) -> None:
    async def story(stage: Stage) -> None:
        assert stage.stripe is not None
        job_id = await stage.held_job()
        await stage.complete(job_id)
        await stage.work()
        await stage.refund(job_id, 5_000)
        await stage.work()
        (row,) = await stage.refunds(job_id)
        stage.stripe.settle_refund(str(row.refund_id), failed=True)
        for _ in range(2):
            await stage.follow(job_id)
        (row,) = await stage.refunds(job_id)
        assert (row.status, row.problem) == ("failed", "the refund is failed")
        assert (await stage.payments(job_id))[0].refunded_cents == 0
        assert await stage.owed(job_id) == [("job", 7_200), ("correction", -3_000), ("correction", 3_000)]
        assert await stage.alerts(job_id) == ["A refund failed"]
        await stage.refund(job_id, 12_000, "again")
        await stage.work()
        assert await stage.balance(job_id) == {}

    at(STRIPE, place, story)


def test_a_bank_that_wants_the_customer_is_a_failure_that_says_so(place: Place) -> None:
    async def story(stage: Stage) -> None:
        await stage.give_card("pm_card_authenticationRequired")
        job_id = await stage.job()
        await stage.hold(job_id)
        await stage.work()
        (payment,) = await stage.payments(job_id)
        assert payment.status == "failed"
        assert "authentication" in str(payment.problem)
        await stage.checkout(job_id)

    at(STRIPE, place, story)


def test_a_customer_without_a_method_is_not_charged_and_dispatch_is_told_once(place: Place) -> None:
    async def story(stage: Stage) -> None:
        job_id = await stage.job("in_progress", customer="zoe")
        await stage.complete(job_id)
        await stage.work()
        (payment,) = await stage.payments(job_id)
        assert (payment.status, payment.problem) == (
            "failed",
            "the customer has no saved payment method to charge",
        )
        assert await stage.events(job_id) == ["payment_failed"]
        assert await stage.alerts(job_id) == ["A payment failed"]
        await stage.checkout(job_id)
        await stage.work()
        await stage.pay(job_id)
        await stage.work()
        assert await stage.owed(job_id) == [("job", 7_200)]

    at(STRIPE, place, story)


def test_a_page_that_was_lost_and_is_paid_all_the_same_is_told(place: Place) -> None:
    async def story(stage: Stage) -> None:
        assert stage.stripe is not None
        job_id = await stage.job("accepted")
        stage.stripe.faults.plan(CHECKOUT, Kind.ERROR_AFTER)
        payment = await stage.checkout(job_id)
        await stage.work()
        pages = stage.stripe.state.sessions.values()
        both = [one["id"] for one in pages if one["metadata"]["payment"] == str(payment.id)]
        (sent,) = [one.checkout_id for one in await stage.payments(job_id)]
        await stage.pay(job_id)
        (lost,) = set(both) - {sent}
        await stage.pay_page(lost)
        await stage.hear_page(lost)
        assert await stage.alerts(job_id) == ["Paid twice"]
        assert [one.authorized_cents for one in await stage.payments(job_id)] == [12_000]

    at(STRIPE, place, story)
