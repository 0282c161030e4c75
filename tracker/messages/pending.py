"""What a delivery's turn begins with: read it, and see whether it is still to be sent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from db.deliveries import Delivery, delivery_by_id, end_delivery
from db.jobs import Job, job_by_id
from db.notifications import Notification, is_old_news, notification_by_id
from db.opt_outs import opted_out_phones
from db.pool import Connection
from db.recipients import Recipient, recipients
from tracker.effects.task import GiveUp, Postpone, Task, Tools
from tracker.jobs.lifecycle import Status
from tracker.messages.kinds import PLANS, URGENT, Channel, Kind
from tracker.messages.link_in import CLOSED, LinkIn, link_for
from tracker.messages.people import quiet_hours_of, voice_for
from tracker.messages.reach import way_by
from tracker.messages.texts import Voice


@dataclass(frozen=True, slots=True)
class Pending:
    """A delivery that is due, with all that its words are made from. `job` as it is now.

    `link` is the secret of the link that it carries, or nothing. `overtaken` says, of a delivery whose last
    try had no answer, how it would end if that try was in vain: nobody needs it any more, or wants it.
    """

    delivery: Delivery
    notification: Notification
    kind: Kind
    person: Recipient
    job: Job | None
    voice: Voice
    link: str = ""
    overtaken: tuple[str, str] | None = None


async def pending_delivery(tools: Tools, task: Task) -> Pending | None:
    """The delivery that a task names, or None when there is nothing (more) to send.

    Raises Postpone in quiet hours, GiveUp when there is no such delivery.
    """
    async with tools.database.transaction() as conn:
        found = await _read(conn, tools, _number(task))
        if found.delivery.status not in ("queued", "sending"):
            return None
        link = LinkIn()
        end, overtaken = _too_late(found, task.now), None
        if end is None:
            overtaken = await _unwanted(conn, found) or await _overtaken(conn, found)
        if end is None and overtaken is None:
            link = await _link(conn, tools, found, task)
            overtaken = ("expired", CLOSED) if link.missing else None
        if end is None and found.delivery.status == "queued":
            end = overtaken
        if end is not None:
            await end_delivery(conn, found.delivery.id, *end)
            return None
    if found.delivery.status == "queued" and not _is_pressed(task):
        _wait_for_morning(found, tools, task.now)
    return replace(found, link=link.secret, overtaken=overtaken)


def _number(task: Task) -> int:
    """The delivery's number; a resend adds `:` and its moment (`resend.py`). Raises GiveUp."""
    return replace(task, subject=(task.subject or "").partition(":")[0]).number()


def _is_pressed(task: Task) -> bool:
    """Whether a person wants it sent now, also at night."""
    return ":" in (task.subject or "")


async def _link(conn: Connection, tools: Tools, found: Pending, task: Task) -> LinkIn:
    reopen = _is_pressed(task)
    return await link_for(conn, tools.settings, found.notification, found.job, now=task.now, reopen=reopen)


async def _read(conn: Connection, tools: Tools, number: int) -> Pending:
    delivery = await delivery_by_id(conn, number)
    notification = await notification_by_id(conn, delivery.notification_id) if delivery else None
    if delivery is None or notification is None:
        raise GiveUp(f"there is no delivery {number}")
    people = await recipients(conn, [notification.person_id], notification.job_id)
    job = await job_by_id(conn, notification.job_id) if notification.job_id else None
    kind, person = Kind(notification.kind), people[0]
    return Pending(delivery, notification, kind, person, job, voice_for(tools.settings, person))


def _too_late(found: Pending, now: datetime) -> tuple[str, str] | None:
    expires_at = found.delivery.expires_at
    if expires_at is None or now < expires_at:
        return None
    if found.delivery.status == "sending":
        return "expired", "the provider did not say whether it was sent, and now it is too late"
    return "expired", f"too late to be of use; {found.delivery.problem or 'it was not its turn before'}"


async def _unwanted(conn: Connection, found: Pending) -> tuple[str, str] | None:
    """What the person has refused since it was queued. Their address stays the one of that time."""
    stopped = await opted_out_phones(conn, [found.delivery.recipient])
    way = way_by(found.person, found.kind, Channel(found.delivery.channel), stopped)
    if stopped or (way is not None and way.hindrance is not None and way.hindrance.status == "suppressed"):
        return "suppressed", way.hindrance.reason if way and way.hindrance else "the number said STOP"
    return None


async def _overtaken(conn: Connection, found: Pending) -> tuple[str, str] | None:
    """ "On the way" is not told of a job that was turned back, nor yesterday's appointment after today's."""
    wanted, job = PLANS[found.kind].while_status, found.job
    if found.kind is Kind.JOB_LOST and job is not None and job.pro_id == found.person.id:
        return "expired", "the job was theirs again before it was sent"
    if wanted is None or job is None:
        return None
    if Status(job.status) not in wanted:
        return "expired", f"the job was {job.status} before it was sent"
    if found.kind is Kind.JOB_WON and job.pro_id != found.person.id:
        return "expired", "the job was another pro's before it was sent"
    if await is_old_news(conn, found.notification):
        return "expired", "newer news was told before it was sent"
    return None


def _wait_for_morning(found: Pending, tools: Tools, now: datetime) -> None:
    """A message that was kept from the day by a silent provider does not wake anybody at night."""
    if (
        found.delivery.channel == Channel.EMAIL
        or PLANS[found.kind].urgent
        or URGENT in found.notification.facts
    ):
        return
    quiet = quiet_hours_of(tools.settings, found.person)
    until = quiet.ends_after(now) if quiet else None
    if until is not None:
        raise Postpone("quiet hours", (until - now).total_seconds())
