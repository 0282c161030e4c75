"""What is at the provider and not in our books: made by us and lost, or paid for an order nobody heard of.

The rest of the company's account is its own business: an intent or a transfer counts when its metadata has a
key of ours (`tracker_key`), or when it was paid on a checkout page that names an order.
"""

from __future__ import annotations

from datetime import datetime

from db import reconcile as books
from db.pool import Database
from tracker.money.provider import Intent, IntentStatus, PaymentProvider

OURS = "tracker_key"  # in the metadata of everything that we make
ORDER = ("order_reference", "skill")  # one of them is in the metadata of a page whose order is for us


async def find_strangers(
    database: Database, provider: PaymentProvider, *, since: datetime, until: datetime
) -> list[str]:
    """Each in one sentence, of what was made from `since` until `until`: long enough ago to be written down.

    Raises ProviderRefused, ProviderUnknown, Unavailable.
    """
    moved = (IntentStatus.HELD, IntentStatus.TAKEN)
    intents = {one.id: one for one in await provider.intents_between(since, until) if one.status in moved}
    transfers = {one.id: one for one in await provider.transfers_between(since, until)}
    async with database.connection() as conn:
        lost = await books.unknown_intents(conn, list(intents))
        sent = await books.unknown_transfers(conn, list(transfers))
    found = [said for one in lost if (said := await _of_intent(provider, intents[one]))]
    return found + [
        f"transfer {one.id} of {one.amount_cents} cents to {one.account} is not in our books"
        for one in map(transfers.__getitem__, sent)
        if OURS in one.metadata
    ]


async def _of_intent(provider: PaymentProvider, intent: Intent) -> str | None:
    cents = intent.captured_cents or intent.capturable_cents
    money = f"{cents} cents are {'held' if intent.status is IntentStatus.HELD else 'taken'}"
    if OURS in intent.metadata:
        return f"intent {intent.id}: {money}, and it is not in our books"
    page = await provider.checkout_of(intent.id)
    if page is None or not any(name in page.metadata for name in ORDER):
        return None
    return f"checkout {page.id} ({intent.id}): {money}, and its order is no job of ours"
