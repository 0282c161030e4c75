"""The `handle_stripe_event` effect: a stored webhook's id; act on what its object is now."""

from __future__ import annotations

from uuid import UUID

from db.external_events import ExternalEvent, event_by_id
from db.pool import Connection
from db.transfers import jobs_in_transfer, number_of_transfer
from tracker.effects.task import GiveUp, Postpone, Task, Tools
from tracker.money.checkout_orders import UnusableCheckout
from tracker.money.provider import ProviderRefused
from tracker.money.reversals import StillAsked
from tracker.money.stripe_events import PROVIDER, handle_event

SETTLED_BY_THEN_S = 15.0  # what we asked for ourselves is written down within seconds


async def handle_stripe_event(tools: Tools, task: Task) -> None:
    """Raises GiveUp for an event that no retry can help, like money for an order that makes no sense."""
    async with tools.database.connection() as conn:
        event = await event_by_id(conn, PROVIDER, task.subject or "")
        paid = await _jobs_paid_by(conn, event)  # taken back, a transfer's lines leave it
    if event is None:
        raise GiveUp(f"there is no Stripe event {task.subject!r}")
    payments = tools.providers.payments
    if payments.name != PROVIDER:
        raise GiveUp("Stripe's keys are no longer set")
    try:
        await handle_event(tools.database, tools.settings, payments, event, now=task.now)
    except StillAsked as early:
        raise Postpone("the transfer is not written down yet", SETTLED_BY_THEN_S) from early
    except (UnusableCheckout, ProviderRefused) as final:
        raise GiveUp(str(final)) from final
    for job_id in paid:
        tools.say.card_changed(job_id)


async def _jobs_paid_by(conn: Connection, event: ExternalEvent | None) -> list[UUID]:
    """The jobs that a transfer pays, for an event of one."""
    if event is None or not event.type.startswith("transfer."):
        return []
    number = await number_of_transfer(conn, event.object_id or "")
    return [] if number is None else await jobs_in_transfer(conn, number)
