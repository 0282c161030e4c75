"""Sending one delivery: at most once where that can be known, and never more than twice.

Written before the call: "I am about to". After it: what came of it. A crash or a silent provider leaves
"sending", and then the rule is: look whether the provider has it (a text), and only then, once, send again.
A channel that cannot be asked (mail) gets its one resend without looking. What is repeatable (the sandboxes,
and pushes, which replace themselves) is simply sent again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from db.deliveries import (
    Delivery,
    advance,
    begin_resend,
    begin_try,
    end_delivery,
    note_problem,
    undo_try,
)
from db.opt_outs import stop_phone
from db.pool import Connection
from tracker.effects.task import Postpone, Tools
from tracker.messages.channels import NotNow, ProviderName, Refused, Sent, Unsure
from tracker.messages.notify import alert_dispatch
from tracker.messages.pending import Pending

UNKNOWN_TWICE = "the provider did not say whether it was sent, and was asked twice"
SETTLE_S = 15.0  # longer than our own timeout for a call, so that nobody is still making it
ELSEWHERE = "another worker is sending it; seen to later, in case that one dies"
_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S = 5.0, 300.0


@dataclass(frozen=True, slots=True)
class Calls:
    """One delivery's calls. `find` looks whether the provider has it; None where it cannot be asked.

    `repeatable`: sending it twice is sending it once, so nothing need be found out. `silence_s`: how long to
    wait when the provider did not answer. `instead`: what else to write when it is refused for good, in the
    transaction that says so.
    """

    provider: ProviderName
    send: Callable[[], Awaitable[Sent]]
    repeatable: bool
    silence_s: float = SETTLE_S
    find: Callable[[], Awaitable[Sent | None]] | None = None
    instead: Callable[[Connection], Awaitable[None]] | None = None

    def settle_s(self, delivery: Delivery) -> float:
        """How long after a try to leave it alone. No problem was noted when the worker died in the middle."""
        return SETTLE_S if delivery.problem is None else self.silence_s


async def send_once(tools: Tools, pending: Pending, calls: Calls, now: datetime) -> None:
    """Bring one delivery a step further. Raises Postpone until it has come to an end."""
    delivery = pending.delivery
    if delivery.status == "sending" and (pending.overtaken is not None or not calls.repeatable):
        await _after_silence(tools, pending, calls, now)
        return
    async with tools.database.transaction() as conn:
        begun = await begin_try(conn, delivery.id, calls.provider) or calls.repeatable
    if not begun:
        raise Postpone(ELSEWHERE, SETTLE_S)
    await _call(tools, pending, calls, now)


async def _after_silence(tools: Tools, pending: Pending, calls: Calls, now: datetime) -> None:
    """A try has no known outcome: wait until the provider has settled, look, and send again once."""
    delivery = pending.delivery
    settled = delivery.updated_at + timedelta(seconds=calls.settle_s(delivery))
    if now < settled:
        raise Postpone("the outcome of the last try is not known yet", (settled - now).total_seconds())
    if calls.find is not None:
        try:
            found = await calls.find()
        except NotNow as error:
            raise await _later(tools, delivery, str(error), error.retry_in_s, now) from error
        if found is not None:
            await _arrived(tools, delivery, found)
            return
    async with tools.database.transaction() as conn:
        if pending.overtaken is not None:
            await end_delivery(conn, delivery.id, *pending.overtaken)
            return
        if delivery.resent:
            await _give_up(tools, conn, pending, now)
            return
        begun = await begin_resend(conn, delivery.id, delivery.updated_at)
    if not begun:
        raise Postpone(ELSEWHERE, SETTLE_S)
    await _call(tools, pending, calls, now)


async def _call(tools: Tools, pending: Pending, calls: Calls, now: datetime) -> None:
    delivery = pending.delivery
    try:
        sent = await calls.send()
    except Refused as error:
        async with tools.database.transaction() as conn:
            status = "suppressed" if error.opted_out else "failed"
            ended = await end_delivery(conn, delivery.id, status, str(error))
            if ended and calls.instead is not None:
                await calls.instead(conn)
            if error.opted_out:
                await stop_phone(conn, delivery.recipient)
    except NotNow as error:
        async with tools.database.transaction() as conn:
            await undo_try(conn, delivery.id, str(error))
        raise await _later(tools, delivery, str(error), error.retry_in_s, now) from error
    except Unsure as error:
        raise await _later(tools, delivery, str(error), calls.silence_s, now) from error
    else:
        await _arrived(tools, delivery, sent)


async def _arrived(tools: Tools, delivery: Delivery, sent: Sent) -> None:
    async with tools.database.transaction() as conn:
        await advance(
            conn,
            delivery.id,
            "delivered" if sent.delivered else "sent",
            provider_id=sent.provider_id,
            segments=sent.segments,
            cost_micros=sent.cost_micros,
        )


async def _later(
    tools: Tools, delivery: Delivery, reason: str, retry_in_s: float | None, now: datetime
) -> Postpone:
    """Note why, and say when to try again: soon at first, then every five minutes until it expires."""
    async with tools.database.transaction() as conn:
        await note_problem(conn, delivery.id, reason)
    waited_s = (now - delivery.send_after).total_seconds()
    pause_s = min(_LONGEST_PAUSE_S, max(_SHORTEST_PAUSE_S, waited_s / 2))
    return Postpone(reason, retry_in_s if retry_in_s is not None else pause_s)


async def _give_up(tools: Tools, conn: Connection, pending: Pending, now: datetime) -> None:
    """Twice asked, twice no answer: a person decides, never a third message."""
    if not await end_delivery(conn, pending.delivery.id, "failed", UNKNOWN_TWICE):
        return
    await alert_dispatch(
        conn,
        tools.settings,
        event_key=f"delivery:{pending.delivery.id}:unknown",
        title=f"{pending.person.name} may not have got a message",
        body=f"{pending.notification.title} ({pending.delivery.channel}): {UNKNOWN_TWICE}.",
        job_id=pending.notification.job_id,
        now=now,
    )
