"""Does the provider say of a payment or a transfer what our books say? Rules: values in, sentences out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from db.disputes import KnownDispute
from db.payments import Payment
from db.refunds import RefundRow
from db.transfers import Sent
from tracker.money.provider import Dispute, Intent, IntentStatus, Refund, Transfer

# What the provider may say of a payment that stands so in our books.
FITS = {
    "asked": {IntentStatus.WAITING, IntentStatus.PROCESSING},
    "authorized": {IntentStatus.HELD},
    "captured": {IntentStatus.TAKEN},
    "released": {IntentStatus.CANCELLED},
    "failed": {IntentStatus.CANCELLED, IntentStatus.WAITING},
}
GONE = ("failed", "canceled")  # refunds that gave nothing back


def compare_payment(payment: Payment, intent: Intent) -> Iterator[str]:
    """What differs between a payment and its intent."""
    if intent.status not in FITS[payment.status]:
        yield f"is {payment.status} in our books and {intent.status.value} there"
    taken = intent.captured_cents if intent.status is IntentStatus.TAKEN else 0
    if payment.captured_cents != taken:
        yield f"captured {payment.captured_cents} cents in our books and {taken} there"
    if payment.status == "authorized" and payment.authorized_cents != intent.capturable_cents:
        yield f"holds {payment.authorized_cents} cents in our books and {intent.capturable_cents} there"
    if payment.refunded_cents != intent.refunded_cents:
        yield f"gave back {payment.refunded_cents} cents in our books and {intent.refunded_cents} there"
    if payment.currency != intent.currency:
        yield f"is in {payment.currency} in our books and in {intent.currency} there"


def compare_refunds(ours: Sequence[RefundRow], theirs: Sequence[Refund]) -> Iterator[str]:
    """What differs between the refunds of a payment, one by one."""
    there = {one.id: one for one in theirs if one.status not in GONE}
    here = {one.refund_id: one for one in ours if one.status == "done" and one.refund_id is not None}
    for refund_id in sorted(there.keys() - here.keys()):
        yield f"refund {refund_id} of {there[refund_id].amount_cents} cents is not in our books"
    for refund_id in sorted(here.keys() - there.keys()):
        yield f"refund {refund_id} of {here[refund_id].amount_cents} cents is not there"
    for refund_id in sorted(here.keys() & there.keys()):
        mine, other = here[refund_id].amount_cents, there[refund_id].amount_cents
        if mine != other:
            yield f"refund {refund_id} is {mine} cents in our books and {other} there"


def compare_disputes(ours: Sequence[KnownDispute], theirs: Sequence[Dispute]) -> Iterator[str]:
    """What differs between the disputes of a payment. A bank's mere inquiry is none."""
    here = {one.dispute_id: one for one in ours}
    there = {one.id: one for one in theirs if one.status != "inquiry"}
    for dispute_id in sorted(there.keys() - here.keys()):
        yield f"dispute {dispute_id} of {there[dispute_id].amount_cents} cents is not in our books"
    for dispute_id in sorted(here.keys() - there.keys()):
        yield f"dispute {dispute_id} of {here[dispute_id].amount_cents} cents is not there"
    for dispute_id in sorted(here.keys() & there.keys()):
        mine, other = here[dispute_id], there[dispute_id]
        if (mine.status, mine.amount_cents) != (other.status, other.amount_cents):
            yield (
                f"dispute {dispute_id} is {mine.status} for {mine.amount_cents} cents in our books"
                f" and {other.status} for {other.amount_cents} there"
            )


def compare_transfer(sent: Sent, transfer: Transfer) -> Iterator[str]:
    """What differs between a transfer of ours and the provider's."""
    if sent.amount_cents != transfer.amount_cents:
        yield f"is {sent.amount_cents} cents in our books and {transfer.amount_cents} there"
    if sent.reversed_cents != transfer.reversed_cents:
        yield f"lost {sent.reversed_cents} cents again in our books and {transfer.reversed_cents} there"
    if sent.currency != transfer.currency:
        yield f"is in {sent.currency} in our books and in {transfer.currency} there"
