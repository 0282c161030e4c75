"""The link in a message: derived when it is sent, and written nowhere but into the message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from db.jobs import Job
from db.notifications import Notification
from db.pool import Connection
from tracker.identity.links import About, living_link
from tracker.messages.kinds import Kind
from tracker.settings import Settings

CLOSED = "the tracking link was revoked before it was sent"


@dataclass(frozen=True, slots=True)
class LinkIn:
    """The link that a message carries: its secret, or nothing. `missing`: the message is nothing without."""

    secret: str = ""
    missing: bool = False


async def link_for(
    conn: Connection,
    settings: Settings,
    notification: Notification,
    job: Job | None,
    *,
    now: datetime,
    reopen: bool,
) -> LinkIn:
    """The living link of a message that is about to be sent; `reopen`: also where the page was closed.

    "On the way" is sent with a link that works, or not at all. A customer who is asked for a review needs no
    account with it: it opens the page of that job until the job's links end; later they are asked without.
    """
    if job is None:
        return LinkIn()
    secret, version = settings.need_secret(), int(notification.facts.get("version", "0"))
    if notification.kind == Kind.ON_THE_WAY:
        link = await living_link(conn, secret, About.ON_THE_WAY, job.id, version, now=now, reopen=reopen)
        return LinkIn(link or "", missing=link is None)
    if notification.kind == Kind.REVIEW_REQUEST and notification.person_id == job.customer_id:
        ends_at = (job.finished_at or now) + timedelta(hours=settings.link_grace_hours)
        return LinkIn(
            await living_link(conn, secret, About.REVIEW, job.id, version, now=now, ends_at=ends_at) or ""
        )
    return LinkIn()


def tracking_page(settings: Settings, secret: str) -> str:
    """The page that it opens."""
    return f"{settings.public_url}/track/{secret}"
