"""What every payment provider must do, asked of Stripe's and of the sandbox alike."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.money_stage import SANDBOX, STRIPE, Place, Stage, at, money_place
from tracker.local_postgres import PostgresServer
from tracker.money.payer import ask_of
from tracker.money.provider import Ask, IntentStatus, PaymentProvider, ProviderRefused

both = pytest.mark.parametrize("provider", [STRIPE, SANDBOX])


@pytest.fixture(scope="module")
def place(postgres: PostgresServer, template_database: str) -> Iterator[Place]:
    with money_place(postgres, template_database) as place:
        yield place


async def an_ask(stage: Stage, card: str = "pm_card_visa", amount_cents: int = 5_000) -> Ask:
    await stage.give_card(card)
    customer, method = await stage.saved()
    return ask_of(
        {
            "amount_cents": amount_cents,
            "currency": "usd",
            "customer": customer,
            "payment_method": method,
            "description": "Wrenford: a TV",
            "metadata": {"payment": "7"},
        }
    )


async def refused(call: Any) -> str:
    """The code that a call is refused with."""
    with pytest.raises(ProviderRefused) as error:
        await call
    assert error.value.message
    return error.value.code


def key() -> str:
    return f"test:{uuid4().hex}"


def payments_of(stage: Stage) -> PaymentProvider:
    return stage.tools.providers.payments


@both
def test_a_hold_is_held_captured_in_part_and_refunded_in_parts(provider: str, place: Place) -> None:
    async def story(stage: Stage) -> None:
        payments, ask, began = payments_of(stage), await an_ask(stage), datetime.now(UTC)
        hold_key = key()
        held = await payments.hold(hold_key, ask)
        assert (held.status, held.amount_cents, held.capturable_cents) == (IntentStatus.HELD, 5_000, 5_000)
        assert (held.customer, held.payment_method) == (ask.customer, ask.payment_method)
        assert held.metadata == {"payment": "7", "tracker_key": hold_key}
        assert held.capture_before is not None
        assert held.capture_before > began
        assert await payments.find_intent(hold_key, ask.customer, began) == held
        assert await payments.find_intent(key(), ask.customer, began) is None
        assert await refused(payments.capture(key(), held.id, 5_001)) == "amount_too_large"
        taken = await payments.capture(key(), held.id, 4_000)
        assert (taken.status, taken.captured_cents, taken.refunded_cents) == (IntentStatus.TAKEN, 4_000, 0)
        assert await payments.intent(held.id) == taken
        for call in (payments.capture(key(), held.id, 1), payments.release(key(), held.id)):
            assert await refused(call) == "payment_intent_unexpected_state"
        first = await payments.refund(key(), held.id, 1_500, {"refund": "1"})
        assert (first.intent_id, first.amount_cents, first.status) == (held.id, 1_500, "succeeded")
        await refused(payments.refund(key(), held.id, 2_501, {}))
        second = await payments.refund(key(), held.id, 2_500, {})
        assert {one.id for one in await payments.refunds(held.id)} == {first.id, second.id}
        assert (await payments.intent(held.id)).refunded_cents == 4_000

    at(provider, place, story)


@both
def test_a_hold_that_is_let_go_is_gone(provider: str, place: Place) -> None:
    async def story(stage: Stage) -> None:
        payments = payments_of(stage)
        held = await payments.hold(key(), await an_ask(stage))
        gone = await payments.release(key(), held.id)
        assert (gone.status, gone.capturable_cents) == (IntentStatus.CANCELLED, 0)
        assert await refused(payments.capture(key(), held.id, 1)) == "payment_intent_unexpected_state"
        await refused(payments.refund(key(), held.id, 1, {}))

    at(provider, place, story)


@both
def test_a_charge_is_taken_at_once_and_a_declined_one_leaves_nothing(provider: str, place: Place) -> None:
    async def story(stage: Stage) -> None:
        payments = payments_of(stage)
        taken = await payments.charge(key(), await an_ask(stage))
        assert (taken.status, taken.captured_cents) == (IntentStatus.TAKEN, 5_000)
        began, no_key = datetime.now(UTC), key()
        ask = await an_ask(stage, "pm_card_chargeDeclined")
        assert await refused(payments.charge(no_key, ask)) == "card_declined"
        assert await refused(payments.hold(key(), ask)) == "card_declined"
        assert await payments.find_intent(no_key, ask.customer, began) is None

    at(provider, place, story)


@both
def test_a_key_means_one_call(provider: str, place: Place) -> None:
    async def story(stage: Stage) -> None:
        payments, ask = payments_of(stage), await an_ask(stage)
        keys = [key() for _ in range(5)]
        held = await payments.hold(keys[0], ask)
        assert (await payments.hold(keys[0], ask)).id == held.id
        another = replace(ask, amount_cents=4_999)
        assert await refused(payments.hold(keys[0], another)) == "idempotency_error"
        for _ in range(2):
            assert (await payments.capture(keys[1], held.id, 3_000)).captured_cents == 3_000
            await payments.refund(keys[2], held.id, 1_000, {})
        assert await refused(payments.capture(keys[1], held.id, 2_000)) == "idempotency_error"
        assert len(await payments.refunds(held.id)) == 1
        at_once = await asyncio.gather(
            *(payments.refund(keys[3], held.id, 500, {}) for _ in range(5)), return_exceptions=True
        )
        assert len({one.id for one in at_once if not isinstance(one, BaseException)}) == 1
        assert (await payments.intent(held.id)).refunded_cents == 1_500

    at(provider, place, story)


@both
def test_a_payment_page_is_open_until_it_is_paid(provider: str, place: Place) -> None:
    async def story(stage: Stage) -> None:
        payments = payments_of(stage)
        asked = {
            "amount_cents": 5_000,
            "currency": "usd",
            "description": "a TV",
            "success_url": "http://127.0.0.1/paid",
            "cancel_url": "http://127.0.0.1/not-paid",
            "customer_email": "cleo@example.com",
            "metadata": {"payment": "7"},
        }
        page_key = key()
        page = await payments.open_checkout(page_key, **asked)  # type: ignore[arg-type]
        assert (page.status, page.paid, page.amount_cents) == ("open", False, 5_000)
        assert page.url is not None
        assert (await payments.open_checkout(page_key, **asked)).id == page.id  # type: ignore[arg-type]
        await stage.pay_page(page.id)
        paid = await payments.checkout(page.id)
        assert (paid.status, paid.paid, paid.metadata["payment"]) == ("complete", True, "7")
        held = await payments.intent(str(paid.intent_id))
        assert (held.status, held.capturable_cents) == (IntentStatus.HELD, 5_000)
        assert held.customer is not None
        assert held.payment_method is not None
        tip = Ask(700, "usd", held.customer, held.payment_method, "a tip", {})
        assert (await payments.charge(key(), tip)).captured_cents == 700

    at(provider, place, story)


@both
def test_a_transfer_is_sent_found_and_taken_back(provider: str, place: Place) -> None:
    async def story(stage: Stage) -> None:
        payments, account = payments_of(stage), stage.account()
        await payments.charge(key(), await an_ask(stage))
        send_key = key()
        assert await payments.find_transfer(send_key) is None
        sent = await payments.transfer(send_key, account, 3_000, "usd", {"transfer": "1"})
        assert (sent.account, sent.amount_cents, sent.reversed_cents) == (account, 3_000, 0)
        assert (await payments.transfer(send_key, account, 3_000, "usd", {"transfer": "1"})).id == sent.id
        assert await payments.find_transfer(send_key) == sent == await payments.transfer_by_id(sent.id)
        back_key = key()
        for _ in range(2):
            assert (await payments.reverse(back_key, sent.id, 1_000)).reversed_cents == 1_000
        await refused(payments.reverse(key(), sent.id, 2_001))
        assert (await payments.reverse(key(), sent.id, 2_000)).reversed_cents == 3_000

    at(provider, place, story)


@both
def test_what_was_made_in_a_span_of_time_is_listed(provider: str, place: Place) -> None:
    async def story(stage: Stage) -> None:
        payments, began = payments_of(stage), datetime.now(UTC).replace(microsecond=0)
        taken = await payments.charge(key(), await an_ask(stage))
        sent = await payments.transfer(key(), stage.account(), 1_000, "usd", {})
        until = datetime.now(UTC) + timedelta(seconds=1)
        assert taken in await payments.intents_between(began, until)
        assert sent in await payments.transfers_between(began, until)
        assert await payments.intents_between(until, until + timedelta(days=1)) == []
        assert await payments.transfers_between(until, until + timedelta(days=1)) == []
        assert await payments.checkout_of(taken.id) is None

    at(provider, place, story)


@both
def test_what_is_not_there_is_refused_as_missing(provider: str, place: Place) -> None:
    async def story(stage: Stage) -> None:
        payments = payments_of(stage)
        for call in (
            payments.intent("pi_nothing"),
            payments.capture(key(), "pi_nothing", 1),
            payments.release(key(), "pi_nothing"),
            payments.checkout("cs_nothing"),
            payments.transfer_by_id("tr_nothing"),
            payments.reverse(key(), "tr_nothing", 1),
            payments.dispute("dp_nothing"),
        ):
            assert await refused(call) == "resource_missing"

    at(provider, place, story)
