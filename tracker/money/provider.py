"""What a payment provider can do for us. `stripe_payments.py` and `sandbox_payments.py` both do it.

Every method that moves money takes an idempotency `key`: the same key again is answered with what the
first call made. Keys also stand in the objects' metadata (`tracker_key`), so that what an unanswered call
made can be found after the provider has forgotten the key (Stripe: 24 hours).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class IntentStatus(StrEnum):
    """Where a payment intent is. Stripe's words, the ones before a payment method is confirmed as one."""

    WAITING = "waiting"  # requires_payment_method, requires_confirmation, requires_action
    PROCESSING = "processing"  # a delayed method; an event will tell
    HELD = "requires_capture"  # authorized: money is held
    TAKEN = "succeeded"  # captured
    CANCELLED = "canceled"


@dataclass(frozen=True, slots=True)
class Intent:
    """A payment intent as the provider has it now. `amount_cents` was asked for."""

    id: str
    status: IntentStatus
    currency: str
    amount_cents: int
    capturable_cents: int
    captured_cents: int
    refunded_cents: int
    capture_before: datetime | None
    customer: str | None
    payment_method: str | None
    metadata: dict[str, str] = field(default_factory=dict)
    disputed: bool = False


@dataclass(frozen=True, slots=True)
class Checkout:
    """A checkout session: the page where a customer pays. `paid`: the money is held or taken."""

    id: str
    url: str | None
    status: str  # open, complete, expired
    paid: bool
    intent_id: str | None
    amount_cents: int
    currency: str
    customer: str | None
    customer_name: str | None
    customer_email: str | None
    customer_phone: str | None
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back. `status`: pending, succeeded, failed or canceled."""

    id: str
    intent_id: str
    amount_cents: int
    status: str
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Transfer:
    """Money sent to a pro's connected account, and how much of it was taken back."""

    id: str
    account: str
    amount_cents: int
    reversed_cents: int
    currency: str
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dispute:
    """A customer's bank took a payment back, for now or for good. `status`: open, won or lost.

    Or inquiry: the bank only asks, and has taken nothing.
    """

    id: str
    intent_id: str
    amount_cents: int
    reason: str
    status: str


@dataclass(frozen=True, slots=True)
class Ask:
    """Money to hold or to take, from a customer's saved payment method, without the customer present."""

    amount_cents: int
    currency: str
    customer: str
    payment_method: str
    description: str
    metadata: dict[str, str]


class ProviderRefused(Exception):
    """The provider said no, for certain: nothing happened. `code` is the provider's, like card_declined."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class ProviderUnknown(Exception):
    """No answer, or one that says nothing: it may have happened. Ask with the same key, or look it up.

    `for_good`: the key itself is stuck; asking with it again will never say more (Stripe stores even a 500
    and replays it for 24 hours). Whoever then finds by looking that nothing happened needs another key.
    """

    def __init__(self, message: str, *, for_good: bool = False) -> None:
        super().__init__(message)
        self.for_good = for_good


class OtherProvider(Exception):
    """What is real is never played in the sandbox, nor what is the sandbox's done at Stripe.

    Keys were set or removed meanwhile. Trying again helps once they are as they were.
    """


class PaymentProvider(Protocol):
    """Each method raises ProviderRefused or ProviderUnknown. All are safe to repeat with the same key."""

    name: str  # 'stripe' or 'sandbox', as stored with each payment

    async def hold(self, key: str, ask: Ask) -> Intent:
        """Hold money for a later capture."""
        ...

    async def charge(self, key: str, ask: Ask) -> Intent:
        """Take money at once."""
        ...

    async def capture(self, key: str, intent_id: str, amount_cents: int) -> Intent:
        """Take a part or all of what is held; the rest is let go."""
        ...

    async def release(self, key: str, intent_id: str) -> Intent:
        """Let a hold go."""
        ...

    async def intent(self, intent_id: str) -> Intent:
        """An intent as it is now."""
        ...

    async def find_intent(self, key: str, customer: str, since: datetime) -> Intent | None:
        """What an unanswered `hold` or `charge` with this key, begun at `since`, made for a customer."""
        ...

    async def intents_between(self, since: datetime, until: datetime) -> list[Intent]:
        """Every intent that was made then, ours or not, without what was refunded of it."""
        ...

    async def refund(self, key: str, intent_id: str, amount_cents: int, metadata: dict[str, str]) -> Refund:
        """Give back a part or all of what was captured."""
        ...

    async def refunds(self, intent_id: str) -> list[Refund]:
        """All refunds of an intent."""
        ...

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
        ...

    async def checkout(self, checkout_id: str) -> Checkout:
        """A checkout session as it is now."""
        ...

    async def checkout_of(self, intent_id: str) -> Checkout | None:
        """The checkout session on which an intent was paid, or None."""
        ...

    async def transfer(
        self, key: str, account: str, amount_cents: int, currency: str, metadata: dict[str, str]
    ) -> Transfer:
        """Send money to a connected account."""
        ...

    async def find_transfer(self, key: str) -> Transfer | None:
        """What an unanswered `transfer` with this key made, if anything."""
        ...

    async def transfers_between(self, since: datetime, until: datetime) -> list[Transfer]:
        """Every transfer that was made then, ours or not."""
        ...

    async def transfer_by_id(self, transfer_id: str) -> Transfer:
        """A transfer as it is now."""
        ...

    async def reverse(self, key: str, transfer_id: str, amount_cents: int) -> Transfer:
        """Take back a part or all of a transfer."""
        ...

    async def dispute(self, dispute_id: str) -> Dispute:
        """A dispute as it is now."""
        ...

    async def disputes(self, intent_id: str) -> list[Dispute]:
        """All disputes of an intent."""
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...


def check_provider(payments: PaymentProvider, owner: str, what: str) -> None:
    """Raises OtherProvider when `what`, named for people, belongs to another provider than this one."""
    if owner != payments.name:
        raise OtherProvider(f"{what} belongs to {owner}, not to {payments.name}")
