"""The `reverse_transfer` effect: a transfer's number and when it was asked for; take the money back."""

from __future__ import annotations

from db.transfers import jobs_in_transfer
from tracker.effects.task import GiveUp, Task, Tools
from tracker.money.provider import OtherProvider
from tracker.money.reversals import take_back


async def reverse_transfer(tools: Tools, task: Task) -> None:
    """Raises ProviderUnknown when it is not known whether the money came back: looked up at the next try."""
    number = (task.subject or "").partition(":")[0]
    if not number.isdecimal():
        raise GiveUp(f"reverse_transfer needs a transfer's number, not {task.subject!r}")
    payments = tools.providers.payments
    async with tools.database.connection() as conn:
        jobs = await jobs_in_transfer(conn, int(number))  # taken back whole, its lines leave it
    try:
        await take_back(tools.database, tools.settings, payments, int(number), now=task.now)
    except OtherProvider as other:
        raise GiveUp(str(other)) from other
    for job_id in jobs:
        tools.say.card_changed(job_id)
