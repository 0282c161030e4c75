"""What Twilio tells us: how a text fares, and who says STOP. Kept once, acted on by the worker.

Callbacks come late, twice and out of order. A delivery only ever goes forward, so their order is nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from db.deliveries import Delivery, advance, delivery_by_id, delivery_by_provider_id
from db.errors import Invalid
from db.external_events import ExternalEvent, event_by_id, keep_event, received_at
from db.opt_outs import start_phone, stop_phone
from db.outbox import add_task
from db.pool import Connection, Database
from tracker.effects.task import GiveUp, Postpone, Task, Tools
from tracker.jobs.consequences import Effect
from tracker.messages.channels import NotNow, Sent
from tracker.messages.phones import e164
from tracker.messages.twilio_signature import Form

PROVIDER = "twilio"
INBOUND = "inbound"
OPTED_OUT = "21610"
# twilio.com/docs/messaging/api/message-resource, "Message Status Values", as what they mean for a delivery.
FARES = {
    "accepted": "sent",
    "scheduled": "sent",
    "queued": "sent",
    "sending": "sent",
    "sent": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
}
# twilio.com/docs/messaging/tutorials/advanced-opt-out, its default keywords, and their plain Spanish.
STOP_WORDS = frozenset(
    {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "alto", "parar", "baja"}
)
START_WORDS = frozenset({"start", "unstop", "yes"})
PRICE_AGAIN_S = 60.0
PRICE_PATIENCE = timedelta(minutes=30)  # Twilio sets a message's price some time after it was sent


async def receive_callback(database: Database, form: Form, delivery: int | None) -> None:
    """Keep a verified callback and queue its handling, in one transaction, once.

    Of an inbound text only a keyword is kept, not what somebody wrote. Raises Invalid for what is neither
    a message's status nor an inbound message, Unavailable: Twilio sends it again.
    """
    event = _event(form, delivery)
    async with database.transaction() as conn:
        if await keep_event(conn, PROVIDER, event):
            await add_task(conn, Effect.HANDLE_TWILIO_EVENT.value, event.event_id)


def _event(form: Form, delivery: int | None) -> ExternalEvent:
    sid = form.get("MessageSid") or form.get("SmsSid")
    status = form.get("MessageStatus") or form.get("SmsStatus")
    if not sid.isalnum() or not sid.isascii() or len(sid) > 64:
        raise Invalid("this tells of no message", field="MessageSid")
    if status in FARES:
        error = form.get("ErrorCode")[:20]
        body = {"delivery": delivery, "status": status, "error": error if error.isdecimal() else ""}
        return ExternalEvent(f"{sid}:{status}", status, sid, body)
    if "Body" not in set(form) or e164(form.get("From")) is None:
        raise Invalid("this tells of no message's status", field="MessageStatus")
    word = (form.get("OptOutType") or form.get("Body")).strip().strip(".!").lower()
    kept = word if word in STOP_WORDS | START_WORDS else ""
    return ExternalEvent(f"{sid}:{INBOUND}", INBOUND, sid, {"from": e164(form.get("From")), "word": kept})


async def act_on_callback(tools: Tools, task: Task) -> None:
    """Do what a kept callback asks for; any number of times. Raises Postpone while a price is not known."""
    async with tools.database.transaction() as conn:
        event = await event_by_id(conn, PROVIDER, task.subject or "")
        if event is None:
            raise GiveUp(f"there is no callback {task.subject!r}")
        if event.type == INBOUND:
            await _heed(conn, event)
            return
        delivery = await _delivery_of(conn, event)
        if delivery is None:
            raise GiveUp(f"no delivery of ours is the text {event.object_id}")
        await _advance(conn, delivery, event)
    if FARES[event.type] != "sent":
        await _learn_price(tools, delivery.id, event.object_id or "", task.now)


async def _heed(conn: Connection, event: ExternalEvent) -> None:
    """STOP and START are for the number, whoever uses it. A START handled late undoes no later STOP."""
    said_at = await received_at(conn, PROVIDER, event.event_id)
    if said_at is None:
        return
    if event.body["word"] in STOP_WORDS:
        await stop_phone(conn, event.body["from"], said_at=said_at)
    elif event.body["word"] in START_WORDS:
        await start_phone(conn, event.body["from"], said_at=said_at)


async def _delivery_of(conn: Connection, event: ExternalEvent) -> Delivery | None:
    """By Twilio's id; before we have stored that one, by our own number in the callback's address."""
    known = await delivery_by_provider_id(conn, PROVIDER, event.object_id or "")
    if known is not None or event.body["delivery"] is None:
        return known
    asked = await delivery_by_id(conn, event.body["delivery"])
    return asked if asked and asked.provider == PROVIDER else None


async def _advance(conn: Connection, delivery: Delivery, event: ExternalEvent) -> None:
    fares, error = FARES[event.type], event.body["error"]
    problem = f"Twilio: {event.type}{f' ({error})' if error else ''}" if fares == "failed" else None
    await advance(conn, delivery.id, fares, provider_id=event.object_id, problem=problem)
    if error == OPTED_OUT:
        await stop_phone(conn, delivery.recipient)


async def _learn_price(tools: Tools, delivery_id: int, sid: str, now: datetime) -> None:
    """What the text cost, asked for once it has come to its end."""
    known: Sent | None = None
    try:
        known = await tools.providers.sms.fetch(sid)
    except NotNow as error:
        reason = str(error)
    else:
        reason = "Twilio does not know the price yet"
    async with tools.database.transaction() as conn:
        delivery = await delivery_by_id(conn, delivery_id)
        if delivery is None or delivery.provider_id != sid:
            return
        if known is not None:
            await advance(
                conn,
                delivery_id,
                "sent",
                provider_id=sid,
                segments=known.segments,
                cost_micros=known.cost_micros,
            )
    missing = known is None or known.cost_micros is None
    if missing and delivery.sent_at is not None and now < delivery.sent_at + PRICE_PATIENCE:
        raise Postpone(reason, PRICE_AGAIN_S)
