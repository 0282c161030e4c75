"""Payments by Stripe: the `PaymentProvider` over the SDK's async client.

Amounts that Stripe reports are read anew from its objects each time; nothing is assumed, least of all for how
long a hold lasts (`capture_before` is the card's own). https://docs.stripe.com/payments/place-a-hold-on-a-payment-method
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import stripe

from tracker.money.provider import Ask, Checkout, Dispute, Intent, IntentStatus, Refund, Transfer
from tracker.money.stripe_answers import (
    WAITING,
    all_of,
    charge_of,
    checkout_of,
    dispute_of,
    id_of,
    intent_of,
    refund_of,
    texts,
    told,
    transfer_of,
)

TIMEOUT_S = 8.0  # below the worker's, so that an executor learns of it
PAGE = 100  # Stripe's largest
CLOCK_SLACK = timedelta(hours=1)  # between Stripe's clock and ours, generously
EXPAND = ["latest_charge"]


class StripePayments:
    """One client for one account. Every method raises ProviderRefused or ProviderUnknown."""

    name = "stripe"

    def __init__(self, secret_key: str, *, api_url: str | None) -> None:
        self._http = stripe.HTTPXClient(timeout=TIMEOUT_S)
        self._client = stripe.StripeClient(
            secret_key,
            http_client=self._http,
            max_network_retries=0,  # retrying is the outbox's, which looks first
            base_addresses={"api": api_url.rstrip("/")} if api_url else {},
        )

    async def hold(self, key: str, ask: Ask) -> Intent:
        """Hold money for a later capture."""
        return await self._make(key, ask, "manual")

    async def charge(self, key: str, ask: Ask) -> Intent:
        """Take money at once."""
        return await self._make(key, ask, "automatic")

    async def _make(self, key: str, ask: Ask, capture_method: str) -> Intent:
        params: Any = {
            "amount": ask.amount_cents,
            "currency": ask.currency,
            "customer": ask.customer,
            "payment_method": ask.payment_method,
            "description": ask.description,
            "metadata": {**ask.metadata, "tracker_key": key},
            "capture_method": capture_method,
            "confirm": True,
            "off_session": True,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            "expand": EXPAND,
        }
        intents = self._client.v1.payment_intents
        return await self._intent(await told(intents.create_async(params, {"idempotency_key": key})))

    async def capture(self, key: str, intent_id: str, amount_cents: int) -> Intent:
        """Take a part or all of what is held; the rest is let go."""
        params: Any = {"amount_to_capture": amount_cents, "expand": EXPAND}
        captured = self._client.v1.payment_intents.capture_async(intent_id, params, {"idempotency_key": key})
        return await self._intent(await told(captured))

    async def release(self, key: str, intent_id: str) -> Intent:
        """Let a hold go."""
        params: Any = {"expand": EXPAND}
        let_go = self._client.v1.payment_intents.cancel_async(intent_id, params, {"idempotency_key": key})
        return await self._intent(await told(let_go))

    async def intent(self, intent_id: str) -> Intent:
        """An intent as it is now."""
        params: Any = {"expand": EXPAND}
        return await self._intent(
            await told(self._client.v1.payment_intents.retrieve_async(intent_id, params))
        )

    async def find_intent(self, key: str, customer: str, since: datetime) -> Intent | None:
        """What a call with this key made. By the customer's list: Stripe's search may be an hour behind.

        An intent that waits for another method was declined; that counts as nothing.
        """
        params: Any = {
            "customer": customer,
            "created": {"gte": int((since - CLOCK_SLACK).timestamp())},
            "limit": PAGE,
            "expand": ["data.latest_charge"],
        }
        page = await told(self._client.v1.payment_intents.list_async(params))
        for found in await told(all_of(page)):
            if texts(found.metadata).get("tracker_key") == key and found.status not in WAITING:
                return await self._intent(found)
        return None

    async def intents_between(self, since: datetime, until: datetime) -> list[Intent]:
        """Every intent that was made then, ours or not, without what was refunded of it."""
        params: Any = {"created": _between(since, until), "limit": PAGE, "expand": ["data.latest_charge"]}
        page = await told(self._client.v1.payment_intents.list_async(params))
        return [intent_of(one, 0) for one in await told(all_of(page))]

    async def refund(self, key: str, intent_id: str, amount_cents: int, metadata: dict[str, str]) -> Refund:
        """Give back a part or all of what was captured."""
        params: Any = {
            "payment_intent": intent_id,
            "amount": amount_cents,
            "metadata": {**metadata, "tracker_key": key},
        }
        made = self._client.v1.refunds.create_async(params, {"idempotency_key": key})
        return refund_of(await told(made))

    async def refunds(self, intent_id: str) -> list[Refund]:
        """All refunds of an intent."""
        params: Any = {"payment_intent": intent_id, "limit": PAGE}
        page = await told(self._client.v1.refunds.list_async(params))
        return [refund_of(one) for one in await told(all_of(page))]

    async def open_checkout(
        self,
        key: str,
        *,
        amount_cents: int,
        currency: str,
        description: str,
        success_url: str,
        cancel_url: str,
        customer_email: str | None,
        metadata: dict[str, str],
    ) -> Checkout:
        """A page where the customer pays (mode `payment`, manual capture); the method is saved for tips."""
        price = {"currency": currency, "unit_amount": amount_cents, "product_data": {"name": description}}
        params: Any = {
            "mode": "payment",
            "line_items": [{"price_data": price, "quantity": 1}],
            "success_url": success_url,
            "cancel_url": cancel_url,
            "customer_creation": "always",
            "payment_intent_data": {
                "capture_method": "manual",
                "setup_future_usage": "off_session",
                "metadata": {**metadata, "tracker_key": key},
            },
            "metadata": {**metadata, "tracker_key": key},
        }
        if customer_email is not None:
            params["customer_email"] = customer_email
        made = self._client.v1.checkout.sessions.create_async(params, {"idempotency_key": key})
        return await self._checkout(await told(made))

    async def checkout(self, checkout_id: str) -> Checkout:
        """A checkout session as it is now."""
        return await self._checkout(await told(self._client.v1.checkout.sessions.retrieve_async(checkout_id)))

    async def checkout_of(self, intent_id: str) -> Checkout | None:
        """The checkout session on which an intent was paid, or None."""
        params: Any = {"payment_intent": intent_id, "limit": 1}
        page = await told(self._client.v1.checkout.sessions.list_async(params))
        return await self._checkout(page.data[0]) if page.data else None

    async def transfer(
        self, key: str, account: str, amount_cents: int, currency: str, metadata: dict[str, str]
    ) -> Transfer:
        """Send money to a connected account. The key is its transfer group, by which it is found again."""
        params: Any = {
            "destination": account,
            "amount": amount_cents,
            "currency": currency,
            "transfer_group": key,
            "metadata": {**metadata, "tracker_key": key},
        }
        made = self._client.v1.transfers.create_async(params, {"idempotency_key": key})
        return transfer_of(await told(made))

    async def find_transfer(self, key: str) -> Transfer | None:
        """What an unanswered `transfer` with this key made, if anything."""
        params: Any = {"transfer_group": key, "limit": 1}
        page = await told(self._client.v1.transfers.list_async(params))
        return transfer_of(page.data[0]) if page.data else None

    async def transfers_between(self, since: datetime, until: datetime) -> list[Transfer]:
        """Every transfer that was made then, ours or not."""
        params: Any = {"created": _between(since, until), "limit": PAGE}
        page = await told(self._client.v1.transfers.list_async(params))
        return [transfer_of(one) for one in await told(all_of(page))]

    async def transfer_by_id(self, transfer_id: str) -> Transfer:
        """A transfer as it is now."""
        return transfer_of(await told(self._client.v1.transfers.retrieve_async(transfer_id)))

    async def reverse(self, key: str, transfer_id: str, amount_cents: int) -> Transfer:
        """Take back a part or all of a transfer."""
        params: Any = {"amount": amount_cents, "metadata": {"tracker_key": key}}
        reversals = self._client.v1.transfers.reversals
        await told(reversals.create_async(transfer_id, params, {"idempotency_key": key}))
        return await self.transfer_by_id(transfer_id)

    async def dispute(self, dispute_id: str) -> Dispute:
        """A dispute as it is now."""
        return dispute_of(await told(self._client.v1.disputes.retrieve_async(dispute_id)))

    async def disputes(self, intent_id: str) -> list[Dispute]:
        """All disputes of an intent."""
        params: Any = {"payment_intent": intent_id, "limit": PAGE}
        page = await told(self._client.v1.disputes.list_async(params))
        return [dispute_of(one) for one in await told(all_of(page))]

    async def aclose(self) -> None:
        """Close connections."""
        await self._http.close_async()  # type: ignore[no-untyped-call]

    async def _intent(self, found: stripe.PaymentIntent) -> Intent:
        charge = charge_of(found)
        if charge is None or not charge.amount_refunded or not found.amount_received:
            return intent_of(found, 0)
        # What a partial capture lets go may count as refunded on the charge; only refunds are refunds.
        refunds = await self.refunds(found.id)
        given = sum(one.amount_cents for one in refunds if one.status not in ("failed", "canceled"))
        return intent_of(found, given)

    async def _checkout(self, page: stripe.checkout.Session) -> Checkout:
        paid = await self._is_paid(page.payment_status, page.status, id_of(page.payment_intent))
        return checkout_of(page, paid=paid)

    async def _is_paid(self, payment_status: str, status: str | None, intent_id: str | None) -> bool:
        """A session with manual capture stays `unpaid` when it is complete: then the intent says it."""
        if payment_status == "paid" or status != "complete" or intent_id is None:
            return payment_status == "paid"
        return (await self.intent(intent_id)).status in (IntentStatus.HELD, IntentStatus.TAKEN)


def _between(since: datetime, until: datetime) -> dict[str, int]:
    return {"gte": int(since.timestamp()), "lt": int(until.timestamp())}
