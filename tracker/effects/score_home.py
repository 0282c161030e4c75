"""The `score_home` effect: a completed job adds its points to the score of the customer's home."""

from __future__ import annotations

from tracker.effects.task import Task, Tools
from tracker.reputation.scoring import score_after


async def score_home(tools: Tools, task: Task) -> None:
    """Score the home anew and record it on the job, once."""
    job_id, _version = task.job_event()
    await score_after(tools.database, job_id, now=task.now)
