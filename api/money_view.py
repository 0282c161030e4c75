"""A job's money as an answer for dispatch."""

from __future__ import annotations

from api.payout_view import PayoutEntry, payout_entry
from api.shapes import Answer, Instant
from db.jobs import Job
from db.ledger import Line
from db.payments import Payment
from db.payouts import Payout
from db.refunds import RefundRow
from tracker.money.books import price_of
from tracker.money.terms import state_of


class PaymentEntry(Answer):
    """One payment. `status`: asked, authorized, captured, released or failed (`problem` says why).

    `provider`: stripe, or sandbox, where no money moves.
    """

    id: int
    purpose: str
    provider: str
    status: str
    amount_cents: int
    authorized_cents: int
    captured_cents: int
    tip_cents: int
    refunded_cents: int
    capture_before: Instant | None
    dispute: str | None
    disputed_cents: int
    problem: str | None
    intent_id: str | None
    checkout_id: str | None
    created_at: Instant


class RefundEntry(Answer):
    """One refund of one payment. `status`: asked, done or failed (`problem` says why)."""

    id: int
    payment: int
    amount_cents: int
    reason: str
    requested_by: str
    status: str
    problem: str | None
    created_at: Instant
    ended_at: Instant | None


class LedgerLine(Answer):
    """One entry of the ledger; debits are positive."""

    id: int
    key: str
    kind: str
    account: str
    pro_id: str | None
    amount_cents: int
    memo: str
    posted_at: Instant


class MoneyAnswer(Answer):
    """Everything about a job's money.

    `state`: none, waiting, held, captured, partly_refunded, refunded, disputed, released or failed.
    `price_cents` is the final price, or the agreed one until then; `provider` is who new payments go to.
    """

    state: str
    provider: str
    currency: str
    price_cents: int
    tip_cents: int
    captured_cents: int
    refunded_cents: int
    payments: list[PaymentEntry]
    refunds: list[RefundEntry]
    ledger: list[LedgerLine]
    payouts: list[PayoutEntry]


def money_answer(
    job: Job,
    *,
    provider: str,
    currency: str,
    payments: list[Payment],
    refunds: list[RefundRow],
    lines: list[Line],
    payouts: list[Payout],
) -> MoneyAnswer:
    """Put it together, each list oldest first."""
    return MoneyAnswer(
        state=state_of(payments).value,
        provider=provider,
        currency=currency,
        price_cents=price_of(job),
        tip_cents=job.tip_cents,
        captured_cents=sum(one.captured_cents for one in payments),
        refunded_cents=sum(one.refunded_cents for one in payments),
        payments=[payment_entry(one) for one in payments],
        refunds=[refund_entry(one) for one in refunds],
        ledger=[
            LedgerLine(
                id=one.id,
                key=one.key,
                kind=one.kind,
                account=one.account,
                pro_id=one.pro_id,
                amount_cents=one.amount_cents,
                memo=one.memo,
                posted_at=Instant.of(one.posted_at),
            )
            for one in lines
        ],
        payouts=[payout_entry(one) for one in reversed(payouts)],
    )


def payment_entry(payment: Payment) -> PaymentEntry:
    """One payment."""
    return PaymentEntry(
        id=payment.id,
        purpose=payment.purpose,
        provider=payment.provider,
        status=payment.status,
        amount_cents=payment.amount_cents,
        authorized_cents=payment.authorized_cents,
        captured_cents=payment.captured_cents,
        tip_cents=payment.tip_cents,
        refunded_cents=payment.refunded_cents,
        capture_before=Instant.maybe(payment.capture_before),
        dispute=payment.dispute,
        disputed_cents=payment.disputed_cents,
        problem=payment.problem,
        intent_id=payment.intent_id,
        checkout_id=payment.checkout_id,
        created_at=Instant.of(payment.created_at),
    )


def refund_entry(refund: RefundRow) -> RefundEntry:
    """One refund."""
    return RefundEntry(
        id=refund.id,
        payment=refund.payment_id,
        amount_cents=refund.amount_cents,
        reason=refund.reason,
        requested_by=refund.requested_by,
        status=refund.status,
        problem=refund.problem,
        created_at=Instant.of(refund.created_at),
        ended_at=Instant.maybe(refund.ended_at),
    )
