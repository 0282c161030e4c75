"""The `send_email` effect: one mail to one person."""

from __future__ import annotations

from tracker.effects.task import Task, Tools
from tracker.messages.mails import mail_calls, mail_for
from tracker.messages.pending import pending_delivery
from tracker.messages.sending import send_once


async def send_email(tools: Tools, task: Task) -> None:
    """Send a delivery's mail. Raises Postpone until it has come to an end."""
    pending = await pending_delivery(tools, task)
    if pending is not None:
        mail = await mail_for(tools, pending)
        await send_once(tools, pending, mail_calls(tools, mail), task.now)
