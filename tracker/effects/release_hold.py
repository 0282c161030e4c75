"""The `release_hold` effect: a job is cancelled; let its money go, and give back what was taken before."""

from __future__ import annotations

from tracker.effects.task import GiveUp, Task, Tools
from tracker.money.capture import StillHeld, release_job


async def release_hold(tools: Tools, task: Task) -> None:
    """Raises GiveUp when the provider refuses to let go; ProviderUnknown to look at the next try."""
    job_id, _ = task.job_event()
    try:
        await release_job(tools.database, tools.settings, tools.providers.payments, job_id, now=task.now)
    except StillHeld as refused:
        raise GiveUp(str(refused)) from refused
