"""The rules of money, bare: shares that add up however a price comes and goes, takes, spreads, states."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.payments import Payment
from db.refunds import RefundRow
from tracker.money.split import Shared, Split, split, split_change
from tracker.money.terms import (
    MoneyState,
    deposit_of,
    due_of,
    earned_by,
    earned_of,
    missing,
    refundable_of,
    spread,
    state_of,
    takes,
    to_earn,
)

NOW = datetime(2026, 11, 21, tzinfo=UTC)
JOB = UUID(int=1)
cents = st.integers(0, 10_000_000)
basis_points = st.integers(0, 10_000)


def a_payment(number: int = 1, **facts: Any) -> Payment:
    """A captured and earned payment, or what `facts` say."""
    captured = facts.get("captured_cents", 0)
    usual: dict[str, Any] = {
        "purpose": "hold",
        "status": "captured" if captured else "asked",
        "amount_cents": max(1, captured),
        "authorized_cents": captured,
        "captured_cents": 0,
        "tip_cents": 0,
        "earned_cents": captured,
        "commission_bp": 4_000,
        "refunded_cents": 0,
        "dispute": None,
        "disputed_cents": 0,
    }
    return Payment(
        id=number,
        job_id=JOB,
        provider="sandbox",
        intent_id=f"pi_{number}",
        checkout_id=None,
        currency="usd",
        capture_before=None,
        problem=None,
        created_at=NOW,
        **{**usual, **facts},
    )


def a_refund(payment_id: int, amount_cents: int, status: str) -> RefundRow:
    return RefundRow(1, payment_id, "k", amount_cents, "", "dee", status, None, None, NOW, None)


@pytest.mark.parametrize(
    ("price", "bp", "pro"),
    [
        (12_000, 4_000, 7_200),
        (1, 4_000, 0),
        (2, 4_000, 1),
        (9_999, 4_000, 5_999),
        (100, 0, 100),
        (7, 10_000, 0),
    ],
)
def test_the_odd_cent_is_the_platforms(price: int, bp: int, pro: int) -> None:
    assert split(price, bp) == Split(pro, price - pro)


@given(cents, basis_points)
def test_shares_are_never_negative_and_add_up(price: int, bp: int) -> None:
    share = split(price, bp)
    assert share.pro_cents + share.platform_cents == price
    assert share.pro_cents >= 0
    assert 0 <= share.platform_cents * 10_000 - price * bp < 10_000


@given(st.lists(st.tuples(cents, cents), min_size=1, max_size=8), basis_points)
def test_however_a_price_comes_and_goes_the_changes_add_up_to_the_split_of_what_is_left(
    steps: list[tuple[int, int]], bp: int
) -> None:
    states = [Shared(0, 0), *(Shared(price, tip) for price, tip in steps)]
    changes = [split_change(before, after, bp) for before, after in pairwise(states)]
    last = states[-1]
    assert sum(one.platform_cents for one in changes) == split(last.price_cents, bp).platform_cents
    assert sum(one.pro_cents for one in changes) == split(last.price_cents, bp).pro_cents + last.tip_cents


def test_what_goes_back_comes_from_the_deposit_then_the_price_then_the_tip() -> None:
    taken = a_payment(captured_cents=13_000, earned_cents=11_000, tip_cents=1_000)
    left = [
        (deposit_of(one), earned_of(one).price_cents, earned_of(one).tip_cents)
        for one in (replace(taken, refunded_cents=back) for back in (0, 2_000, 2_001, 12_000, 12_400, 13_000))
    ]
    assert left == [
        (2_000, 10_000, 1_000),
        (0, 10_000, 1_000),
        (0, 9_999, 1_000),
        (0, 0, 1_000),
        (0, 0, 600),
        (0, 0, 0),
    ]


def test_a_dispute_takes_back_only_when_it_is_lost() -> None:
    taken = a_payment(captured_cents=5_000, disputed_cents=5_000)
    kept = [earned_of(replace(taken, dispute=how)).price_cents for how in ("open", "won", "lost")]
    assert kept == [5_000, 5_000, 0]


def test_holds_are_taken_in_order_up_to_what_is_due_and_no_further() -> None:
    first = a_payment(1, status="authorized", authorized_cents=5_000)
    second = a_payment(2, status="authorized", authorized_cents=5_000, purpose="overage")
    amounts = {
        due: [take.amount_cents for take in takes(Shared(due, 0), [first, second])]
        for due in (0, 4_000, 5_000, 7_000, 99_000)
    }
    assert amounts == {
        0: [0, 0],
        4_000: [4_000, 0],
        5_000: [5_000, 0],
        7_000: [5_000, 2_000],
        99_000: [5_000, 5_000],
    }


def test_what_is_charged_by_itself_pays_no_price() -> None:
    tip = a_payment(2, captured_cents=700, tip_cents=700, purpose="tip")
    hold = a_payment(1, captured_cents=9_000, earned_cents=0)
    due = due_of(10_000, 1_200, [hold, tip])
    assert due == Shared(10_000, 500)
    assert to_earn(hold, due, [hold, tip]) == Shared(9_000, 0)
    assert to_earn(tip, due, [hold, tip]) == Shared(0, 700)
    earned = replace(hold, earned_cents=9_000)
    assert missing(due, [earned, tip]) == 1_500
    overage = a_payment(3, captured_cents=1_500, purpose="overage", earned_cents=0)
    assert to_earn(overage, due, [earned, tip, overage]) == Shared(1_000, 500)


@given(
    st.lists(
        st.tuples(st.integers(1, 50_000), st.integers(0, 100), st.integers(0, 100)), min_size=1, max_size=4
    ),
    st.integers(1, 300_000),
)
def test_a_refund_is_spread_within_each_payment_and_tips_go_last(
    taken: list[tuple[int, int, int]], amount_cents: int
) -> None:
    payments = [
        a_payment(
            number,
            captured_cents=captured,
            tip_cents=captured * tip // 100,
            refunded_cents=captured * back // 100,
        )
        for number, (captured, tip, back) in enumerate(taken, start=1)
    ]
    parts = spread(amount_cents, payments, [])
    room = sum(refundable_of(one, []) for one in payments)
    assert sum(part.amount_cents for part in parts) == min(amount_cents, room)
    given = {part.payment.id: part.amount_cents for part in parts}
    after = [replace(one, refunded_cents=one.refunded_cents + given.get(one.id, 0)) for one in payments]
    assert all(one.refunded_cents <= one.captured_cents for one in after)
    if earned_by(after).price_cents:
        assert earned_by(after).tip_cents == earned_by(payments).tip_cents


def test_what_waits_to_go_back_is_not_there_to_be_given_again() -> None:
    taken = a_payment(captured_cents=5_000, refunded_cents=1_000)
    waiting = [a_refund(1, 3_000, "asked"), a_refund(1, 500, "failed"), a_refund(2, 900, "asked")]
    assert refundable_of(taken, waiting) == 1_000
    assert refundable_of(replace(taken, dispute="open"), []) == 0
    assert refundable_of(a_payment(), []) == 0


@pytest.mark.parametrize(
    ("state", "payments"),
    [
        (MoneyState.NONE, []),
        (MoneyState.WAITING, [a_payment()]),
        (MoneyState.HELD, [a_payment(status="failed"), a_payment(2, status="authorized")]),
        (MoneyState.CAPTURED, [a_payment(captured_cents=5), a_payment(2, status="failed")]),
        (MoneyState.PARTLY_REFUNDED, [a_payment(captured_cents=5, refunded_cents=4)]),
        (MoneyState.REFUNDED, [a_payment(captured_cents=5, refunded_cents=5)]),
        (MoneyState.DISPUTED, [a_payment(captured_cents=5, dispute="open")]),
        (MoneyState.CAPTURED, [a_payment(captured_cents=5, dispute="won")]),
        (MoneyState.RELEASED, [a_payment(status="released")]),
        (MoneyState.FAILED, [a_payment(status="released"), a_payment(2, status="failed")]),
    ],
)
def test_where_the_money_is_in_one_word(state: MoneyState, payments: list[Payment]) -> None:
    assert state_of(payments) is state
