"""The stand-in for Stripe: checkout pages, disputes, and webhooks that Stripe's SDK accepts."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest
import stripe

from tests.stand_ins import Endpoint, listening, with_stripe
from tests.test_stand_in_stripe import asked
from tracker.stand_ins import StandIns
from tracker.stand_ins.stripe.errors import StripeError


def types_of(endpoint: Endpoint) -> list[str]:
    """The types of the events that an endpoint got, in order."""
    return [json.loads(body)["type"] for _headers, body in endpoint.got]


def ordered(**intent: Any) -> Any:
    """A checkout for 120 dollars."""
    product = {"currency": "usd", "unit_amount": 6_000, "product_data": {"name": "Mount a TV"}}
    return {
        "mode": "payment",
        "success_url": "http://127.0.0.1:8080/done?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://127.0.0.1:8080/no",
        "customer_creation": "always",
        "line_items": [{"price_data": product, "quantity": 2}],
        "payment_intent_data": {"setup_future_usage": "off_session", "metadata": {"order": "7"}, **intent},
        "metadata": {"order_reference": "7"},
    }


def test_a_customer_pays_on_the_page_and_the_money_is_held(stand_ins: StandIns) -> None:
    async def open_page(client: stripe.StripeClient) -> Any:
        return await client.v1.checkout.sessions.create_async(ordered(capture_method="manual"))

    session = with_stripe(stand_ins, open_page)
    assert (session.status, session.payment_status, session.amount_total) == ("open", "unpaid", 12_000)
    page = httpx.get(session.url, trust_env=False)
    assert "120.00 USD" in page.text
    declined = httpx.post(session.url, data={"card": "pm_card_chargeDeclined"}, trust_env=False)
    assert (declined.status_code, "declined" in declined.text) == (200, True)
    paid = httpx.post(
        session.url, data={"card": "pm_card_visa", "email": "cleo@example.com"}, trust_env=False
    )
    assert paid.headers["location"] == f"http://127.0.0.1:8080/done?session={session.id}"
    assert httpx.get(session.url, trust_env=False).status_code == 410

    async def look(client: stripe.StripeClient) -> None:
        done: Any = await client.v1.checkout.sessions.retrieve_async(
            session.id, {"expand": ["payment_intent.latest_charge"]}
        )
        intent = done.payment_intent
        # Held is not paid: whoever wants to know looks at the intent.
        assert (done.status, done.payment_status, intent.status) == ("complete", "unpaid", "requires_capture")
        assert intent.latest_charge.payment_method_details.card.capture_before > time.time()
        assert intent.metadata["order"] == "7"
        assert done.customer_details.email == "cleo@example.com"
        tip = asked(done.customer, intent.payment_method, amount=500, capture_method="automatic")
        assert (await client.v1.payment_intents.create_async(tip)).status == "succeeded"
        await client.v1.payment_intents.capture_async(intent.id)
        assert (await client.v1.checkout.sessions.retrieve_async(session.id)).payment_status == "paid"

    with_stripe(stand_ins, look)


@pytest.mark.parametrize(
    ("failed", "told"),
    [(False, "checkout.session.async_payment_succeeded"), (True, "checkout.session.async_payment_failed")],
)
def test_a_delayed_payment_is_settled_later(stand_ins: StandIns, failed: bool, told: str) -> None:
    async def open_page(client: stripe.StripeClient) -> Any:
        return await client.v1.checkout.sessions.create_async(ordered())

    session = with_stripe(stand_ins, open_page)
    stand_ins.stripe.pay_checkout(session.id, delayed=True)
    assert stand_ins.stripe.state.sessions[session.id]["payment_status"] == "unpaid"
    stand_ins.stripe.settle_checkout(session.id, failed=failed)
    assert stand_ins.stripe.state.sessions[session.id]["payment_status"] == ("unpaid" if failed else "paid")
    assert stand_ins.stripe.show("events")[-1]["type"] == told


def test_a_session_ends_when_told_or_after_a_day(stand_ins: StandIns) -> None:
    async def open_two(client: stripe.StripeClient) -> list[str]:
        told, left = [await client.v1.checkout.sessions.create_async(ordered()) for _ in range(2)]
        assert (await client.v1.checkout.sessions.expire_async(told.id)).status == "expired"
        with pytest.raises(stripe.InvalidRequestError):
            await client.v1.checkout.sessions.expire_async(told.id)
        return [told.id, left.id]

    sessions = with_stripe(stand_ins, open_two)
    stand_ins.advance(24 * 3600 + 1)
    assert [one["status"] for one in stand_ins.stripe.show("sessions")] == ["expired", "expired"]
    with pytest.raises(StripeError):
        stand_ins.stripe.pay_checkout(sessions[1])


@pytest.mark.parametrize(("won", "left_cents"), [(True, 12_000), (False, 0)])
def test_a_dispute_takes_the_money_until_it_is_won(stand_ins: StandIns, won: bool, left_cents: int) -> None:
    customer, method = stand_ins.stripe.add_customer()

    async def charge(client: stripe.StripeClient) -> str:
        paid = await client.v1.payment_intents.create_async(
            asked(customer, method, capture_method="automatic")
        )
        return paid.id

    intent_id = with_stripe(stand_ins, charge)
    dispute = stand_ins.stripe.open_dispute(intent_id)
    assert stand_ins.stripe.state.available_cents("usd") == 0

    async def look(client: stripe.StripeClient) -> None:
        assert (await client.v1.disputes.retrieve_async(dispute["id"])).status == "needs_response"
        with pytest.raises(stripe.InvalidRequestError) as error:
            await client.v1.refunds.create_async({"payment_intent": intent_id})
        assert error.value.code == "charge_disputed"
        stand_ins.stripe.close_dispute(dispute["id"], won=won)
        found = await client.v1.disputes.list_async({"payment_intent": intent_id})
        assert [one.status for one in found.data] == ["won" if won else "lost"]

    with_stripe(stand_ins, look)
    assert stand_ins.stripe.state.available_cents("usd") == left_cents


def test_webhooks_carry_signatures_that_the_sdk_accepts(stand_ins: StandIns) -> None:
    secret = stand_ins.stripe.webhooks.secret
    with listening() as endpoint:
        stand_ins.stripe.send_webhooks_to(endpoint.url)
        stand_ins.stripe.add_customer()
        stand_ins.stripe.webhooks.courier.settle()
        assert types_of(endpoint) == ["customer.created", "payment_method.attached"]
        headers, body = endpoint.got[0]
        event = stripe.Webhook.construct_event(body, headers["stripe-signature"], secret)
        assert event.data.object.id in stand_ins.stripe.state.customers

        stand_ins.stripe.webhooks.deliver(event.id, secret="whsec_wrong")
        stand_ins.stripe.webhooks.deliver(event.id, at=time.time() - 301)
        for headers, body in endpoint.got[2:]:
            with pytest.raises(stripe.SignatureVerificationError):
                stripe.Webhook.construct_event(body, headers["stripe-signature"], secret)
        stand_ins.stripe.webhooks.deliver(event.id, signature="t=1,v1=é")
        assert endpoint.got[4][0]["stripe-signature"].encode("latin-1").decode() == "t=1,v1=é"


def test_webhooks_wait_repeat_and_change_places(stand_ins: StandIns) -> None:
    account = stand_ins.stripe.add_account()
    with listening() as endpoint:
        stand_ins.stripe.send_webhooks_to(endpoint.url)
        stand_ins.stripe.hold_webhooks()
        stand_ins.stripe.add_customer()
        stand_ins.stripe.restrict_account(account)
        time.sleep(0.05)
        assert not endpoint.got
        stand_ins.stripe.release_webhooks("reversed", times=2)
        stand_ins.stripe.webhooks.courier.settle()
        assert types_of(endpoint) == [
            *["account.updated"] * 2,
            *["payment_method.attached"] * 2,
            *["customer.created"] * 2,
        ]
        stand_ins.stripe.send_webhooks_to(endpoint.url, ["customer.created"])
        stand_ins.stripe.hold_webhooks()
        for _ in range(3):
            stand_ins.stripe.add_customer()
        stand_ins.stripe.release_webhooks([2, 0])
        stand_ins.stripe.webhooks.courier.settle()
        customers = list(stand_ins.stripe.state.customers)
        got = [json.loads(body)["data"]["object"]["id"] for _headers, body in endpoint.got[6:]]
        assert got == [customers[3], customers[1]]


def test_a_webhook_that_is_not_accepted_comes_again(stand_ins: StandIns) -> None:
    with listening() as endpoint:
        endpoint.refuse = 2
        stand_ins.stripe.send_webhooks_to(endpoint.url, ["customer.created"])
        stand_ins.stripe.add_customer()
        stand_ins.stripe.webhooks.courier.settle()
        assert [one.status for one in stand_ins.stripe.webhooks.courier.deliveries] == [503, 503, 200]
        assert types_of(endpoint) == ["customer.created"]
