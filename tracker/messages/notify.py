"""One call tells everybody concerned of an event: the bell, and the channels that reach each of them.

It only writes rows, in the caller's transaction. The same event tells the same person once, whatever runs
twice: the database's unique keys say so. What is written is sent later by the worker (`sending.py`).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from db.deliveries import add_delivery
from db.notifications import add_notification
from db.opt_outs import opted_out_phones
from db.outbox import add_task
from db.pool import Connection
from db.recipients import Recipient, recipients, staff_ids
from tracker.jobs.consequences import Effect
from tracker.messages.kinds import PAGE, PLANS, URGENT, AlertPage, Channel, Kind
from tracker.messages.people import quiet_hours_of, voice_for
from tracker.messages.phones import e164
from tracker.messages.reach import Way, ways_to
from tracker.messages.texts import body_of, check_facts, title_of
from tracker.settings import Settings

log = logging.getLogger("tracker.messages")

SENDS = {Channel.SMS: Effect.SEND_SMS, Channel.EMAIL: Effect.SEND_EMAIL, Channel.PUSH: Effect.SEND_PUSH}


@dataclass(frozen=True, slots=True)
class Notice:
    """An event to tell people of. `event_key` names it for ever; `facts` as `kinds.FACTS` wants them.

    `urgent` breaks the quiet hours for a kind that otherwise waits: a cancellation of today's visit. What
    need not wait for the morning expires so long after `happened_at`, or else after now.
    """

    kind: Kind
    event_key: str
    person_ids: tuple[str, ...]
    facts: dict[str, str]
    job_id: UUID | None = None
    urgent: bool = False
    happened_at: datetime | None = None


async def notify(conn: Connection, settings: Settings, notice: Notice, *, now: datetime) -> None:
    """Write what is to be told, in the caller's transaction. Again with the same event: nothing.

    People who have no record are passed over, and so is news so old that it may have been told and
    forgotten (`MESSAGE_RETENTION_DAYS`). Raises ValueError when a fact is missing.
    """
    check_facts(notice.kind, notice.facts)
    if notice.happened_at and notice.happened_at < now - timedelta(days=settings.message_retention_days):
        return
    people = await recipients(conn, list(dict.fromkeys(notice.person_ids)), notice.job_id)
    phones = [phone for person in people if person.phone and (phone := e164(person.phone))]
    stopped = await opted_out_phones(conn, phones) if phones else set()
    for person in people:
        await _tell(conn, settings, notice, person, stopped, now)


async def alert_dispatch(
    conn: Connection,
    settings: Settings,
    *,
    event_key: str,
    title: str,
    body: str,
    job_id: UUID | None,
    now: datetime,
    page: AlertPage | None = None,
) -> None:
    """Tell every dispatcher and admin who has a record: bell and push. The same event key alerts once.

    `title` and `body` are shown as they are: no secrets, at most 200 and 1000 characters are kept. `page`:
    where in the portal something can be done about it.
    """
    staff = await staff_ids(conn)
    if not staff:
        log.warning("nobody to alert (no dispatcher has a record): %s", title)
        return
    facts = {"title": title, "body": body, **({PAGE: page.value} if page else {})}
    await notify(conn, settings, Notice(Kind.ALERT, event_key, tuple(staff), facts, job_id), now=now)


async def _tell(
    conn: Connection,
    settings: Settings,
    notice: Notice,
    person: Recipient,
    stopped: set[str],
    now: datetime,
) -> None:
    voice = voice_for(settings, person)
    number = await add_notification(
        conn,
        event_key=notice.event_key,
        kind=notice.kind.value,
        person_id=person.id,
        job_id=notice.job_id,
        title=title_of(notice.kind, notice.facts, voice),
        body=body_of(notice.kind, notice.facts, voice),
        facts={**notice.facts, URGENT: "yes"} if notice.urgent else notice.facts,
    )
    if number is None:
        return
    await add_task(conn, Effect.RING_BELL.value, str(number))
    for way in ways_to(person, notice.kind, stopped):
        await queue_delivery(conn, settings, number, notice, person, way, now)


async def queue_delivery(
    conn: Connection,
    settings: Settings,
    notification_id: int,
    notice: Notice,
    person: Recipient,
    way: Way,
    now: datetime,
) -> None:
    """Write one delivery, and the task to send it when its time has come."""
    begin = now
    if way.channel is not Channel.EMAIL and not (PLANS[notice.kind].urgent or notice.urgent):
        quiet = quiet_hours_of(settings, person)
        begin = (quiet and quiet.ends_after(now)) or now
    since = begin if begin > now else notice.happened_at or now
    delivery = await add_delivery(
        conn,
        notification_id=notification_id,
        channel=way.channel.value,
        recipient=way.recipient,
        status="queued" if way.hindrance is None else way.hindrance.status,
        problem=None if way.hindrance is None else way.hindrance.reason,
        send_after=begin,
        expires_at=since + PLANS[notice.kind].expires_after,
    )
    if delivery is not None and way.hindrance is None:
        await add_task(conn, SENDS[way.channel].value, str(delivery), not_before=begin)
