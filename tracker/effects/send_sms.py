"""The `send_sms` effect: one text to one person."""

from __future__ import annotations

from tracker.effects.task import Task, Tools
from tracker.messages.pending import pending_delivery
from tracker.messages.sending import send_once
from tracker.messages.sms import sms_calls, sms_for


async def send_sms(tools: Tools, task: Task) -> None:
    """Send a delivery's text, or find out what became of it. Raises Postpone until that is known."""
    pending = await pending_delivery(tools, task)
    if pending is not None:
        sms = sms_for(pending, tools.settings)
        await send_once(tools, pending, sms_calls(tools, sms, pending), task.now)
