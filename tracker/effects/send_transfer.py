"""The `send_transfer` effect: a transfer's number; pay a pro what its lines come to."""

from __future__ import annotations

from tracker.effects.task import GiveUp, Task, Tools
from tracker.money.provider import OtherProvider
from tracker.money.transfers import make_transfer


async def send_transfer(tools: Tools, task: Task) -> None:
    """Raises ProviderUnknown when it is not known whether the money went: looked up at the next try."""
    payments = tools.providers.payments
    try:
        await make_transfer(tools.database, tools.settings, payments, task.number(), now=task.now)
    except OtherProvider as other:
        raise GiveUp(str(other)) from other
