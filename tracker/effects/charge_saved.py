"""The `charge_saved` effect: a payment's number, a tip or what a hold lacked; take it at once."""

from __future__ import annotations

from tracker.effects.task import GiveUp, Task, Tools
from tracker.money import saved_method


async def charge_saved(tools: Tools, task: Task) -> None:
    """A decline is written on the payment and told to dispatch. Raises ProviderUnknown."""
    payments = tools.providers.payments
    try:
        await saved_method.charge_saved(tools.database, tools.settings, payments, task.number(), now=task.now)
    except LookupError as error:
        raise GiveUp(str(error)) from error
