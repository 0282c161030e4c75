"""The tracking link in a message: derived when it is sent, and written nowhere but into the message."""

from __future__ import annotations

from tracker.identity.links import on_the_way_link
from tracker.messages.kinds import Kind
from tracker.messages.pending import Pending
from tracker.settings import Settings


def link_secret(pending: Pending, settings: Settings) -> str:
    """The secret of the link that this message carries, or nothing."""
    job_id = pending.notification.job_id
    if pending.kind is not Kind.ON_THE_WAY or job_id is None:
        return ""
    return on_the_way_link(settings.need_secret(), job_id, int(pending.notification.facts["version"]))


def tracking_page(settings: Settings, secret: str) -> str:
    """The page that it opens."""
    return f"{settings.public_url}/track/{secret}"
