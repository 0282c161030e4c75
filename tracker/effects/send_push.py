"""The `send_push` effect: one push to every browser of one person."""

from __future__ import annotations

from tracker.effects.task import Task, Tools
from tracker.messages.pending import pending_delivery
from tracker.messages.pushes import push_calls, push_for
from tracker.messages.sending import send_once


async def send_push(tools: Tools, task: Task) -> None:
    """Send a delivery's push. Raises Postpone until it has come to an end."""
    pending = await pending_delivery(tools, task)
    if pending is not None:
        push = push_for(pending, tools.settings, task.now)
        await send_once(tools, pending, push_calls(tools, push, pending, task.now), task.now)
