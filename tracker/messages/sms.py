"""A text message's words and its turn: how a pending delivery becomes an `Sms`."""

from __future__ import annotations

from datetime import timedelta

from db.deliveries import known_provider_ids
from tracker.effects.task import Tools
from tracker.messages.channels import Sent, Sms
from tracker.messages.link_in import tracking_page
from tracker.messages.pending import Pending
from tracker.messages.sending import Calls
from tracker.messages.texts import sms_of
from tracker.settings import Settings

CLOCKS_APART = timedelta(minutes=2)  # the provider's and ours


def sms_for(pending: Pending, settings: Settings) -> Sms:
    """The text to send. A tracking link is made here: it is written nowhere but into the message."""
    link = tracking_page(settings, pending.link) if pending.link else ""
    return Sms(
        delivery_id=pending.delivery.id,
        to=pending.delivery.recipient,
        body=sms_of(pending.kind, pending.notification.facts, pending.voice, link=link),
        job_id=pending.notification.job_id,
        secret=pending.link,
        expires_at=pending.delivery.expires_at,
    )


def sms_calls(tools: Tools, sms: Sms, pending: Pending) -> Calls:
    """How to send it, and how to see whether it was sent."""
    sender = tools.providers.sms

    async def find() -> Sent | None:
        since = (pending.delivery.first_tried_at or pending.delivery.send_after) - CLOCKS_APART
        async with tools.database.connection() as conn:
            known = await known_provider_ids(conn, sms.to, since)
        return await sender.find(sms, since=since, not_these=known)

    return Calls(sender.name, lambda: sender.send(sms), repeatable=sender.name == "sandbox", find=find)
