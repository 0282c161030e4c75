"""Money where two things meet that seldom do: refused looks, won appeals, another provider, late answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from db.payments import payment_by_id
from tests.effects import tools_of
from tests.money_stage import PRICE, SANDBOX, STRIPE, Place, Stage, at, money_place
from tracker.local_postgres import PostgresServer
from tracker.money.follow import follow_dispute
from tracker.money.provider import Intent, IntentStatus, OtherProvider, ProviderUnknown
from tracker.money.refunds import RequestKeyReused
from tracker.money.settle import settle_intent
from tracker.stand_ins import Kind

REFUND = "POST /v1/refunds"


@pytest.fixture(scope="module")
def place(postgres: PostgresServer, template_database: str) -> Iterator[Place]:
    with money_place(postgres, template_database) as place:
        yield place


async def paid_job(stage: Stage) -> UUID:
    """A completed job whose price was captured."""
    job_id = await stage.held_job()
    await stage.complete(job_id)
    await stage.work()
    return job_id


async def deposit(stage: Stage) -> UUID:
    """A job in progress whose hold was captured at Stripe itself."""
    job_id = await stage.held_job()
    (payment,) = await stage.payments(job_id)
    await stage.tools.providers.payments.capture(f"dashboard {payment.id}", str(payment.intent_id), PRICE)
    await stage.follow(job_id)
    return job_id


async def judged(stage: Stage, dispute_id: str, *, won: bool) -> None:
    """A bank decides, and we hear of it."""
    assert stage.stripe is not None
    stage.stripe.close_dispute(dispute_id, won=won)
    await heard(stage, dispute_id)


async def heard(stage: Stage, dispute_id: str) -> None:
    """Stripe says that something happened to a dispute."""
    settings, payments = stage.tools.settings, stage.tools.providers.payments
    await follow_dispute(stage.database, settings, payments, dispute_id, now=datetime.now(UTC))


async def disputed(stage: Stage, job_id: UUID, amount_cents: int | None = None) -> str:
    """The job's first payment is disputed, and we have heard of it."""
    assert stage.stripe is not None
    (payment, *_) = await stage.payments(job_id)
    dispute_id = str(stage.stripe.open_dispute(str(payment.intent_id), amount_cents)["id"])
    await heard(stage, dispute_id)
    return dispute_id


def test_a_look_that_is_refused_says_nothing_of_the_refund_that_it_looked_for(place: Place) -> None:
    async def story(stage: Stage) -> None:
        assert stage.stripe is not None
        job_id = await paid_job(stage)
        stage.stripe.faults.plan(REFUND, Kind.SILENT_AFTER, delay_s=0.01)
        await stage.refund(job_id, 1_000)
        await stage.work_once()
        stage.stripe.faults.plan("GET /v1/refunds", Kind.ERROR_BEFORE, status=404)
        stage.failures.clear()
        await stage.work_once()
        assert [type(one) for one in stage.failures] == [ProviderUnknown]
        assert [one.status for one in await stage.refunds(job_id)] == ["asked"]
        await stage.work()
        assert [one.refunded_cents for one in await stage.payments(job_id)] == [1_000]

    at(STRIPE, place, story)


@pytest.mark.parametrize("first", ["a:5", "deposit"])
def test_a_refund_key_that_begins_like_another_is_another(place: Place, first: str) -> None:
    async def story(stage: Stage) -> None:
        job_id = await paid_job(stage)
        for key in (first, "a", "deposit", "a:"):
            await stage.refund(job_id, 100, key)
        await stage.work()
        requests = {"a", "a:", first, "deposit"}
        assert [one.refunded_cents for one in await stage.payments(job_id)] == [100 * len(requests)]
        with pytest.raises(RequestKeyReused):
            await stage.refund(job_id, 101, "a")

    at(SANDBOX, place, story)


def test_a_deposit_goes_back_whatever_keys_refunds_had_before(place: Place) -> None:
    async def story(stage: Stage) -> None:
        job_id = await deposit(stage)
        await stage.refund(job_id, 2_000, "deposit")
        await stage.work()
        await stage.cancel(job_id)
        await stage.work()
        assert [one.refunded_cents for one in await stage.payments(job_id)] == [PRICE]
        assert await stage.balance(job_id) == {}

    at(STRIPE, place, story)


@pytest.mark.parametrize("end", ["cancelled", "completed"])
def test_a_deposit_that_was_disputed_goes_back_when_the_dispute_is_won(place: Place, end: str) -> None:
    async def story(stage: Stage) -> None:
        job_id = await deposit(stage)
        dispute_id = await disputed(stage, job_id)
        if end == "cancelled":
            await stage.cancel(job_id)
        else:
            await stage.set(job_id, final_price_cents=10_000)
            await stage.complete(job_id)
        await stage.work()
        assert [one.refunded_cents for one in await stage.payments(job_id)] == [0]
        await judged(stage, dispute_id, won=True)
        await stage.work()
        back = PRICE if end == "cancelled" else 2_000
        assert [one.refunded_cents for one in await stage.payments(job_id)] == [back]
        assert "deposits" not in await stage.balance(job_id)

    at(STRIPE, place, story)


def test_a_lost_dispute_that_is_won_on_appeal_gives_everybody_their_share_again(place: Place) -> None:
    async def story(stage: Stage) -> None:
        assert stage.stripe is not None
        job_id = await paid_job(stage)
        dispute_id = await disputed(stage, job_id, 5_000)
        await judged(stage, dispute_id, won=False)
        assert await stage.owed(job_id) == [("job", 7_200), ("correction", -3_000)]
        stage.stripe.state.disputes[dispute_id]["status"] = "won"
        for _ in range(2):
            await heard(stage, dispute_id)
        assert await stage.owed(job_id) == [("job", 7_200), ("correction", -3_000), ("correction", 3_000)]
        assert await stage.balance(job_id) == {
            "provider_balance": PRICE,
            "pro_payable": -7_200,
            "platform_revenue": -4_800,
        }
        (payment,) = await stage.payments(job_id)
        assert (payment.dispute, payment.disputed_cents) == ("won", 0)
        assert (await stage.alerts(job_id))[-1] == "A dispute was won"

    at(STRIPE, place, story)


def test_a_refund_and_a_lost_dispute_end_the_same_in_both_orders(place: Place) -> None:
    async def story(stage: Stage) -> None:
        assert stage.stripe is not None
        ends = []
        for refund_first in (True, False):
            job_id = await paid_job(stage)
            (payment,) = await stage.payments(job_id)
            await stage.tools.providers.payments.refund(f"r{job_id}", str(payment.intent_id), 5_000, {})
            dispute = stage.stripe.open_dispute(str(payment.intent_id), PRICE)
            refunds = dict(stage.stripe.state.refunds)
            if not refund_first:
                stage.stripe.state.refunds.clear()
            await heard(stage, str(dispute["id"]))
            await judged(stage, str(dispute["id"]), won=False)
            stage.stripe.state.refunds.update(refunds)
            await stage.follow(job_id)
            ends.append((await stage.balance(job_id), sum(cents for _, cents in await stage.owed(job_id))))
        assert ends[0] == ends[1] == ({"provider_balance": -5_000, "losses": 5_000}, 0)

    at(STRIPE, place, story)


def test_a_refund_that_was_made_twice_for_one_request_is_twice_in_the_books(place: Place) -> None:
    async def story(stage: Stage) -> None:
        job_id = await paid_job(stage)
        (row,) = await stage.refund(job_id, 1_000)
        await stage.work()
        (payment,) = await stage.payments(job_id)
        payments, said = stage.tools.providers.payments, {"refund": str(row.id)}
        await payments.refund(f"again {row.id}", str(payment.intent_id), 1_000, said)
        for _ in range(2):
            await stage.follow(job_id)
        assert [one.refunded_cents for one in await stage.payments(job_id)] == [2_000]
        assert [one.status for one in await stage.refunds(job_id)] == ["done", "done"]

    at(STRIPE, place, story)


def test_a_charge_that_the_bank_takes_days_for_is_known_until_it_arrives_or_fails(place: Place) -> None:
    async def story(stage: Stage) -> None:
        for end, status in ((IntentStatus.TAKEN, "captured"), (IntentStatus.WAITING, "failed")):
            job_id = await stage.job("accepted")
            payment = await stage.hold(job_id)
            intent = Intent(
                id=f"pi_slow_{payment.id}",
                status=IntentStatus.PROCESSING,
                currency="usd",
                amount_cents=PRICE,
                capturable_cents=0,
                captured_cents=0,
                refunded_cents=0,
                capture_before=None,
                customer=None,
                payment_method=None,
            )
            captured_cents = PRICE if end is IntentStatus.TAKEN else 0
            for picture in (intent, replace(intent, status=end, captured_cents=captured_cents)):
                async with stage.database.transaction() as conn:
                    await settle_intent(
                        conn, stage.tools.settings, payment.id, picture, now=datetime.now(UTC)
                    )
                    known = await payment_by_id(conn, payment.id)
                assert known is not None
                assert known.intent_id == intent.id
            assert known.status == status

    at(SANDBOX, place, story)


def test_what_was_begun_at_stripe_is_not_ended_in_the_sandbox(place: Place) -> None:
    """The keys were lost for an hour: nothing is played in the sandbox that is real."""

    async def story(stage: Stage) -> None:
        held, paid, later = await stage.held_job(), await paid_job(stage), await stage.job("in_progress")
        cancelled, page = await stage.held_job(), await stage.job("accepted")
        await stage.hold(later)
        await stage.checkout(page)
        await stage.refund(paid, 1_000)
        await stage.complete(held)
        await stage.cancel(cancelled)
        real = stage.tools
        stage.tools = tools_of(stage.database)
        try:
            await stage.work_once()
            assert [type(one) for one in stage.failures] == [OtherProvider] * 5
        finally:
            await stage.tools.providers.aclose()
            stage.tools = real
        await stage.work()
        assert [one.status for one in await stage.payments(held)] == ["captured"]
        assert [one.status for one in await stage.payments(cancelled)] == ["released"]
        assert [one.status for one in await stage.payments(later)] == ["authorized"]
        assert [one.refunded_cents for one in await stage.payments(paid)] == [1_000]
        assert [one.checkout_id is None for one in await stage.payments(page)] == [False]

    at(STRIPE, place, story)


def test_nobody_is_sent_a_payment_page_for_a_job_that_is_cancelled(place: Place) -> None:
    async def story(stage: Stage) -> None:
        job_id = await stage.job("accepted")
        await stage.checkout(job_id)
        await stage.cancel(job_id)
        await stage.work()
        assert [(one.status, one.checkout_id) for one in await stage.payments(job_id)] == [("released", None)]
        asked = "SELECT count(*) FROM notifications WHERE kind = 'payment_request' AND job_id = $1"
        assert await stage.asked(asked, job_id) == 0

    at(SANDBOX, place, story)


def test_a_tip_on_the_highest_price_is_asked_for_and_refused_by_stripe(place: Place) -> None:
    async def story(stage: Stage) -> None:
        job_id = await stage.job("in_progress")
        await stage.set(job_id, price_cents=100_000_000, tip_cents=100_000)
        await stage.hold(job_id)
        await stage.work()
        (payment,) = await stage.payments(job_id)
        assert (payment.amount_cents, payment.status) == (100_100_000, "failed")

    at(STRIPE, place, story)
