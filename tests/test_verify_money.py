"""`tracker verify`: whatever is planted in the books or at the provider is found, and nothing else."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

import pytest

from db.payouts import approve_payouts
from tests.company import add_job
from tests.payout_stage import PRICE, SHARE, Stage, on_stage
from tests.test_payouts import send_all
from tests.test_stripe_events import deliver, events_about
from tracker.effects.reconcile_money import reconcile_money
from tracker.jobs.consequences import Effect
from tracker.money import reconcile
from tracker.money.provider import ProviderUnknown
from tracker.money.reconcile import CHECKS, SETTLED_BY_THEN, books, reconcile_books, reconcile_provider
from tracker.stand_ins import Kind, StandIns
from tracker.verify import verify

AGO = timedelta(days=35)
T = TypeVar("T")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second look comes soon."""
    monkeypatch.setattr(reconcile, "SECOND_LOOK_S", 0.2)


async def everything(stage: Stage) -> list[str]:
    """All differences, as `tracker verify` finds them."""
    now = datetime.now(UTC)
    found = await reconcile_provider(stage.database, stage.payments, since=now - AGO, now=now)
    assert found.unasked == []
    return [*await reconcile_books(stage.database, now=now), *found.differences]


async def a_busy_company(stage: Stage) -> None:
    """Jobs of every fate: owed, paid, refunded before and after, disputed, won, lost, held, taken back."""
    await stage.account_of()
    await stage.account_of("quinn")
    _, paid = await stage.job()
    await stage.job("quinn")
    await stage.approve_all()
    await stage.run()
    await send_all(stage)
    await stage.job()  # owed
    _, refunded = await stage.job()
    _, lost = await stage.job()
    _, won = await stage.job("quinn")
    _, open_one = await stage.job("quinn")
    for payment, cents in ((paid, 3_000), (refunded, PRICE)):
        await stage.payments.refund(f"r{payment.id}", payment.intent_id or "", cents, {})
        await deliver(stage, *events_about(stage, payment.intent_id or ""))
    for payment, outcome in ((lost, False), (won, True), (open_one, None)):
        dispute = stage.stripe.open_dispute(payment.intent_id or "", 5_000)
        if outcome is not None:
            stage.stripe.close_dispute(dispute["id"], won=outcome)
        await deliver(stage, *events_about(stage, dispute["id"]))
    transfer = (await stage.transfers())[1]
    await stage.payments.reverse("back", transfer.transfer_id or "", SHARE)
    await deliver(stage, *events_about(stage, transfer.transfer_id or ""))


# One change behind the back of the code each; the difference that it makes names what was changed.
PLANTED: dict[str, tuple[str, str]] = {
    "a payment's captured cents": (
        "UPDATE payments SET captured_cents = 11999, earned_cents = 11999 WHERE id = 1",
        "captured, and posted: payment 1: 11999 cents stand, 12000 should",
    ),
    "a payment's refunded cents": (
        "UPDATE payments SET refunded_cents = 1 WHERE id = 3",
        "refunded, and posted: payment 3, refunded: 1 cents stand, 0 should",
    ),
    "a refund that is gone": (
        "UPDATE refunds SET status = 'failed' WHERE id = 1",
        "refund 1: 0 cents stand, 3000 should",
    ),
    "a payout line": (
        "UPDATE payouts SET amount_cents = amount_cents + 5 WHERE id = 3",
        "payout line, and its posting: payout 3: 7205 cents stand, 7200 should",
    ),
    "a missing payout line": (
        "DELETE FROM payouts WHERE id = 3",
        "without a payout line: 0 cents stand, 7200 should",
    ),
    "a line paid by nobody": (
        "UPDATE payouts SET status = 'paid', transfer_no = 1, approved_by = 'x' WHERE id = 3",
        "unpaid lines, and what the ledger owes: pro pat: ",
    ),
    "a transfer's amount": (
        "UPDATE transfers SET amount_cents = 7100 WHERE id = 1",
        "transferred, and posted: transfer 1: 7100 cents stand, 7200 should",
    ),
    "a transfer that never was": (
        "INSERT INTO transfers (pro_id, provider, amount_cents, currency, run_key, status, transfer_id)"
        " VALUES ('pat', 'stripe', 500, 'usd', 'x', 'paid', 'tr_x')",
        "transferred, and posted: transfer 3: 500 cents stand, 0 should",
    ),
    "a dispute's status": (
        "UPDATE disputes SET status = 'won' WHERE status = 'open'",
        "disputed, and posted: dispute du_",
    ),
    "a posting of the ledger": (
        "ALTER TABLE ledger_entries DISABLE TRIGGER ALL;"
        " UPDATE ledger_entries SET amount_cents = amount_cents + 1 WHERE id = 2;"
        " ALTER TABLE ledger_entries ENABLE TRIGGER ALL",
        "the ledger does not sum to zero: ledger transaction 1 (payment:1:capture): 1 cents stand, 0 should",
    ),
    "money earned by nobody": (
        "UPDATE payments SET earned_cents = 11000 WHERE id = 3",
        "earned, and posted to pro and platform: job ",
    ),
    "the job's record": (
        "ALTER TABLE job_events DISABLE TRIGGER ALL;"
        " UPDATE job_events SET data = jsonb_set(data, '{amount_cents}', '1')"
        " WHERE kind = 'captured' AND data->>'payment' = '1';"
        " ALTER TABLE job_events ENABLE TRIGGER ALL",
        "event of the capture of payment 1: 12000 cents stand, 1 should",
    ),
    "a job that was paid for nothing": (
        "UPDATE jobs SET status = 'paid' WHERE id = (SELECT job_id FROM payments WHERE id = 3);"
        " DELETE FROM payouts WHERE id = 3",
        "is paid, and no payout line of it ever was",
    ),
    "a job that was not marked paid": (
        "UPDATE payouts SET status = 'paid', transfer_no = 1, approved_by = 'x',"
        " paid_at = now() - interval '2 hours' WHERE id = 3",
        "is completed, though all of its payout lines are paid",
    ),
    "a call without an end": (
        "UPDATE money_calls SET outcome = NULL, tried_at = now() - interval '2 hours'"
        " WHERE key = 'transfer:1:v1'",
        "call transfer:1:v1 was tried, and what came of it is not known",
    ),
}


def test_a_company_where_everything_happened_has_no_difference(
    database_url: str, stand_ins: StandIns, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story(stage: Stage) -> None:
        await a_busy_company(stage)
        assert await everything(stage) == []
        assert await verify(stage.settings) == 0
        said = capsys.readouterr().out
        assert "the chain of job events holds" in said
        assert "the books agree with each other" in said
        assert "stripe says the same of 7 payments and 2 transfers" in said
        await stage.perform(Effect.RECONCILE_MONEY, "2026-11-21", reconcile_money)
        assert await stage.asked("SELECT count(*) FROM notifications WHERE event_key LIKE 'reconcile:%'") == 0

    on_stage(database_url, stand_ins, story)


def test_every_change_behind_the_books_back_is_found(database_url: str, stand_ins: StandIns) -> None:
    async def story(stage: Stage) -> None:
        await a_busy_company(stage)
        for what, (change, difference) in PLANTED.items():
            found = await _planted(stage, change)
            assert any(difference in one for one in found), f"{what}: {found}"
        assert await everything(stage) == []

    on_stage(database_url, stand_ins, story)


class UndoneError(Exception):
    """Ends a transaction without a trace."""


async def _planted(stage: Stage, change: str) -> list[str]:
    """What the books' checks say in a transaction with a change that is then undone."""
    found: list[str] = []
    now = datetime.now(UTC)
    try:
        async with stage.database.transaction() as conn:
            for statement in change.split(";"):
                await conn.execute(statement)
            for what, check in CHECKS.items():
                found += [
                    f"{what}: {one.subject}: {one.stands_cents} cents stand, {one.should_cents} should"
                    for one in await check(conn)
                ]
            found += await books.odd_jobs(conn, before=now - SETTLED_BY_THEN)
            found += await books.calls_in_the_dark(conn, before=now - SETTLED_BY_THEN)
            raise UndoneError
    except UndoneError:
        return found


async def _capture_there(stage: Stage) -> str:
    _, intent = await stage.held(await _job(stage))
    await stage.payments.capture("behind", intent.id, 4_000)
    return "captured 0 cents in our books and 4000 there"


async def _release_there(stage: Stage) -> str:
    _, intent = await stage.held(await _job(stage))
    stage.stripe.expire_hold(intent.id)
    return "is authorized in our books and canceled there"


async def _refund_there(stage: Stage) -> str:
    _, payment = await stage.job()
    refund = await stage.payments.refund("refund behind", payment.intent_id or "", 700, {})
    return f"refund {refund.id} of 700 cents is not in our books"


async def _missing_capture(stage: Stage) -> str:
    _, payment = await stage.job()
    intent = stage.stripe.state.get("pi", payment.intent_id or "")
    intent.update(status="requires_capture", amount_received=0, amount_capturable=PRICE)
    return "is captured in our books and requires_capture there"


async def _other_amount(stage: Stage) -> str:
    _, payment = await stage.job()
    stage.stripe.state.get("pi", payment.intent_id or "")["amount_received"] = 11_000
    return f"captured {PRICE} cents in our books and 11000 there"


async def _dispute_there(stage: Stage) -> str:
    _, payment = await stage.job()
    dispute = stage.stripe.open_dispute(payment.intent_id or "", 900)
    return f"dispute {dispute['id']} of 900 cents is not in our books"


async def _decided_there(stage: Stage) -> str:
    _, payment = await stage.job()
    dispute = stage.stripe.open_dispute(payment.intent_id or "", 900)
    await deliver(stage, *events_about(stage, dispute["id"]))
    stage.stripe.close_dispute(dispute["id"], won=False)
    return f"dispute {dispute['id']} is open for 900 cents in our books and lost for 900 there"


async def _gone_there(stage: Stage) -> str:
    _, payment = await stage.job()
    del stage.stripe.state.intents[payment.intent_id or ""]
    return "is not to be found there"


async def _transfer_there(stage: Stage) -> str:
    await stage.account_of()
    await stage.job()
    await stage.approve_all()
    await stage.run(f"run {datetime.now(UTC)}")
    await send_all(stage)
    sent = (await stage.transfers())[-1]
    stage.stripe.state.get("tr", sent.transfer_id or "").update(amount=1, amount_reversed=1)
    return f"is {sent.amount_cents} cents in our books and 1 there"


async def _job(stage: Stage) -> UUID:
    return await add_job(stage.database, "in_progress")


BEHIND_OUR_BACK: list[Callable[[Stage], Awaitable[str]]] = [
    _capture_there,
    _release_there,
    _refund_there,
    _missing_capture,
    _other_amount,
    _dispute_there,
    _decided_there,
    _gone_there,
    _transfer_there,
]


def test_every_change_at_the_provider_is_found_and_told_to_dispatch_once(
    database_url: str, stand_ins: StandIns, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story(stage: Stage) -> None:
        expected = [await change(stage) for change in BEHIND_OUR_BACK]
        found = await everything(stage)
        for one in expected:
            assert any(one in line for line in found), found
        assert await verify(stage.settings) == 1
        assert "stripe does not say the same of" in capsys.readouterr().out
        assert await verify(stage.settings, provider=False) == 0
        for _ in range(2):
            await stage.perform(Effect.RECONCILE_MONEY, "2026-11-21", reconcile_money)
        alert = await stage.asked("SELECT body FROM notifications WHERE event_key = 'reconcile:2026-11-21'")
        assert "differences; `tracker verify` lists all" in alert

    on_stage(database_url, stand_ins, story)


def test_a_provider_that_does_not_answer_is_no_difference_but_a_later_try(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(stage: Stage) -> None:
        await stage.job()
        stage.stripe.faults.plan("GET /v1/payment_intents/*", Kind.ERROR_BEFORE, status=500, times=0)
        found = await reconcile_provider(
            stage.database, stage.payments, since=datetime.now(UTC) - AGO, now=datetime.now(UTC)
        )
        assert (found.differences, len(found.unasked)) == ([], 1)
        with pytest.raises(ProviderUnknown, match="1 could not be asked"):
            await stage.perform(Effect.RECONCILE_MONEY, "2026-11-21", reconcile_money)

    on_stage(database_url, stand_ins, story)


def test_what_is_under_way_at_the_first_look_is_no_difference(database_url: str, stand_ins: StandIns) -> None:
    async def story(stage: Stage) -> None:
        payment, intent = await stage.held(await _job(stage))
        taken = await stage.payments.capture("soon", intent.id, PRICE)
        looking = asyncio.create_task(
            reconcile_provider(
                stage.database, stage.payments, since=datetime.now(UTC) - AGO, now=datetime.now(UTC)
            )
        )
        await asyncio.sleep(0.1)
        await stage.settled(payment, taken)
        found = await looking
        assert (found.differences, found.payments) == ([], 1)

    on_stage(database_url, stand_ins, story)


def test_a_refund_after_the_payout_is_carried_over_into_the_next_run(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(stage: Stage) -> None:
        await stage.account_of()
        _, payment = await stage.job()
        await stage.approve_all()
        await stage.run("1")
        await send_all(stage)
        await stage.payments.refund("r", payment.intent_id or "", 5_000, {})
        await deliver(stage, *events_about(stage, payment.intent_id or ""))
        correction = (await stage.lines())[-1]
        assert (correction.amount_cents, correction.status, correction.approved_by) == (
            -3_000,
            "approved",
            "system",
        )
        (carried,) = await stage.run("2")
        assert (carried.outcome, carried.amount_cents) == ("carried_over", -3_000)
        await stage.job()
        await stage.approve_all()
        (paid,) = await stage.run("3")
        assert (paid.outcome, paid.amount_cents) == ("transfer", SHARE - 3_000)
        await send_all(stage)
        assert await stage.balance("pro_payable", "pat") == 0
        assert await everything(stage) == []

    on_stage(database_url, stand_ins, story)


def test_a_correction_does_not_eat_up_other_jobs_while_its_own_is_unpaid(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(stage: Stage) -> None:
        await stage.account_of()
        _, payment = await stage.job()
        await stage.payments.refund("r", payment.intent_id or "", PRICE, {})
        await deliver(stage, *events_about(stage, payment.intent_id or ""))
        pending, correction = await stage.lines()
        assert (pending.status, correction.status) == ("pending", "approved")
        assert await stage.run("1") == []
        await stage.job()
        other = (await stage.lines())[-1]
        async with stage.database.transaction() as conn:
            await approve_payouts(conn, [other.id], by="dee", at=datetime.now(UTC))
        (paid,) = await stage.run("2")
        assert paid.amount_cents == SHARE
        await stage.approve_all()
        (nothing,) = await stage.run("3")
        assert (nothing.outcome, nothing.amount_cents) == ("carried_over", 0)

    on_stage(database_url, stand_ins, story)


def test_disputes_refunds_runs_and_transfers_all_at_once_leave_books_that_agree(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(stage: Stage) -> None:
        for pro in ("pat", "quinn"):
            await stage.account_of(pro)
        made = [await stage.job(pro) for pro in ("pat", "quinn") * 4]
        await stage.approve_all()
        intents = [payment.intent_id or "" for _, payment in made]
        for number, intent_id in enumerate(intents):
            if number % 3 == 0:
                dispute = stage.stripe.open_dispute(intent_id, 5_000)
                if number % 2:
                    stage.stripe.close_dispute(dispute["id"], won=number % 4 == 1)
            else:
                await stage.payments.refund(f"r{number}", intent_id, 1_000 * number, {})
        events = [event for intent_id in intents for event in events_about(stage, intent_id)]
        work = [
            *(deliver(stage, event) for event in events),
            *(stage.run(f"run {number % 3}") for number in range(6)),
            *(send_all(stage) for _ in range(6)),
        ]
        turns = asyncio.Semaphore(6)  # the pool's connections are for those who work

        async def in_turn(one: Awaitable[object]) -> object:
            async with turns:
                return await one

        outcomes = await asyncio.gather(*map(in_turn, shuffled(work)), return_exceptions=True)
        # Two at one transfer: the one that Stripe tells to wait asks again later.
        errors = [one for one in outcomes if isinstance(one, Exception)]
        assert [error for error in errors if not isinstance(error, ProviderUnknown)] == []
        await stage.run("last")
        await send_all(stage)
        await send_all(stage)
        assert await everything(stage) == []
        assert {sent.status for sent in await stage.transfers()} <= {"paid", "failed"}

    on_stage(database_url, stand_ins, story)


def shuffled(work: list[T]) -> list[T]:
    """The same work, another order each time."""
    return random.sample(work, len(work))
