"""What Stripe's events make us look at. An event names an object; `follow.py` fetches it and acts on that.

payment_intent.*, charge.*, refund.*      the payment intent: held, taken, let go, refunded
charge.dispute.*                          the dispute
checkout.session.*                        the checkout page: an order is paid, or nobody paid
transfer.*                                the transfer: taken back
anything else, a connected account's own  kept, and nothing more
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from db.external_events import ExternalEvent, keep_event
from db.outbox import add_task
from db.pool import Database
from tracker.jobs.consequences import Effect
from tracker.money.follow import follow_checkout, follow_dispute, follow_intent
from tracker.money.provider import PaymentProvider
from tracker.money.reversals import follow_transfer
from tracker.money.webhook_signature import SignedEvent
from tracker.settings import Settings

PROVIDER = "stripe"


class Subject(StrEnum):
    """What an event makes us fetch."""

    INTENT = "intent"
    DISPUTE = "dispute"
    CHECKOUT = "checkout"
    TRANSFER = "transfer"


# The first that fits: a dispute is told as an event of its charge.
_SUBJECTS = (
    ("charge.dispute.", Subject.DISPUTE),
    ("checkout.session.", Subject.CHECKOUT),
    ("payment_intent.", Subject.INTENT),
    ("charge.", Subject.INTENT),
    ("refund.", Subject.INTENT),
    ("transfer.", Subject.TRANSFER),
)


async def receive_event(database: Database, settings: Settings, event: SignedEvent) -> bool:
    """Keep a verified event and queue its handling, in one transaction; False when it was kept before.

    Test events sent to a live server, live ones sent to a test server, and what connected accounts do on
    their own are kept and not acted on. Raises Unavailable: Stripe sends it again.
    """
    concerns_us = event.livemode == is_live(settings) and event.account is None
    async with database.transaction() as conn:
        kept = await keep_event(conn, PROVIDER, event.stored)
        if kept and concerns_us and subject_of(event.stored) is not None:
            await add_task(conn, Effect.HANDLE_STRIPE_EVENT.value, event.stored.event_id)
    return kept


def is_live(settings: Settings) -> bool:
    """Whether our key moves real money: `sk_live_…`, or restricted `rk_live_…`."""
    return (settings.stripe_secret_key or "").startswith(("sk_live_", "rk_live_"))


def subject_of(event: ExternalEvent) -> tuple[Subject, str] | None:
    """What to fetch for an event, by its kind and id; None for an event that says nothing to us."""
    subject = next((what for prefix, what in _SUBJECTS if event.type.startswith(prefix)), None)
    about: dict[str, Any] = event.body["data"]["object"]
    if subject is Subject.INTENT and not event.type.startswith("payment_intent."):
        object_id = about.get("payment_intent")  # a charge or a refund names it; expanded, it is an object
        if isinstance(object_id, dict):
            object_id = object_id.get("id")
    else:
        object_id = event.object_id
    if subject is None or not isinstance(object_id, str) or not object_id:
        return None
    return subject, object_id


async def handle_event(
    database: Database, settings: Settings, payments: PaymentProvider, event: ExternalEvent, *, now: datetime
) -> None:
    """Act on an event by what its object is now. Any number of times, in any order.

    Raises UnusableCheckout, StillAsked, ProviderUnknown, ProviderRefused, Unavailable.
    """
    found = subject_of(event)
    if found is None:
        return
    subject, object_id = found
    match subject:
        case Subject.INTENT:
            await follow_intent(database, settings, payments, object_id, now=now)
        case Subject.DISPUTE:
            await follow_dispute(database, settings, payments, object_id, now=now)
        case Subject.CHECKOUT:
            await follow_checkout(database, settings, payments, object_id, now=now)
        case Subject.TRANSFER:
            await follow_transfer(database, settings, payments, object_id, now=now)
