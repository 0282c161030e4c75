"""The `make_refund` effect: a refund's number; give the money back."""

from __future__ import annotations

from tracker.effects.task import GiveUp, Task, Tools
from tracker.money import refunds


async def make_refund(tools: Tools, task: Task) -> None:
    """A refusal is written on the refund and told to dispatch. Raises ProviderUnknown."""
    payments = tools.providers.payments
    try:
        await refunds.make_refund(tools.database, tools.settings, payments, task.number(), now=task.now)
    except LookupError as error:
        raise GiveUp(str(error)) from error
