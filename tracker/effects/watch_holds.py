"""The `watch_holds` effect, once an hour: money that the bank soon lets go, before the job is done."""

from __future__ import annotations

from tracker.effects.task import Task, Tools
from tracker.money.watch import watch


async def watch_holds(tools: Tools, task: Task) -> None:
    """Raises ProviderUnknown."""
    await watch(tools.database, tools.settings, tools.providers.payments, now=task.now)
