"""What must hold of money: after every step, and when everything has ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from tests.money_stage import Stage
from tracker.jobs.lifecycle import Status
from tracker.money.books import DONE, price_of
from tracker.money.reconcile import reconcile_books, reconcile_provider
from tracker.money.split import NOTHING, Shared, split
from tracker.money.terms import deposit_of, due_of, earned_of


async def check_step(stage: Stage) -> None:
    """The ledger sums to zero; nothing is taken above its hold or given back above that, here and there."""
    wrong = await stage.asked(
        "SELECT (SELECT coalesce(sum(amount_cents), 0) FROM ledger_entries)"
        " + (SELECT count(*) FROM payments WHERE captured_cents > authorized_cents"
        "    OR refunded_cents > captured_cents OR earned_cents > captured_cents)"
    )
    assert wrong == 0
    assert stage.stripe is not None
    state = stage.stripe.state
    given: dict[str, int] = {}
    for refund in state.refunds.values():
        if refund["status"] in ("pending", "succeeded"):
            given[refund["payment_intent"]] = given.get(refund["payment_intent"], 0) + refund["amount"]
    for intent in state.intents.values():
        assert given.get(intent["id"], 0) <= intent["amount_received"] <= intent["amount"]


async def check_end(stage: Stage, jobs: list[UUID], began: datetime) -> None:
    """Our books are what Stripe says, object by object; nothing is held for nobody; shares are right."""
    database, payments = stage.database, stage.tools.providers.payments
    soon = datetime.now(UTC) + timedelta(hours=2)  # when calls that are tried again have ended
    assert await reconcile_books(database, now=soon) == []
    findings = await reconcile_provider(database, payments, since=began, now=soon)
    assert (findings.differences, findings.unasked) == ([], [])
    assert stage.stripe is not None
    known = {one.intent_id: one for job_id in jobs for one in await stage.payments(job_id)}
    for intent in stage.stripe.state.intents.values():
        payment = known.get(intent["id"])
        captured_cents = payment.captured_cents if payment else 0
        assert captured_cents == intent["amount_received"], f"{intent['id']}: {intent['status']}"
        wanted = payment is not None and payment.status == "authorized"
        assert wanted or not intent["amount_capturable"], f"{intent['id']}: held for nobody"
    for job_id in jobs:
        await _check_shares(stage, job_id)
        await _check_deposits(stage, job_id)


async def _check_shares(stage: Stage, job_id: UUID) -> None:
    """A pro has the split of what a job earned and kept, and its tips; whatever came and went."""
    payments = await stage.payments(job_id)
    kept: Shared = sum((earned_of(one) for one in payments), start=NOTHING)
    share = split(kept.price_cents, stage.tools.settings.commission_bp)
    owed = await stage.asked(
        "SELECT -coalesce(sum(e.amount_cents), 0)::bigint FROM ledger_entries e"
        " JOIN ledger_transactions t ON t.id = e.transaction_id"
        " WHERE t.job_id = $1 AND e.account = 'pro_payable'",
        job_id,
    )
    assert owed == share.pro_cents + kept.tip_cents
    job = await stage.job_row(job_id)
    paid = sum(one.earned_cents for one in payments if one.purpose != "tip")
    assert paid <= due_of(price_of(job), job.tip_cents, payments).total_cents
    lines = await stage.asked(  # a part of a transfer that came back is a line in a job's name, not of it
        "SELECT coalesce(sum(amount_cents), 0)::bigint FROM payouts"
        " WHERE job_id = $1 AND ledger_key NOT LIKE 'transfer:%'",
        job_id,
    )
    assert lines == owed


async def _check_deposits(stage: Stage, job_id: UUID) -> None:
    """What nobody earned is the customer's again when a job is over, unless a refund failed."""
    job = await stage.job_row(job_id)
    if job.status not in (*DONE, Status.CANCELLED):
        return
    failed = {one.payment_id for one in await stage.refunds(job_id) if one.status == "failed"}
    for payment in await stage.payments(job_id):
        assert not deposit_of(payment) or payment.id in failed
