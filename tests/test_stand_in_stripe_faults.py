"""Idempotency keys and faults of the stand-in for Stripe: what an unlucky client sees, and what was done."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
import stripe

from tests.stand_ins import with_stripe
from tests.test_stand_in_stripe import asked
from tracker.stand_ins import Kind, StandIns

CREATE = "POST /v1/payment_intents"


def test_a_key_stands_for_one_request_and_its_answer(stand_ins: StandIns) -> None:
    customer, method = stand_ins.stripe.add_customer()

    async def repeat(client: stripe.StripeClient) -> None:
        first = await client.v1.payment_intents.create_async(
            asked(customer, method), {"idempotency_key": "k"}
        )
        again = await client.v1.payment_intents.create_async(
            asked(customer, method), {"idempotency_key": "k"}
        )
        assert again.id == first.id
        assert again.last_response.headers["idempotent-replayed"] == "true"  # type: ignore[attr-defined]
        with pytest.raises(stripe.IdempotencyError, match="same parameters") as error:
            await client.v1.payment_intents.create_async(
                asked(customer, method, amount=5_000), {"idempotency_key": "k"}
            )
        assert error.value.http_status == 400
        with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
            await client.v1.refunds.create_async({"payment_intent": first.id}, {"idempotency_key": "k"})

    with_stripe(stand_ins, repeat)
    assert len(stand_ins.stripe.state.intents) == 1


def test_a_refusal_is_kept_for_its_key_but_what_validation_refused_is_not(stand_ins: StandIns) -> None:
    customer, method = stand_ins.stripe.add_customer("pm_card_chargeDeclined")

    async def ask(client: stripe.StripeClient) -> None:
        for _ in range(2):
            with pytest.raises(stripe.CardError):
                await client.v1.payment_intents.create_async(
                    asked(customer, method), {"idempotency_key": "declined"}
                )
        with pytest.raises(stripe.InvalidRequestError):
            await client.v1.payment_intents.create_async(
                asked(customer, "pm_card_visa", amount=49), {"idempotency_key": "corrected"}
            )
        await client.v1.payment_intents.create_async(
            asked(customer, "pm_card_visa"), {"idempotency_key": "corrected"}
        )

    with_stripe(stand_ins, ask)
    assert len(stand_ins.stripe.state.intents) == 2
    assert stand_ins.stripe.keys.known() == ["declined", "corrected"]


@pytest.mark.parametrize("how", ["a day passes", "the test says so"])
def test_a_forgotten_key_does_the_work_again(stand_ins: StandIns, how: str) -> None:
    customer, method = stand_ins.stripe.add_customer()

    async def repeat_later(client: stripe.StripeClient) -> None:
        for _ in range(2):
            await client.v1.payment_intents.create_async(asked(customer, method), {"idempotency_key": "k"})
            if how == "a day passes":
                stand_ins.advance(24 * 3600 + 1)
            else:
                stand_ins.stripe.expire_keys("k")

    with_stripe(stand_ins, repeat_later)
    assert len(stand_ins.stripe.state.intents) == 2


def test_a_key_in_use_is_a_conflict_that_is_not_kept(stand_ins: StandIns) -> None:
    customer, method = stand_ins.stripe.add_customer()
    stand_ins.stripe.faults.plan(CREATE, Kind.SLOW_AFTER, delay_s=0.3)

    async def two_at_once(client: stripe.StripeClient) -> None:
        def ask() -> Any:
            return client.v1.payment_intents.create_async(asked(customer, method), {"idempotency_key": "k"})

        slow = asyncio.create_task(ask())
        await asyncio.sleep(0.1)
        with pytest.raises(stripe.StripeError) as error:
            await ask()
        told: Any = error.value.error
        assert (error.value.http_status, told.code) == (409, "idempotency_key_in_use")
        assert (await ask_until_free(ask)).id == (await slow).id

    with_stripe(stand_ins, two_at_once)
    assert len(stand_ins.stripe.state.intents) == 1


async def ask_until_free(ask: Any) -> Any:
    """Ask again while the key is in use."""
    while True:
        try:
            return await ask()
        except stripe.StripeError as error:
            if error.http_status != 409:
                raise
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("kind", "done"),
    [(Kind.SILENT_BEFORE, 0), (Kind.SILENT_AFTER, 1), (Kind.CUT, 1)],
)
def test_no_answer_says_nothing_about_the_work(stand_ins: StandIns, kind: Kind, done: int) -> None:
    customer, method = stand_ins.stripe.add_customer()
    fault = stand_ins.stripe.faults.plan(CREATE, kind, delay_s=0.05)

    async def ask(client: stripe.StripeClient) -> None:
        with pytest.raises(stripe.APIConnectionError):
            await client.v1.payment_intents.create_async(asked(customer, method), {"idempotency_key": "k"})
        assert len(stand_ins.stripe.state.intents) == done
        await client.v1.payment_intents.create_async(asked(customer, method), {"idempotency_key": "k"})

    with_stripe(stand_ins, ask)
    assert (fault.met, len(stand_ins.stripe.state.intents)) == (1, 1)


def test_silence_lasts_until_the_client_gives_up(stand_ins: StandIns) -> None:
    stand_ins.stripe.faults.plan("GET *", Kind.SILENT_AFTER)

    async def ask(client: stripe.StripeClient) -> None:
        with pytest.raises(stripe.APIConnectionError):
            await client.v1.balance.retrieve_async()
        await client.v1.balance.retrieve_async()

    with_stripe(stand_ins, ask, timeout_s=0.2)


def test_a_500_after_the_work_is_replayed_for_its_key_for_ever(stand_ins: StandIns) -> None:
    customer, method = stand_ins.stripe.add_customer()
    stand_ins.stripe.faults.plan(CREATE, Kind.ERROR_AFTER)

    async def ask(client: stripe.StripeClient) -> None:
        for _ in range(3):
            with pytest.raises(stripe.APIError) as error:
                await client.v1.payment_intents.create_async(
                    asked(customer, method), {"idempotency_key": "k"}
                )
            assert error.value.http_status == 500
        found = await client.v1.payment_intents.list_async({"customer": customer})
        assert [one.status for one in found.data] == ["requires_capture"]

    with_stripe(stand_ins, ask)


@pytest.mark.parametrize("status", [500, 503, 429, 409])
def test_an_error_before_the_work_is_kept_for_no_key(stand_ins: StandIns, status: int) -> None:
    customer, method = stand_ins.stripe.add_customer()
    stand_ins.stripe.faults.plan(CREATE, Kind.ERROR_BEFORE, status=status)

    async def ask(client: stripe.StripeClient) -> None:
        with pytest.raises(stripe.StripeError) as error:
            await client.v1.payment_intents.create_async(asked(customer, method), {"idempotency_key": "k"})
        assert error.value.http_status == status
        assert not stand_ins.stripe.state.intents
        await client.v1.payment_intents.create_async(asked(customer, method), {"idempotency_key": "k"})

    with_stripe(stand_ins, ask)


def test_a_fault_meets_the_nth_request_that_matches(stand_ins: StandIns) -> None:
    customer, method = stand_ins.stripe.add_customer()
    fault = stand_ins.stripe.faults.plan("POST */capture", Kind.ERROR_BEFORE, nth=2, times=2)

    async def capture_four(client: stripe.StripeClient) -> list[str]:
        ends = []
        for _ in range(4):
            held = await client.v1.payment_intents.create_async(asked(customer, method))
            try:
                ends.append((await client.v1.payment_intents.capture_async(held.id)).status)
            except stripe.APIError:
                ends.append("error")
        return ends

    assert with_stripe(stand_ins, capture_four) == ["succeeded", "error", "error", "succeeded"]
    assert fault.met == 2
    assert fault.is_spent()


def test_everything_can_be_controlled_from_another_process(stand_ins: StandIns) -> None:
    def control(name: str, **told: Any) -> Any:
        answer = httpx.post(f"{stand_ins.control_url}/_control/{name}", json=told, trust_env=False)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]

    customer, method = control("stripe/add_customer", card="pm_card_visa")
    fault = control("stripe/plan_fault", pattern=CREATE, kind="error_before", status=503)
    assert fault["met"] == 0

    async def hold(client: stripe.StripeClient) -> str:
        with pytest.raises(stripe.APIError):
            await client.v1.payment_intents.create_async(asked(customer, method))
        return (await client.v1.payment_intents.create_async(asked(customer, method))).id

    intent_id = with_stripe(stand_ins, hold)
    assert control("stripe/expire_hold", intent_id=intent_id)["status"] == "canceled"
    control("all/advance", seconds=60)
    assert [one["id"] for one in control("stripe/show", table="intents")] == [intent_id]
    wrong = httpx.post(f"{stand_ins.control_url}/_control/stripe/expire_hold", json={}, trust_env=False)
    assert wrong.status_code == 400
    unknown = httpx.post(f"{stand_ins.control_url}/_control/stripe/rob", trust_env=False)
    assert unknown.status_code == 404


def test_work_begun_is_finished_when_the_client_has_left(stand_ins: StandIns) -> None:
    customer, method = stand_ins.stripe.add_customer()
    stand_ins.stripe.faults.plan(CREATE, Kind.SLOW_BEFORE, delay_s=0.3)

    async def leave(client: stripe.StripeClient) -> None:
        with pytest.raises(stripe.APIConnectionError):
            await client.v1.payment_intents.create_async(asked(customer, method), {"idempotency_key": "k"})
        assert not stand_ins.stripe.state.intents
        await asyncio.sleep(0.3)
        assert len(stand_ins.stripe.state.intents) == 1

    with_stripe(stand_ins, leave, timeout_s=0.1)


def test_a_key_is_free_while_its_answer_is_lost_and_the_replay_may_be_lost_too(stand_ins: StandIns) -> None:
    customer, method = stand_ins.stripe.add_customer()
    fault = stand_ins.stripe.faults.plan(CREATE, Kind.SILENT_AFTER, times=2)

    async def insist(client: stripe.StripeClient) -> None:
        def ask() -> Any:
            return client.v1.payment_intents.create_async(asked(customer, method), {"idempotency_key": "k"})

        lost = [asyncio.create_task(ask()) for _ in range(2)]
        while fault.met < 2:  # noqa: ASYNC110  (it is met in another thread)
            await asyncio.sleep(0.01)
        assert (await ask()).status == "requires_capture"
        for one in lost:
            with pytest.raises(stripe.APIConnectionError):
                await one

    with_stripe(stand_ins, insist, timeout_s=0.3)
    assert len(stand_ins.stripe.state.intents) == 1


def test_keys_mean_nothing_when_reading_and_unknown_addresses_are_told(stand_ins: StandIns) -> None:
    async def read(client: stripe.StripeClient) -> None:
        for amount in (0, 500):
            balance = await client.v1.balance.retrieve_async({}, {"idempotency_key": "k"})
            assert balance.available[0].amount == amount
            stand_ins.stripe.fund(500)
        with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL"):
            await client.v1.plans.retrieve_async("gold")

    with_stripe(stand_ins, read)
