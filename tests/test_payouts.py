"""Payouts: approved lines become one transfer per pro, each is paid once, corrections are carried over."""

from __future__ import annotations

import argparse
import asyncio
from datetime import UTC, datetime

import pytest

from db.errors import NotFound
from tests.payout_stage import PRICE, SHARE, Stage, on_stage
from tracker import payouts_command
from tracker.effects.reverse_transfer import reverse_transfer
from tracker.effects.send_transfer import send_transfer
from tracker.effects.task import GiveUp
from tracker.effects.weekly_payouts import weekly_payouts
from tracker.jobs.consequences import Effect
from tracker.money import payouts
from tracker.money.disputes import settle_dispute
from tracker.money.payouts import NO_ACCOUNT, NotFailed, Outcome, Run, retry_failed, run_payouts
from tracker.money.provider import ProviderUnknown
from tracker.money.reversals import ask_back, settle_reversal
from tracker.stand_ins import Kind, StandIns

TRANSFERS = "POST /v1/transfers"


async def send_all(stage: Stage) -> None:
    """The worker sends what was asked for."""
    for sent in await stage.transfers():
        if sent.status == "asked":
            await stage.perform(Effect.SEND_TRANSFER, str(sent.id), send_transfer)


def test_an_approved_line_is_sent_written_down_and_the_job_is_paid(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(stage: Stage) -> None:
        account = await stage.account_of()
        job_id, _ = await stage.job()
        (line,) = await stage.lines()
        assert (line.status, line.amount_cents, line.kind) == ("pending", SHARE, "job")
        assert await stage.run() == []  # nobody has approved it
        await stage.approve_all()
        (paid,) = await stage.run("2026-W48")
        assert (paid.pro_id, paid.outcome, paid.amount_cents) == ("pat", Outcome.TRANSFER, SHARE)
        await send_all(stage)
        (sent,) = await stage.transfers()
        (at_stripe,) = stage.stripe.state.transfers.values()
        assert (at_stripe["destination"], at_stripe["amount"]) == (account, SHARE)
        assert (sent.status, sent.transfer_id) == ("paid", at_stripe["id"])
        assert [line.status for line in await stage.lines()] == ["paid"]
        assert await stage.asked("SELECT status FROM jobs WHERE id = $1", job_id) == "paid"
        assert await stage.balance("pro_payable", "pat") == 0
        assert await stage.balance("provider_balance") == PRICE - SHARE
        queued = "SELECT count(*) FROM outbox WHERE effect = 'tell_pro_paid' AND job_id = $1"
        assert await stage.asked(queued, job_id) == 1

    on_stage(database_url, stand_ins, story)


def test_a_run_twice_at_once_and_again_pays_each_line_once(database_url: str, stand_ins: StandIns) -> None:
    async def story(stage: Stage) -> None:
        for pro in ("pat", "quinn"):
            await stage.account_of(pro)
            for _ in range(2):
                await stage.job(pro)
        await stage.approve_all()
        runs = await asyncio.gather(*(stage.run() for _ in range(5)), *(stage.run("other") for _ in range(5)))
        assert sorted(paid.pro_id for run in runs for paid in run) == ["pat", "quinn"]
        await send_all(stage)
        await send_all(stage)
        assert await stage.run() == []
        assert sorted(one["amount"] for one in stage.stripe.state.transfers.values()) == [2 * SHARE] * 2
        assert {line.status for line in await stage.lines()} == {"paid"}

    on_stage(database_url, stand_ins, story)


def test_a_transfer_sent_by_two_workers_at_once_is_one_transfer(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(stage: Stage) -> None:
        await stage.account_of()
        await stage.job()
        await stage.approve_all()
        await stage.run()
        (sent,) = await stage.transfers()
        tries = [stage.perform(Effect.SEND_TRANSFER, str(sent.id), send_transfer) for _ in range(4)]
        outcomes = await asyncio.gather(*tries, return_exceptions=True)
        assert all(one is None or isinstance(one, ProviderUnknown) for one in outcomes)
        await stage.perform(Effect.SEND_TRANSFER, str(sent.id), send_transfer)
        assert len(stage.stripe.state.transfers) == 1
        assert await stage.balance("pro_payable", "pat") == 0

    on_stage(database_url, stand_ins, story)


def test_a_run_killed_midway_is_finished_by_the_next_one(
    database_url: str, stand_ins: StandIns, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(stage: Stage) -> None:
        for pro in ("pat", "quinn"):
            await stage.account_of(pro)
            await stage.job(pro)
        await stage.approve_all()
        whole = payouts.bind_payouts

        async def dies(conn: object, numbers: list[int], transfer_no: int) -> None:
            await whole(conn, numbers, transfer_no)  # type: ignore[arg-type]
            if len(await stage.transfers()) == 1:  # the first pro's are committed
                raise KeyboardInterrupt

        monkeypatch.setattr(payouts, "bind_payouts", dies)
        with pytest.raises(KeyboardInterrupt):
            await stage.run()
        assert [sent.pro_id for sent in await stage.transfers()] == ["pat"]
        monkeypatch.setattr(payouts, "bind_payouts", whole)
        assert [paid.pro_id for paid in await stage.run()] == ["quinn"]
        await send_all(stage)
        assert {line.status for line in await stage.lines()} == {"paid"}
        assert len(stage.stripe.state.transfers) == 2

    on_stage(database_url, stand_ins, story)


@pytest.mark.parametrize("kind", [Kind.SILENT_AFTER, Kind.ERROR_AFTER, Kind.CUT])
@pytest.mark.parametrize("keys_expire", [False, True])
def test_a_transfer_that_was_made_and_not_answered_is_found_and_not_made_again(
    database_url: str, stand_ins: StandIns, kind: Kind, keys_expire: bool
) -> None:
    async def story(stage: Stage) -> None:
        await stage.account_of()
        await stage.job()
        await stage.approve_all()
        await stage.run()
        (sent,) = await stage.transfers()
        stage.stripe.faults.plan(TRANSFERS, kind, delay_s=0.2)
        with pytest.raises(ProviderUnknown):
            await stage.perform(Effect.SEND_TRANSFER, str(sent.id), send_transfer)
        assert [line.status for line in await stage.lines()] == ["approved"]
        if keys_expire:
            stage.stripe.expire_keys()
        await send_all(stage)
        assert len(stage.stripe.state.transfers) == 1
        assert [one.status for one in await stage.transfers()] == ["paid"]
        assert await stage.balance("pro_payable", "pat") == 0

    on_stage(database_url, stand_ins, story)


def test_a_refused_transfer_fails_with_its_reason_and_is_sent_again_once(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(stage: Stage) -> None:
        account = await stage.account_of()
        job_id, _ = await stage.job()
        await stage.approve_all()
        stage.stripe.restrict_account(account)
        await stage.run()
        await send_all(stage)
        (line,) = await stage.lines()
        assert line.status == "failed"
        assert stage.said[-1] == {"k": "board", "job_id": str(job_id), "version": None}
        assert line.problem
        assert await stage.asked("SELECT count(*) FROM notifications WHERE kind = 'alert'") == 1
        assert await stage.run("2026-W48") == []  # a person decides
        stage.stripe.restrict_account(account, restricted=False)
        made = await asyncio.gather(
            *(retry_failed(stage.database, line.id, provider="stripe") for _ in range(3))
        )
        assert len({sent.id for sent in made}) == 1
        await send_all(stage)
        assert [sent.status for sent in await stage.transfers()] == ["failed", "paid"]
        assert [line.status for line in await stage.lines()] == ["paid"]
        assert len(stage.stripe.state.transfers) == 1

    on_stage(database_url, stand_ins, story)


def test_a_transfer_without_enough_balance_waits_for_a_person(database_url: str, stand_ins: StandIns) -> None:
    async def story(stage: Stage) -> None:
        await stage.account_of()
        await stage.job()
        await stage.approve_all()
        stage.stripe.fund(-PRICE)
        await stage.run()
        await send_all(stage)
        (line,) = await stage.lines()
        assert (line.status, (line.problem or "").partition(":")[0]) == ("failed", "balance_insufficient")
        assert await stage.balance("pro_payable", "pat") == -SHARE

    on_stage(database_url, stand_ins, story)


def test_a_pro_without_an_account_is_told_to_dispatch_and_paid_when_there_is_one(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(stage: Stage) -> None:
        await stage.job()
        await stage.approve_all()
        (paid,) = await stage.run()
        assert paid.outcome is Outcome.NO_ACCOUNT
        (line,) = await stage.lines()
        assert (line.status, line.problem) == ("approved", NO_ACCOUNT)
        await stage.run()
        alerts = "SELECT count(*) FROM notifications WHERE kind = 'alert' AND body LIKE '%pat%'"
        assert await stage.asked(alerts) == 1
        await stage.account_of()
        (paid,) = await stage.run()
        assert paid.outcome is Outcome.TRANSFER

    on_stage(database_url, stand_ins, story)


def test_money_taken_back_is_owed_again_and_needs_approval_anew(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(stage: Stage) -> None:
        await stage.account_of()
        job_id, _ = await stage.job()
        await stage.approve_all()
        await stage.run()
        await send_all(stage)
        (sent,) = await stage.transfers()
        for _ in range(2):
            await ask_back(stage.database, sent.id, reason="wrong pro", by="dee", now=datetime.now(UTC))
        tasks = "SELECT subject FROM outbox WHERE effect = 'reverse_transfer' ORDER BY id LIMIT 1"
        subject = await stage.asked(tasks)
        stage.stripe.faults.plan("POST /v1/transfers/*/reversals", Kind.SILENT_AFTER, delay_s=0.2)
        with pytest.raises(ProviderUnknown):
            await stage.perform(Effect.REVERSE_TRANSFER, subject, reverse_transfer)
        for _ in range(2):
            await stage.perform(Effect.REVERSE_TRANSFER, subject, reverse_transfer)
        (sent,) = await stage.transfers()
        assert (sent.status, sent.reversed_cents) == ("reversed", SHARE)
        (line,) = await stage.lines()
        assert (line.status, line.transfer_no, line.approved_by) == ("pending", None, None)
        assert "wrong pro" in (line.problem or "")
        assert await stage.balance("pro_payable", "pat") == -SHARE
        assert await stage.asked("SELECT status FROM jobs WHERE id = $1", job_id) == "paid"
        assert await stage.run("2026-W48") == []
        await stage.approve_all()
        await stage.run("2026-W49")
        await send_all(stage)
        assert await stage.balance("pro_payable", "pat") == 0
        assert [one.status for one in await stage.transfers()] == ["reversed", "paid"]

    on_stage(database_url, stand_ins, story)


def test_a_line_that_was_never_refused_is_not_tried_again(database_url: str, stand_ins: StandIns) -> None:
    async def story(stage: Stage) -> None:
        await stage.job()
        (line,) = await stage.lines()
        with pytest.raises(NotFailed):
            await retry_failed(stage.database, line.id, provider="stripe")
        with pytest.raises(NotFound):
            await retry_failed(stage.database, 10**9, provider="stripe")

    on_stage(database_url, stand_ins, story)


def test_a_transfer_whose_line_got_disputed_before_the_first_try_is_put_off(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(stage: Stage) -> None:
        await stage.account_of()
        _, disputed = await stage.job()
        await stage.job()
        await stage.approve_all()
        await stage.run("1")
        dispute = await stage.payments.dispute(
            stage.stripe.open_dispute(disputed.intent_id or "", PRICE)["id"]
        )
        async with stage.database.transaction() as conn:
            await settle_dispute(conn, stage.settings, disputed.id, dispute, now=datetime.now(UTC))
        await send_all(stage)
        assert stage.stripe.state.transfers == {}
        assert [(line.status, line.transfer_no) for line in await stage.lines()] == [("approved", None)] * 2
        (paid,) = await stage.run("2")
        assert paid.amount_cents == SHARE
        await send_all(stage)
        assert [line.status for line in await stage.lines()] == ["approved", "paid"]

    on_stage(database_url, stand_ins, story)


def test_money_taken_back_while_a_dispute_is_open_is_held(database_url: str, stand_ins: StandIns) -> None:
    async def story(stage: Stage) -> None:
        await stage.account_of()
        _, payment = await stage.job()
        await stage.approve_all()
        await stage.run()
        await send_all(stage)
        (sent,) = await stage.transfers()
        opened = stage.stripe.open_dispute(payment.intent_id or "", PRICE)["id"]
        dispute = await stage.payments.dispute(opened)
        async with stage.database.transaction() as conn:
            await settle_dispute(conn, stage.settings, payment.id, dispute, now=datetime.now(UTC))
        assert [line.held_for for line in await stage.lines()] == [None]  # paid is paid
        back = await stage.payments.reverse("back", sent.transfer_id or "", SHARE)
        await settle_reversal(stage.database, stage.settings, sent.id, back, now=datetime.now(UTC))
        assert [(line.status, line.held_for) for line in await stage.lines()] == [
            ("pending", f"dispute {opened}")
        ]
        await stage.approve_all()
        assert await stage.run("2") == []

    on_stage(database_url, stand_ins, story)


def test_a_transfer_of_the_sandbox_is_never_made_at_stripe(database_url: str, stand_ins: StandIns) -> None:
    async def story(stage: Stage) -> None:
        await stage.job()
        await stage.approve_all()
        run = Run(provider="sandbox", run_key="1", currency="usd")
        (paid,) = await run_payouts(stage.database, stage.settings, run, now=datetime.now(UTC))
        with pytest.raises(GiveUp, match="belongs to sandbox"):
            await stage.perform(Effect.SEND_TRANSFER, str(paid.transfer_no), send_transfer)
        assert stage.stripe.state.transfers == {}
        assert [line.status for line in await stage.lines()] == ["approved"]

    on_stage(database_url, stand_ins, story)


def test_the_weekly_run_pays_under_the_weeks_name(database_url: str, stand_ins: StandIns) -> None:
    async def story(stage: Stage) -> None:
        await stage.account_of()
        await stage.job()
        await stage.approve_all()
        for _ in range(2):
            await stage.perform(Effect.WEEKLY_PAYOUTS, "2026-W47", weekly_payouts)
        assert [(sent.run_key, sent.amount_cents) for sent in await stage.transfers()] == [
            ("2026-W47", SHARE)
        ]
        with pytest.raises(GiveUp):
            await stage.perform(Effect.WEEKLY_PAYOUTS, "", weekly_payouts)

    on_stage(database_url, stand_ins, story)


def test_the_command_line_lists_approves_and_runs(
    database_url: str, stand_ins: StandIns, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = argparse.ArgumentParser()
    payouts_command.add_arguments(parser)

    async def story(stage: Stage) -> None:
        async def said(*words: str) -> str:
            capsys.readouterr()
            assert await payouts_command.payouts(stage.settings, parser.parse_args(words)) == 0
            return capsys.readouterr().out

        await stage.account_of()
        await stage.job()
        (line,) = await stage.lines()
        assert f"{line.id:>8}  pending " in await said("list", "--status", "pending", "--pro", "pat")
        assert await said("approve", str(line.id), "999") == f"{line.id}: approved\n999: unknown\n"
        assert await said("list", "--status", "pending") == "0 lines, 0 cents\n"
        assert f"pat: transfer, {SHARE} cents" in await said("run", "--key", "now")
        assert await said("run", "--key", "now") == "run by-hand:now: 0 pros\n"

    on_stage(database_url, stand_ins, story)
