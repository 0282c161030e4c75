"""The sandbox that stands in for a payment provider without keys: the same rules, kept in our own database.

It holds and takes no money of anybody. Every object is shown to dispatch, labelled as sandbox. The method
`pm_card_declined` and the account `acct_restricted` are refused. It always has enough money for transfers.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import UTC, datetime

from db import sandbox
from db.pool import Database
from tracker.money.payer import SANDBOX, SANDBOX_METHOD
from tracker.money.provider import (
    Ask,
    Checkout,
    Dispute,
    Intent,
    IntentStatus,
    ProviderRefused,
    Refund,
    Transfer,
)
from tracker.money.sandbox_objects import (
    Body,
    body_of,
    checkout_of,
    enter,
    held_intent,
    id_for,
    intent_of,
    job_of,
    new_intent,
    refund_of,
    transfer_of,
)

DECLINED_METHOD = "pm_card_declined"
RESTRICTED_ACCOUNT = "acct_restricted"


class SandboxPayments:
    """A payment provider that only remembers."""

    name = SANDBOX

    def __init__(self, database: Database, *, public_url: str) -> None:
        self._database = database
        self._public_url = public_url

    async def hold(self, key: str, ask: Ask) -> Intent:
        """Hold money for a later capture: it is held at once."""
        return await self._make(key, ask, held=True)

    async def charge(self, key: str, ask: Ask) -> Intent:
        """Take money at once."""
        return await self._make(key, ask, held=False)

    async def _make(self, key: str, ask: Ask, *, held: bool) -> Intent:
        if ask.payment_method == DECLINED_METHOD:
            raise ProviderRefused("card_declined", "Your card was declined.")
        request = {"call": "hold" if held else "charge", "ask": asdict(ask)}
        async with self._database.transaction() as conn:
            intent_id, is_new = await enter(conn, key, "pi", request)
            if is_new:
                body = new_intent(
                    ask, held=held, metadata={**ask.metadata, "tracker_key": key}, now=datetime.now(UTC)
                )
                await sandbox.put(conn, intent_id, "payment_intent", None, job_of(ask.metadata), body)
            return await intent_of(conn, intent_id)

    async def capture(self, key: str, intent_id: str, amount_cents: int) -> Intent:
        """Take a part or all of what is held; the rest is let go."""
        request = {"call": "capture", "intent": intent_id, "amount": amount_cents}
        async with self._database.transaction() as conn:
            _, is_new = await enter(conn, key, "cap", request)
            if is_new:
                body = await held_intent(conn, intent_id, "captured")
                if not 0 < amount_cents <= body["capturable_cents"]:
                    raise ProviderRefused("amount_too_large", f"{body['capturable_cents']} cents are held.")
                body |= {"status": IntentStatus.TAKEN, "capturable_cents": 0, "captured_cents": amount_cents}
                await sandbox.change(conn, intent_id, body)
            return await intent_of(conn, intent_id)

    async def release(self, key: str, intent_id: str) -> Intent:
        """Let a hold go."""
        async with self._database.transaction() as conn:
            _, is_new = await enter(conn, key, "rel", {"call": "release", "intent": intent_id})
            if is_new:
                body = await held_intent(conn, intent_id, "canceled")
                body |= {"status": IntentStatus.CANCELLED, "capturable_cents": 0}
                await sandbox.change(conn, intent_id, body)
            return await intent_of(conn, intent_id)

    async def intent(self, intent_id: str) -> Intent:
        """An intent as it is now."""
        async with self._database.connection() as conn:
            return await intent_of(conn, intent_id)

    async def find_intent(self, key: str, customer: str, since: datetime) -> Intent | None:  # noqa: ARG002
        """What a call with this key made, if anything. The sandbox never forgets a key."""
        async with self._database.connection() as conn:
            found = await sandbox.get(conn, id_for("pi", key), "payment_intent")
            return await intent_of(conn, found.id) if found else None

    async def intents_between(self, since: datetime, until: datetime) -> list[Intent]:
        """Every intent that was made then."""
        async with self._database.connection() as conn:
            made = await sandbox.made_between(conn, "payment_intent", since, until)
            return [await intent_of(conn, one.id) for one in made]

    async def refund(self, key: str, intent_id: str, amount_cents: int, metadata: dict[str, str]) -> Refund:
        """Give back a part or all of what was captured."""
        request = {"call": "refund", "intent": intent_id, "amount": amount_cents, "metadata": metadata}
        async with self._database.transaction() as conn:
            refund_id, is_new = await enter(conn, key, "re", request)
            if is_new:
                body = await body_of(conn, intent_id, "payment_intent", lock=True)
                left = body["captured_cents"] - body["refunded_cents"]
                if not 0 < amount_cents <= left:
                    raise ProviderRefused("amount_too_large", f"{left} cents can be given back.")
                body["refunded_cents"] += amount_cents
                await sandbox.change(conn, intent_id, body)
                made = {"intent_id": intent_id, "amount_cents": amount_cents, "status": "succeeded"}
                made |= {"metadata": {**metadata, "tracker_key": key}}
                await sandbox.put(conn, refund_id, "refund", None, job_of(body["metadata"]), made)
            return refund_of(refund_id, await body_of(conn, refund_id, "refund"))

    async def refunds(self, intent_id: str) -> list[Refund]:
        """All refunds of an intent."""
        async with self._database.connection() as conn:
            return [refund_of(one.id, one.body) for one in await sandbox.of_intent(conn, intent_id, "refund")]

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
        """A page where the customer would pay; dispatch pays it with a button."""
        body: Body = {
            "status": "open",
            "amount_cents": amount_cents,
            "currency": currency,
            "description": description,
            "success_url": success_url,
            "cancel_url": cancel_url,
            "customer_email": customer_email,
            "metadata": metadata,
            "intent_id": None,
        }
        async with self._database.transaction() as conn:
            page_id, is_new = await enter(conn, key, "cs", {"call": "checkout", **body})
            if is_new:
                body["url"] = f"{self._public_url}/dispatch#sandbox={page_id}"
                await sandbox.put(conn, page_id, "checkout", None, job_of(metadata), body)
            return checkout_of(page_id, await body_of(conn, page_id, "checkout"))

    async def pay_checkout(self, checkout_id: str, *, payment_method: str = SANDBOX_METHOD) -> Checkout:
        """What the customer would do on the page: the money is held. Paying twice holds once."""
        if payment_method == DECLINED_METHOD:
            raise ProviderRefused("card_declined", "Your card was declined.")
        async with self._database.transaction() as conn:
            body = await body_of(conn, checkout_id, "checkout", lock=True)
            if body["intent_id"] is None:
                email = body["customer_email"] or checkout_id
                ask = Ask(
                    amount_cents=body["amount_cents"],
                    currency=body["currency"],
                    customer="cus_sandbox_" + hashlib.sha256(email.encode()).hexdigest()[:16],
                    payment_method=payment_method,
                    description=body["description"],
                    metadata=body["metadata"],
                )
                intent_id = id_for("pi", checkout_id)
                intent = new_intent(ask, held=True, metadata=ask.metadata, now=datetime.now(UTC))
                await sandbox.put(conn, intent_id, "payment_intent", None, job_of(ask.metadata), intent)
                body |= {"status": "complete", "intent_id": intent_id, "customer": ask.customer}
                await sandbox.change(conn, checkout_id, body)
            return checkout_of(checkout_id, body)

    async def checkout(self, checkout_id: str) -> Checkout:
        """A checkout as it is now."""
        async with self._database.connection() as conn:
            return checkout_of(checkout_id, await body_of(conn, checkout_id, "checkout"))

    async def checkout_of(self, intent_id: str) -> Checkout | None:
        """The page on which an intent was paid, or None."""
        async with self._database.connection() as conn:
            pages = await sandbox.of_intent(conn, intent_id, "checkout")
        return checkout_of(pages[0].id, pages[0].body) if pages else None

    async def transfer(
        self, key: str, account: str, amount_cents: int, currency: str, metadata: dict[str, str]
    ) -> Transfer:
        """Send money to a connected account."""
        if account == RESTRICTED_ACCOUNT:
            raise ProviderRefused("account_invalid", "This account cannot receive transfers.")
        body: Body = {
            "account": account,
            "amount_cents": amount_cents,
            "reversed_cents": 0,
            "currency": currency,
            "metadata": {**metadata, "tracker_key": key},
        }
        async with self._database.transaction() as conn:
            transfer_id, is_new = await enter(conn, key, "tr", {"call": "transfer", **body})
            if is_new:
                await sandbox.put(conn, transfer_id, "transfer", None, None, body)
            return transfer_of(transfer_id, await body_of(conn, transfer_id, "transfer"))

    async def find_transfer(self, key: str) -> Transfer | None:
        """What a `transfer` with this key made, if anything."""
        transfer_id = id_for("tr", key)
        async with self._database.connection() as conn:
            found = await sandbox.get(conn, transfer_id, "transfer")
            return transfer_of(found.id, found.body) if found else None

    async def transfers_between(self, since: datetime, until: datetime) -> list[Transfer]:
        """Every transfer that was made then."""
        async with self._database.connection() as conn:
            made = await sandbox.made_between(conn, "transfer", since, until)
        return [transfer_of(one.id, one.body) for one in made]

    async def transfer_by_id(self, transfer_id: str) -> Transfer:
        """A transfer as it is now."""
        async with self._database.connection() as conn:
            return transfer_of(transfer_id, await body_of(conn, transfer_id, "transfer"))

    async def reverse(self, key: str, transfer_id: str, amount_cents: int) -> Transfer:
        """Take back a part or all of a transfer."""
        request = {"call": "reverse", "transfer": transfer_id, "amount": amount_cents}
        async with self._database.transaction() as conn:
            _, is_new = await enter(conn, key, "trr", request)
            body = await body_of(conn, transfer_id, "transfer", lock=True)
            if is_new:
                left = body["amount_cents"] - body["reversed_cents"]
                if not 0 < amount_cents <= left:
                    raise ProviderRefused("amount_too_large", f"{left} cents can be taken back.")
                body["reversed_cents"] += amount_cents
                await sandbox.change(conn, transfer_id, body)
            return transfer_of(transfer_id, body)

    async def dispute(self, dispute_id: str) -> Dispute:
        """The sandbox has no banks, so nobody disputes anything."""
        raise ProviderRefused("resource_missing", f"No such dispute: {dispute_id}")

    async def disputes(self, intent_id: str) -> list[Dispute]:  # noqa: ARG002
        """None."""
        return []

    async def aclose(self) -> None:
        """Nothing is open."""
