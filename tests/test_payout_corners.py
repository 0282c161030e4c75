"""Payouts and checkouts where two things meet that seldom do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from db.payments import payment_by_id, save_payment
from db.payouts import add_payout
from tests.payout_stage import PRICE, SHARE, Stage, on_stage
from tests.test_payouts import send_all
from tests.test_stripe_events import ORDER, deliver, events_about, shop_checkout
from tracker.money.ledger import Account, Entry, post
from tracker.money.payouts import retry_failed
from tracker.money.provider import Ask, ProviderUnknown
from tracker.money.reconcile import reconcile_provider
from tracker.stand_ins import Kind, StandIns


async def owe(stage: Stage, job_id: UUID, cents: int, key: str) -> None:
    """One more line of a job for pat: a tip, or a correction."""
    async with stage.database.transaction() as conn:
        entries = [Entry(Account.PRO_PAYABLE, -cents, "pat"), Entry(Account.PLATFORM_REVENUE, cents)]
        await post(conn, key=key, kind="capture", entries=entries, job_id=job_id)
        kind = "tip" if cents > 0 else "correction"
        await add_payout(conn, pro_id="pat", job_id=job_id, ledger_key=key, kind=kind, amount_cents=cents)


async def paid_run(stage: Stage, key: str) -> None:
    """Everything is approved, and sent."""
    await stage.approve_all()
    await stage.run(key)
    await send_all(stage)


async def strangers(stage: Stage) -> list[str]:
    """What verify finds at Stripe, two hours from now."""
    now = datetime.now(UTC) + timedelta(hours=2)
    found = await reconcile_provider(stage.database, stage.payments, since=now - timedelta(days=1), now=now)
    assert found.unasked == []
    return found.differences


def test_a_checkout_heard_of_again_after_its_hold_was_let_go_changes_nothing(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(stage: Stage) -> None:
        session = await shop_checkout(stage, ORDER)
        paid = stage.stripe.pay_checkout(session)
        (event_id, *_) = events_about(stage, session)
        await deliver(stage, event_id)
        stage.stripe.expire_hold(paid["payment_intent"])
        await deliver(stage, *events_about(stage, paid["payment_intent"])[-1:])
        body = {**stage.stripe.state.events[event_id], "id": "evt_again"}
        await deliver_body(stage, body)
        assert await stage.asked("SELECT array_agg(status) FROM payments") == ["failed"]

    on_stage(database_url, stand_ins, story)


async def deliver_body(stage: Stage, body: dict[str, object]) -> None:
    """Stripe delivers an event of the same object once more, under another id."""
    stage.stripe.state.events[str(body["id"])] = body
    await deliver(stage, str(body["id"]))


def test_a_correction_is_not_sent_again_while_its_job_is_disputed(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(stage: Stage) -> None:
        account = await stage.account_of()
        job_id, payment = await stage.job()
        await owe(stage, job_id, -1_000, "a correction")
        await stage.job()
        stage.stripe.restrict_account(account)
        await paid_run(stage, "1")
        stage.stripe.restrict_account(account, restricted=False)
        stage.stripe.open_dispute(payment.intent_id or "", PRICE)
        await deliver(stage, *events_about(stage, payment.intent_id or "")[-1:])
        (refused,) = await stage.transfers()
        assert refused.amount_cents == 2 * SHARE - 1_000
        sent = await retry_failed(stage.database, (await stage.lines())[-1].id, provider="stripe")
        assert sent.amount_cents == SHARE

    on_stage(database_url, stand_ins, story)


def test_a_pro_is_told_once_of_each_transfer_also_of_one_that_brings_tips_only(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(stage: Stage) -> None:
        await stage.account_of()
        job_id, _ = await stage.job()
        await paid_run(stage, "1")
        told = "SELECT array_agg(body) FROM notifications WHERE kind = 'payout_paid'"
        assert await stage.asked(told) is None  # the job became paid, which tells it
        await owe(stage, job_id, 700, "a tip")
        for _ in range(2):
            await paid_run(stage, "2")
        assert ["7.00" in body for body in await stage.asked(told)] == [True]

    on_stage(database_url, stand_ins, story)


def test_a_database_whose_numbers_began_anew_does_not_take_old_transfers_for_its_own(
    database_url: str, stand_ins: StandIns
) -> None:
    """Transfer 1 of another database is at Stripe; ours is another one, also when it is looked for."""

    async def story(stage: Stage) -> None:
        account = await stage.account_of()
        stage.stripe.fund(1_000)
        await stage.payments.transfer("transfer:1:v1", account, 5, "usd", {})
        await stage.job()
        stage.stripe.faults.plan("POST /v1/transfers", Kind.SILENT_BEFORE, delay_s=0.01)
        with pytest.raises(ProviderUnknown):
            await paid_run(stage, "1")
        await send_all(stage)
        assert [one["amount"] for one in stage.stripe.state.transfers.values()] == [5, SHARE]
        assert [(sent.id, sent.status) for sent in await stage.transfers()] == [(1, "paid")]

    on_stage(database_url, stand_ins, story)


def test_what_is_at_stripe_and_not_in_our_books_is_found_when_it_concerns_us(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(stage: Stage) -> None:
        account = await stage.account_of()
        _, known = await stage.job()
        await paid_run(stage, "1")
        stage.stripe.fund(1_000)
        customer, method = stage.stripe.add_customer()
        lost = await stage.payments.charge("lost", Ask(900, "usd", customer, method, "a job", {}))
        sent = await stage.payments.transfer("lost too", account, 800, "usd", {})
        session = await shop_checkout(stage, ORDER)
        order = stage.stripe.pay_checkout(session)
        theirs = stage.stripe.pay_checkout(await shop_checkout(stage, {"book": "Moby Dick"}))
        assert set(await strangers(stage)) == {
            f"intent {lost.id}: 900 cents are taken, and it is not in our books",
            f"checkout {session} ({order['payment_intent']}): {PRICE} cents are held,"
            " and its order is no job of ours",
            f"transfer {sent.id} of 800 cents to {account} is not in our books",
        }
        await deliver(stage, events_about(stage, session)[-1])
        assert len(await strangers(stage)) == 2
        assert theirs["status"] == "complete"
        async with stage.database.transaction() as conn:
            row = await payment_by_id(conn, known.id)
            assert row is not None
            await save_payment(conn, replace(row, intent_id=None))
        assert any(str(known.intent_id) in said for said in await strangers(stage))

    on_stage(database_url, stand_ins, story)
