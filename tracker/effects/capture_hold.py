"""The `capture_hold` effect: a job is completed; take its price and its tip, and share them out."""

from __future__ import annotations

from tracker.effects.task import GiveUp, Task, Tools
from tracker.money.capture import StillHeld, capture_job


async def capture_hold(tools: Tools, task: Task) -> None:
    """Raises GiveUp when the provider refuses to take what it holds; ProviderUnknown: look next time."""
    job_id, _ = task.job_event()
    try:
        await capture_job(tools.database, tools.settings, tools.providers.payments, job_id, now=task.now)
    except StillHeld as refused:
        raise GiveUp(str(refused)) from refused
