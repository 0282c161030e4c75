"""A person decides that a message which did not get through is sent after all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from db.deliveries import delivery_by_id, queue_again
from db.errors import Conflict, NotFound
from db.notifications import notification_by_id
from db.opt_outs import opted_out_phones
from db.outbox import add_task
from db.pool import Connection, Database
from db.recipients import recipients
from rooms.principal import Principal
from tracker.jobs.facts import Actor, record_fact
from tracker.messages.kinds import PLANS, Channel, Kind
from tracker.messages.notify import SENDS
from tracker.messages.phones import e164
from tracker.messages.reach import Way, way_by


class NotResendable(Conflict):
    """Only a message that failed or came too late is sent again."""

    code = "not_resendable"


@dataclass(frozen=True, slots=True)
class Resent:
    """The job event that says who decided it, for a message about a job."""

    job_id: UUID | None
    version: int | None


async def resend(database: Database, principal: Principal, number: int, *, now: datetime) -> Resent:
    """Queue a delivery again, to the address that the person has now. Pressed twice, it is sent once.

    Raises NotFound, NotResendable, Unavailable. Quiet hours do not hold it: somebody has decided.
    """

    async def work(conn: Connection) -> Resent:
        delivery = await delivery_by_id(conn, number)
        notification = await notification_by_id(conn, delivery.notification_id) if delivery else None
        if delivery is None or notification is None:
            raise NotFound("There is no such message.")
        kind, channel = Kind(notification.kind), Channel(delivery.channel)
        person = (await recipients(conn, [notification.person_id], notification.job_id))[0]
        phone = e164(person.phone or "")
        way = way_by(person, kind, channel, await opted_out_phones(conn, [phone] if phone else []))
        recipient = _address(way)
        expires_at = now + max(PLANS[kind].expires_after, timedelta(minutes=5))
        if not await queue_again(conn, number, recipient=recipient, send_after=now, expires_at=expires_at):
            raise NotResendable(status_now=delivery.status)
        # The outbox keeps each (effect, subject) for ever, so each press has a subject of its own.
        await add_task(conn, SENDS[channel].value, f"{number}:{round(now.timestamp() * 1e6)}")
        if notification.job_id is None:
            return Resent(None, None)
        version = await record_fact(
            conn,
            notification.job_id,
            kind="message_resent",
            data={"message": number, "channel": channel.value, "about": kind.value},
            actor=Actor.of(principal),
            now=now,
        )
        return Resent(notification.job_id, version)

    return await database.in_transaction(work)


def _address(way: Way | None) -> str:
    if way is None:
        raise NotResendable("The person has no address for this channel.")
    if way.hindrance is not None:
        raise NotResendable(f"It cannot be sent: {way.hindrance.reason}.")
    return way.recipient
