"""The stand-in for Stripe, spoken to by Stripe's own SDK: states, limits, cards, lists, search."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.stand_ins import with_stripe
from tracker.stand_ins import StandIns

CARD_ONLY: Any = {"allowed_payment_method_types": ["card"]}


def asked(customer: str, method: str, **more: Any) -> Any:
    """A hold of 120 dollars on a saved card, the customer being away."""
    return {
        "amount": 12_000,
        "currency": "usd",
        "customer": customer,
        "payment_method": method,
        "capture_method": "manual",
        "confirm": True,
        "off_session": True,
        "metadata": {"tracker_key": "job:1:hold"},
        **CARD_ONLY,
        **more,
    }


def refused(error: pytest.ExceptionInfo[stripe.StripeError]) -> tuple[int | None, str | None]:
    """What the SDK says of a refusal."""
    return error.value.http_status, error.value.code


def test_a_hold_is_captured_in_part_and_the_rest_is_let_go(stand_ins: StandIns) -> None:
    customer, method = stand_ins.stripe.add_customer()

    async def hold_and_capture(client: stripe.StripeClient) -> None:
        held = await client.v1.payment_intents.create_async(asked(customer, method, expand=["latest_charge"]))
        assert (held.status, held.amount_capturable, held.amount_received) == ("requires_capture", 12_000, 0)
        charge: Any = held.latest_charge
        week_s = charge.payment_method_details.card.capture_before - held.created
        assert 6 * 86_400 < week_s <= 7 * 86_400
        taken = await client.v1.payment_intents.capture_async(held.id, {"amount_to_capture": 9_000})
        assert (taken.status, taken.amount_capturable, taken.amount_received) == ("succeeded", 0, 9_000)
        charge = await client.v1.charges.retrieve_async(str(taken.latest_charge))
        # What was let go counts as refunded on the charge, though nothing was given back.
        assert (charge.amount_captured, charge.amount_refunded, charge.refunded) == (9_000, 3_000, False)
        assert not (await client.v1.refunds.list_async({"payment_intent": held.id})).data
        balance = await client.v1.balance.retrieve_async()
        assert [one.amount for one in balance.available] == [9_000]

    with_stripe(stand_ins, hold_and_capture)


def test_more_than_the_hold_cannot_be_captured_nor_the_same_hold_twice(stand_ins: StandIns) -> None:
    customer, method = stand_ins.stripe.add_customer()

    async def capture_too_much(client: stripe.StripeClient) -> None:
        held = await client.v1.payment_intents.create_async(asked(customer, method))
        with pytest.raises(stripe.InvalidRequestError) as error:
            await client.v1.payment_intents.capture_async(held.id, {"amount_to_capture": 12_001})
        assert refused(error) == (400, "amount_too_large")
        await client.v1.payment_intents.capture_async(held.id)
        with pytest.raises(stripe.InvalidRequestError) as error:
            await client.v1.payment_intents.capture_async(held.id)
        assert refused(error) == (400, "payment_intent_unexpected_state")
        with pytest.raises(stripe.InvalidRequestError) as error:
            await client.v1.payment_intents.cancel_async(held.id)
        assert refused(error) == (400, "payment_intent_unexpected_state")

    with_stripe(stand_ins, capture_too_much)


def test_a_hold_that_was_let_go_cannot_be_captured(stand_ins: StandIns) -> None:
    customer, method = stand_ins.stripe.add_customer()

    async def release(client: stripe.StripeClient) -> None:
        held = await client.v1.payment_intents.create_async(asked(customer, method))
        gone = await client.v1.payment_intents.cancel_async(held.id, {"cancellation_reason": "abandoned"})
        assert (gone.status, gone.amount_capturable) == ("canceled", 0)
        with pytest.raises(stripe.InvalidRequestError) as error:
            await client.v1.payment_intents.capture_async(held.id)
        assert refused(error) == (400, "payment_intent_unexpected_state")

    with_stripe(stand_ins, release)


def test_a_hold_ends_by_itself_when_its_time_is_over(stand_ins: StandIns) -> None:
    customer, method = stand_ins.stripe.add_customer()

    async def wait_a_week(client: stripe.StripeClient) -> None:
        held = await client.v1.payment_intents.create_async(asked(customer, method))
        stand_ins.advance(7 * 86_400 - 60)
        assert (await client.v1.payment_intents.retrieve_async(held.id)).status == "requires_capture"
        stand_ins.advance(61)
        over = await client.v1.payment_intents.retrieve_async(held.id)
        assert (over.status, over.cancellation_reason) == ("canceled", "automatic")

    with_stripe(stand_ins, wait_a_week)
    told = [event["type"] for event in stand_ins.stripe.show("events")]
    assert told[-3:] == ["charge.expired", "charge.refunded", "payment_intent.canceled"]


@pytest.mark.parametrize(
    ("card", "code", "decline_code"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("pm_card_authenticationRequired", "authentication_required", "authentication_required"),
    ],
)
def test_a_declined_card_leaves_an_intent_that_waits_for_another(
    stand_ins: StandIns, card: str, code: str, decline_code: str
) -> None:
    customer, method = stand_ins.stripe.add_customer(card)

    async def charge(client: stripe.StripeClient) -> None:
        with pytest.raises(stripe.CardError) as error:
            await client.v1.payment_intents.create_async(asked(customer, method))
        assert refused(error) == (402, code)
        told: Any = error.value.error
        assert told.decline_code == decline_code
        left = await client.v1.payment_intents.retrieve_async(told.payment_intent.id)
        assert (left.status, left.amount_capturable) == ("requires_payment_method", 0)
        assert left.last_payment_error is not None

    with_stripe(stand_ins, charge)


def test_only_as_much_as_was_captured_is_given_back(stand_ins: StandIns) -> None:
    customer, method = stand_ins.stripe.add_customer()

    async def refund(client: stripe.StripeClient) -> None:
        held = await client.v1.payment_intents.create_async(asked(customer, method))
        with pytest.raises(stripe.InvalidRequestError):
            await client.v1.refunds.create_async({"payment_intent": held.id})
        await client.v1.payment_intents.capture_async(held.id, {"amount_to_capture": 9_000})
        first = await client.v1.refunds.create_async({"payment_intent": held.id, "amount": 2_500})
        assert (first.status, first.amount) == ("succeeded", 2_500)
        with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
            await client.v1.refunds.create_async({"payment_intent": held.id, "amount": 6_501})
        rest = await client.v1.refunds.create_async({"payment_intent": held.id})
        assert rest.amount == 6_500
        with pytest.raises(stripe.InvalidRequestError) as error:
            await client.v1.refunds.create_async({"payment_intent": held.id})
        assert refused(error) == (400, "charge_already_refunded")
        listed = await client.v1.refunds.list_async({"payment_intent": held.id})
        assert [one.id for one in listed.data] == [rest.id, first.id]

    with_stripe(stand_ins, refund)
    assert stand_ins.stripe.state.available_cents("usd") == 0


def test_a_refund_may_wait_and_may_fail(stand_ins: StandIns) -> None:
    slow, broken = (
        stand_ins.stripe.add_customer(f"pm_card_{how}") for how in ("pendingRefund", "refundFail")
    )

    async def refund(client: stripe.StripeClient, customer: str, method: str) -> stripe.Refund:
        paid = await client.v1.payment_intents.create_async(
            asked(customer, method, capture_method="automatic")
        )
        assert paid.status == "succeeded"
        return await client.v1.refunds.create_async({"payment_intent": paid.id})

    waiting = with_stripe(stand_ins, lambda client: refund(client, *slow))
    assert waiting.status == "pending"
    assert stand_ins.stripe.settle_refund(waiting.id)["status"] == "succeeded"
    failed = with_stripe(stand_ins, lambda client: refund(client, *broken))
    assert failed.status == "failed"
    assert stand_ins.stripe.state.available_cents("usd") == 12_000


def test_a_transfer_needs_an_account_in_order_and_the_money(stand_ins: StandIns) -> None:
    account = stand_ins.stripe.add_account("acct_pat")
    stand_ins.stripe.fund(5_000)

    async def transfer(client: stripe.StripeClient) -> None:
        pay: Any = {"amount": 3_000, "currency": "usd", "destination": account, "transfer_group": "week 47"}
        sent = await client.v1.transfers.create_async(pay)
        with pytest.raises(stripe.InvalidRequestError) as error:
            await client.v1.transfers.create_async(pay)
        assert refused(error) == (400, "balance_insufficient")
        with pytest.raises(stripe.InvalidRequestError) as error:
            await client.v1.transfers.create_async({**pay, "destination": "acct_nobody"})
        assert refused(error) == (400, "resource_missing")
        stand_ins.stripe.restrict_account(account)
        with pytest.raises(stripe.InvalidRequestError) as error:
            await client.v1.transfers.create_async({**pay, "amount": 1_000})
        assert refused(error) == (400, "insufficient_capabilities_for_transfer")
        found = await client.v1.transfers.list_async({"transfer_group": "week 47"})
        assert [one.id for one in found.data] == [sent.id]
        await client.v1.transfers.reversals.create_async(sent.id, {"amount": 1_000})
        with pytest.raises(stripe.InvalidRequestError):
            await client.v1.transfers.reversals.create_async(sent.id, {"amount": 2_001})
        await client.v1.transfers.reversals.create_async(sent.id)
        back = await client.v1.transfers.retrieve_async(sent.id)
        assert (back.amount_reversed, back.reversed, len(back.reversals.data)) == (3_000, True, 2)

    with_stripe(stand_ins, transfer)


def test_search_lags_a_minute_behind_and_lists_do_not(stand_ins: StandIns) -> None:
    customer, method = stand_ins.stripe.add_customer()
    sought: Any = {"query": "metadata['tracker_key']:'job:1:hold' AND status:'requires_capture'"}

    async def search(client: stripe.StripeClient) -> None:
        held = await client.v1.payment_intents.create_async(asked(customer, method))
        await client.v1.payment_intents.create_async(asked(customer, method, metadata={}))
        assert not (await client.v1.payment_intents.search_async(sought)).data
        assert len((await client.v1.payment_intents.list_async({"customer": customer})).data) == 2
        stand_ins.advance(61)
        found = await client.v1.payment_intents.search_async(sought)
        assert [one.id for one in found.data] == [held.id]
        with pytest.raises(stripe.InvalidRequestError):
            await client.v1.payment_intents.search_async({"query": "metadata['a']='b'"})

    with_stripe(stand_ins, search)


def test_lists_go_page_by_page(stand_ins: StandIns) -> None:
    customer, method = stand_ins.stripe.add_customer()

    async def browse(client: stripe.StripeClient) -> None:
        made = [await client.v1.payment_intents.create_async(asked(customer, method)) for _ in range(5)]
        ids = [one.id for one in made]
        seen = await client.v1.payment_intents.list_async({"limit": 2})
        assert ([one.id for one in seen.data], seen.has_more) == (ids[:2:-1], True)
        everything = [one.id async for one in seen.auto_paging_iter()]
        assert everything == ids[::-1]
        before = await client.v1.payment_intents.list_async({"limit": 2, "ending_before": ids[0]})
        assert [one.id for one in before.data] == [ids[2], ids[1]]

    with_stripe(stand_ins, browse)


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"amuont": 1}, 400, "parameter_unknown"),
        ({"payment_method_types": ["card"]}, 400, "parameter_unknown"),  # another version's name
        ({"application_fee_amount": 5}, 501, None),  # Stripe's, and not modelled here
        ({"amount": "12.50"}, 400, "parameter_invalid_integer"),
        ({"amount": -5}, 400, "parameter_invalid_integer"),
        ({"amount": 49}, 400, "amount_too_small"),
        ({"amount": 100_000_000}, 400, "amount_too_large"),
        ({"currency": None}, 400, "parameter_missing"),
        ({"currency": "doubloons"}, 400, None),
        ({"customer": "cus_nobody"}, 400, "resource_missing"),
        ({"payment_method": "pm_nothing"}, 400, "resource_missing"),
        ({"payment_method": None}, 400, "payment_intent_unexpected_state"),
        ({"capture_method": "later"}, 400, None),
        ({"confirm": "perhaps"}, 400, None),
        ({"allowed_payment_method_types": None}, 400, None),  # a redirect would need a return_url
        ({"metadata": {"key": "x" * 501}}, 400, None),
        ({"expand": ["nonsense"]}, 400, None),
    ],
)
def test_what_stripe_would_not_understand_is_refused(
    stand_ins: StandIns, change: dict[str, Any], status: int, code: str | None
) -> None:
    customer, method = stand_ins.stripe.add_customer()

    async def ask(client: stripe.StripeClient) -> None:
        with pytest.raises(stripe.StripeError) as error:
            await client.v1.payment_intents.create_async({**asked(customer, method), **change})
        assert refused(error) == (status, code)

    with_stripe(stand_ins, ask)


def test_another_customers_card_and_a_card_used_up_are_refused(stand_ins: StandIns) -> None:
    (cleo, her_card), (zoe, _other) = stand_ins.stripe.add_customer(), stand_ins.stripe.add_customer()

    async def ask(client: stripe.StripeClient) -> None:
        with pytest.raises(stripe.InvalidRequestError, match="belongs to a different Customer"):
            await client.v1.payment_intents.create_async(asked(zoe, her_card))
        once = await client.v1.payment_intents.create_async(asked(cleo, "pm_card_visa"))
        with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
            await client.v1.payment_intents.create_async(asked(cleo, str(once.payment_method)))
        kept = await client.v1.payment_intents.create_async(
            asked(cleo, "pm_card_visa", off_session=None, setup_future_usage="off_session")
        )
        await client.v1.payment_intents.create_async(asked(cleo, str(kept.payment_method)))

    with_stripe(stand_ins, ask)


def test_nobody_comes_in_without_the_key(stand_ins: StandIns) -> None:
    async def ask(client: stripe.StripeClient) -> None:
        with pytest.raises(stripe.AuthenticationError):
            await client.v1.balance.retrieve_async()

    with_stripe(stand_ins, ask, secret_key="sk_test_wrong")
