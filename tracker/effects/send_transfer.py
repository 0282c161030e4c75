"""The `send_transfer` effect: a transfer's number; pay a pro what its lines come to."""

from __future__ import annotations

from db.transfers import jobs_in_transfer
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
    async with tools.database.connection() as conn:
        jobs = await jobs_in_transfer(conn, task.number())
    for job_id in jobs:  # a payout that failed is no event of its job
        tools.say.card_changed(job_id)
