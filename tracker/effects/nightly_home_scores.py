"""The `nightly_home_scores` effect: points fade, so every home is scored anew, a page of homes per task."""

from __future__ import annotations

from tracker.effects.task import GiveUp, Task, Tools
from tracker.reputation.scoring import score_page


async def nightly_home_scores(tools: Tools, task: Task) -> None:
    """Score one page; the task of the next page is queued with it."""
    if not task.subject:
        raise GiveUp("nightly_home_scores needs its night")
    await score_page(tools.database, task.subject, now=task.now)
