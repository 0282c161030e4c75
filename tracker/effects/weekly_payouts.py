"""The `weekly_payouts` effect: the week, like `2026-W47`; pay every pro what is approved."""

from __future__ import annotations

from tracker.effects.task import GiveUp, Task, Tools
from tracker.money.payouts import Run, run_payouts


async def weekly_payouts(tools: Tools, task: Task) -> None:
    """The week is the run's key: run again after a crash, it pays those whom it had not come to."""
    if not task.subject:
        raise GiveUp("weekly_payouts needs the week")
    run = Run(provider=tools.providers.payments.name, run_key=task.subject, currency=tools.settings.currency)
    await run_payouts(tools.database, tools.settings, run, now=task.now)
