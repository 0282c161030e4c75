"""What each pro is owed over HTTP, by what it waits for, and what a run would do for them now."""

from __future__ import annotations

from typing import TypeAlias

from api.jobs import STAFF
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer
from db.payout_lists import Due, Heap, payouts_due
from tracker.money.payer import SANDBOX
from tracker.money.payouts import outcome_of

Req: TypeAlias = Request[Services, None, None]


class HeapAnswer(Answer):
    """Unpaid lines that wait for the same thing, and their sum."""

    lines: int
    cents: int


class DuePro(Answer):
    """One pro; every unpaid line is in one heap.

    `pending` waits for a person's approval, `due` goes with the next run, `waiting` are corrections that
    wait for the lines of their own job, `held` waits for a dispute, `sending` is in a transfer, `failed` was
    refused.
    `outcome` is what a run does with what is due: transfer, carried_over, no_account; null when nothing is.
    """

    pro_id: str
    name: str
    has_account: bool
    outcome: str | None
    pending: HeapAnswer
    due: HeapAnswer
    waiting: HeapAnswer
    held: HeapAnswer
    sending: HeapAnswer
    failed: HeapAnswer


class DueAnswer(Answer):
    """Pros with an unpaid line, by name; `provider` is who would send the money."""

    provider: str
    currency: str
    pros: list[DuePro]


@endpoint(
    "GET",
    "/api/dispatch/payouts/due",
    summary="What each pro is owed now, by what it waits for.",
    roles=STAFF,
    answer=DueAnswer,
)
async def dispatch_payouts_due(request: Req) -> DueAnswer:
    services = request.services
    provider = services.providers.payments.name
    async with services.database.connection() as conn:
        found = await payouts_due(conn)
    return DueAnswer(
        provider=provider,
        currency=services.settings.currency,
        pros=[_entry(due, in_sandbox=provider == SANDBOX) for due in found],
    )


def _entry(due: Due, *, in_sandbox: bool) -> DuePro:
    has_account = due.has_account or in_sandbox  # in the sandbox everybody has one
    return DuePro(
        pro_id=due.pro_id,
        name=due.name,
        has_account=has_account,
        outcome=outcome_of(due.due.cents, has_account=has_account).value if due.due.lines else None,
        pending=_heap(due.pending),
        due=_heap(due.due),
        waiting=_heap(due.waiting),
        held=_heap(due.held),
        sending=_heap(due.sending),
        failed=_heap(due.failed),
    )


def _heap(heap: Heap) -> HeapAnswer:
    return HeapAnswer(lines=heap.lines, cents=heap.cents)
