"""The `ask_for_payment` effect: a payment's number; open a payment page and send the customer its address."""

from __future__ import annotations

from tracker.effects.task import GiveUp, Task, Tools
from tracker.money.checkouts import open_checkout


async def ask_for_payment(tools: Tools, task: Task) -> None:
    """Raises ProviderUnknown."""
    payments = tools.providers.payments
    try:
        await open_checkout(tools.database, tools.settings, payments, task.number(), now=task.now)
    except LookupError as error:
        raise GiveUp(str(error)) from error
