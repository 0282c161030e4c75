"""The `place_hold` effect: a payment's number; hold its amount on the customer's saved method."""

from __future__ import annotations

from tracker.effects.task import GiveUp, Task, Tools
from tracker.money import saved_method


async def place_hold(tools: Tools, task: Task) -> None:
    """A decline is written on the payment and told to dispatch. Raises ProviderUnknown."""
    payments = tools.providers.payments
    try:
        await saved_method.place_hold(tools.database, tools.settings, payments, task.number(), now=task.now)
    except LookupError as error:
        raise GiveUp(str(error)) from error
