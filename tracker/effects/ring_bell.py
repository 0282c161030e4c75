"""The `ring_bell` effect: the person's open pages hear of a notification."""

from __future__ import annotations

from db.notifications import notification_by_id, unread_count
from db.times import iso
from rooms.events import Told
from tracker.effects.task import GiveUp, Task, Tools


async def ring_bell(tools: Tools, task: Task) -> None:
    """Tell every socket of the person. Twice is harmless: it carries the notification's number."""
    number = task.number()
    async with tools.database.connection() as conn:
        bell = await notification_by_id(conn, number)
        if bell is None:
            raise GiveUp(f"there is no notification {number}")
        unread = await unread_count(conn, bell.person_id)
    payload = {
        "id": bell.id,
        "kind": bell.kind,
        "title": bell.title,
        "body": bell.body,
        "job_id": None if bell.job_id is None else str(bell.job_id),
        "created_at": iso(bell.created_at),
        "unread": unread,
    }
    tools.say.to_person(bell.person_id, Told.NOTIFICATION, payload)
