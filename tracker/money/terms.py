"""The rules of a job's money, bare: what is due, what to take from which hold, what a refund may give back.

A rule module: payments in, amounts out. A payment's captured cents are a deposit until the job is
completed; then they are earned: a price, which is shared, and a tip, which is the pro's. What goes back (a
refund, a lost dispute) comes first from the deposit, then from the price, and last from the tip.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from db.payments import Payment
from db.refunds import RefundRow
from tracker.money.split import NOTHING, Shared


class Purpose(StrEnum):
    """What a payment is for."""

    HOLD = "hold"  # the price, held at booking
    OVERAGE = "overage"  # what the hold did not cover
    TIP = "tip"  # given after the job was completed


class MoneyState(StrEnum):
    """Where a job's money is, in one word."""

    NONE = "none"  # nobody was asked for anything
    WAITING = "waiting"  # asked; the provider or the customer has to act
    HELD = "held"  # money is held
    CAPTURED = "captured"  # money is taken
    PARTLY_REFUNDED = "partly_refunded"  # a part went back
    REFUNDED = "refunded"  # all went back
    DISPUTED = "disputed"  # a customer's bank took it back, for now or for good
    RELEASED = "released"  # the hold was let go
    FAILED = "failed"  # declined or expired; nothing was taken


@dataclass(frozen=True, slots=True)
class Take:
    """What to do with a hold: capture this much; nothing means: let it go."""

    payment: Payment
    amount_cents: int


def given_back(payment: Payment) -> int:
    """Cents that are the customer's again, by refunds and by a lost dispute."""
    lost = payment.disputed_cents if payment.dispute == "lost" else 0
    return payment.refunded_cents + lost


def deposit_of(payment: Payment) -> int:
    """Cents that were taken, are not earned, and were not given back."""
    return max(0, payment.captured_cents - payment.earned_cents - given_back(payment))


def earned_of(payment: Payment) -> Shared:
    """What was earned by a payment and not given back. The tip goes back last."""
    deposit = payment.captured_cents - payment.earned_cents
    back = max(0, given_back(payment) - deposit)
    price_cents = payment.earned_cents - payment.tip_cents
    return Shared(
        price_cents=max(0, price_cents - back),
        tip_cents=max(0, payment.tip_cents - max(0, back - price_cents)),
    )


def earned_by(payments: Iterable[Payment]) -> Shared:
    """The same of a job's payments together."""
    return sum((earned_of(payment) for payment in payments), start=NOTHING)


def due_of(price_cents: int, tip_cents: int, payments: Iterable[Payment]) -> Shared:
    """What a completed job costs, apart from tips that were charged by themselves."""
    charged = sum(one.captured_cents for one in payments if one.purpose == Purpose.TIP)
    return Shared(price_cents, max(0, tip_cents - charged))


def takes(due: Shared, payments: Sequence[Payment]) -> list[Take]:
    """How much to capture of each hold, the oldest first: never more than is held or than is due.

    What was taken before must be earned already.
    """
    left = due.total_cents - sum(one.earned_cents for one in payments if one.purpose != Purpose.TIP)
    plan = []
    for payment in payments:
        if payment.status == "authorized" and payment.purpose != Purpose.TIP:
            amount_cents = max(0, min(left, payment.authorized_cents))
            plan.append(Take(payment, amount_cents))
            left -= amount_cents
    return plan


def to_earn(payment: Payment, due: Shared, payments: Iterable[Payment]) -> Shared:
    """What a payment's captured cents pay for once the job is completed: the price, then the tip."""
    if payment.purpose == Purpose.TIP:
        return Shared(0, payment.captured_cents)
    others = [one for one in payments if one.id != payment.id and one.purpose != Purpose.TIP]
    tip_paid = sum(one.tip_cents for one in others)
    price_paid = sum(one.earned_cents for one in others) - tip_paid
    available = payment.captured_cents - given_back(payment)
    price_cents = max(0, min(available, due.price_cents - price_paid))
    tip_cents = max(0, min(available - price_cents, due.tip_cents - tip_paid))
    return Shared(price_cents, tip_cents)


def missing(due: Shared, payments: Iterable[Payment]) -> int:
    """Cents that are due of a completed job and neither earned, nor held, nor being asked for."""
    paid = 0
    for one in payments:
        if one.purpose != Purpose.TIP:
            paid += one.amount_cents if one.status in ("asked", "authorized") else one.earned_cents
    return max(0, due.total_cents - paid)


def refundable_of(payment: Payment, refunds: Iterable[RefundRow]) -> int:
    """Cents of a payment that may still be given back. While a dispute is open, the bank has the word."""
    if payment.status != "captured" or payment.dispute == "open":
        return 0
    asked = sum(one.amount_cents for one in refunds if one.payment_id == payment.id and one.status == "asked")
    return max(0, payment.captured_cents - given_back(payment) - asked)


def spread(amount_cents: int, payments: Sequence[Payment], refunds: Sequence[RefundRow]) -> list[Take]:
    """Which payments a refund of a job is taken from: prices before tips, the newest first.

    Takes as much as there is; the caller compares. What other refunds wait to give back is not there.
    """
    left = amount_cents
    room = {one.id: refundable_of(one, refunds) for one in payments}
    parts = dict.fromkeys(room, 0)
    newest_first = sorted(payments, key=lambda one: -one.id)
    for reserve_tips in (True, False):
        for one in newest_first:
            reserved = one.tip_cents if reserve_tips else 0
            part = max(0, min(left, room[one.id] - parts[one.id] - reserved))
            parts[one.id] += part
            left -= part
    return [Take(one, parts[one.id]) for one in payments if parts[one.id]]


def state_of(payments: Sequence[Payment]) -> MoneyState:
    """Where the job's money is. Money that was taken says more than money that waits."""
    captured = sum(one.captured_cents for one in payments)
    if any(one.dispute in ("open", "lost") for one in payments):
        return MoneyState.DISPUTED
    if captured:
        refunded = sum(one.refunded_cents for one in payments)
        if refunded == captured:
            return MoneyState.REFUNDED
        return MoneyState.PARTLY_REFUNDED if refunded else MoneyState.CAPTURED
    statuses = {one.status for one in payments}
    for status, state in (
        ("authorized", MoneyState.HELD),
        ("asked", MoneyState.WAITING),
        ("failed", MoneyState.FAILED),
        ("released", MoneyState.RELEASED),
    ):
        if status in statuses:
            return state
    return MoneyState.NONE
