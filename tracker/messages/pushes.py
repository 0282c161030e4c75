"""A push's words and its turn: one delivery goes to every browser of the person that may hear of it."""

from __future__ import annotations

import asyncio
from datetime import datetime

from db.opt_outs import opted_out_phones
from db.pool import Connection
from db.push_subscriptions import StoredSubscription, drop_subscription, subscriptions_for
from tracker.effects.task import Tools
from tracker.messages.channels import Gone, NotNow, Push, Refused, Sent, Subscription, Unsure
from tracker.messages.kinds import PLANS, Channel, Kind
from tracker.messages.notify import Notice, queue_delivery
from tracker.messages.pending import Pending
from tracker.messages.phones import e164
from tracker.messages.reach import way_by
from tracker.messages.sending import Calls
from tracker.settings import Settings

NOBODY = "no browser of theirs is subscribed any more"


def push_for(pending: Pending, settings: Settings, now: datetime) -> Push:
    """The push to send. It opens the tracking page, the pro's or dispatch's; a customer has no other."""
    home = {"pro": "pro", "customer": ""}.get(pending.person.role, "dispatch")
    page = f"track/{pending.link}" if pending.link else home
    expires_at = pending.delivery.expires_at
    return Push(
        delivery_id=pending.delivery.id,
        title=pending.notification.title,
        body=pending.notification.body,
        url=f"{settings.public_url}/{page}" if page else "",
        tag=f"notification-{pending.notification.id}",
        ttl_s=max(0, round((expires_at - now).total_seconds())) if expires_at else 0,
        urgent=PLANS[pending.kind].urgent,
        job_id=pending.notification.job_id,
        secret=pending.link,
    )


def push_calls(tools: Tools, push: Push, pending: Pending, now: datetime) -> Calls:
    """How to send it; when no browser takes it, the kind's other channel is used."""

    async def send() -> Sent:
        return await _to_every_browser(tools, push, pending)

    async def instead(conn: Connection) -> None:
        await _stand_in(conn, tools.settings, pending, now)

    return Calls(tools.providers.push.name, send, repeatable=True, instead=instead)


async def _to_every_browser(tools: Tools, push: Push, pending: Pending) -> Sent:
    """Sent when one browser has it. Raises Refused when none ever will, NotNow when one may later."""
    async with tools.database.connection() as conn:
        browsers = await subscriptions_for(conn, pending.person.id, pending.notification.job_id)
    outcomes = await asyncio.gather(*(_to_one(tools, one, push) for one in browsers))
    for wanted in (Sent, NotNow, Refused):
        for outcome in outcomes:
            if isinstance(outcome, Sent):
                if wanted is Sent:
                    return outcome
            elif isinstance(outcome, wanted) and not isinstance(outcome, Gone):
                raise outcome
    raise Refused(NOBODY)


async def _to_one(tools: Tools, browser: StoredSubscription, push: Push) -> Sent | NotNow | Refused:
    """One browser's outcome; a dead one is forgotten. Silence counts as "not yet": the tag makes two one."""
    try:
        to = Subscription(browser.id, browser.endpoint, browser.p256dh, browser.auth)
        return await tools.providers.push.send(to, push)
    except Gone as gone:
        async with tools.database.connection() as conn:
            await drop_subscription(conn, browser.id)
        return gone
    except Unsure as unsure:
        return NotNow(str(unsure))
    except (NotNow, Refused) as outcome:
        return outcome


async def _stand_in(conn: Connection, settings: Settings, pending: Pending, now: datetime) -> None:
    """Queue the channel that stands in for a push of this kind, if it has one and the person has it."""
    person, kind = pending.person, pending.kind
    for alternatives in PLANS[kind].ways:
        if Channel.PUSH not in alternatives:
            continue
        number = e164(person.phone or "")
        stopped = await opted_out_phones(conn, [number]) if number else set()
        for channel in alternatives[alternatives.index(Channel.PUSH) + 1 :]:
            way = way_by(person, kind, channel, stopped)
            if way is not None:
                notice = Notice(Kind(kind), pending.notification.event_key, (person.id,), {})
                await queue_delivery(conn, settings, pending.notification.id, notice, person, way, now)
                return
