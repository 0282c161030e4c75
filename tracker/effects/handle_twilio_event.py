"""The `handle_twilio_event` effect: a text's status, or a number that said STOP."""

from __future__ import annotations

from tracker.effects.task import Task, Tools
from tracker.messages.twilio_events import act_on_callback


async def handle_twilio_event(tools: Tools, task: Task) -> None:
    """Act on a stored callback. Twice is harmless: a delivery only goes forward."""
    await act_on_callback(tools, task)
