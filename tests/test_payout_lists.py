"""What dispatch reads before it pays: every unpaid line in one heap, and runs that pay what was agreed to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from db.payout_lists import HEAPS, Due, Heap, label_payouts, payouts_due
from db.payouts import list_payouts
from tests.payout_stage import SHARE, Stage, on_stage
from tests.test_payout_corners import owe
from tracker.money.payouts import Outcome, Run, outcome_of, run_payouts
from tracker.stand_ins import StandIns

RUN = Run(provider="stripe", run_key="agreed", currency="usd")


async def due(stage: Stage) -> dict[str, Due]:
    """What each pro is owed, by id."""
    async with stage.database.connection() as conn:
        return {one.pro_id: one for one in await payouts_due(conn)}


async def approve_only(stage: Stage, *numbers: int) -> None:
    async with stage.database.connection() as conn:
        await conn.execute(
            "UPDATE payouts SET status = 'approved', approved_by = 'dee' WHERE id = ANY($1::bigint[])",
            list(numbers),
        )


def test_every_unpaid_line_is_in_one_heap_and_what_is_due_is_what_a_run_sends(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(stage: Stage) -> None:
        await stage.account_of()
        (paid_job, _), (waiting_job, _), (held_job, _), (_, _) = [await stage.job() for _ in range(4)]
        await stage.job("quinn")
        await owe(stage, paid_job, 500, "test:tip")
        await owe(stage, waiting_job, -300, "test:correction")  # of a job that nobody has approved
        lines = {line.ledger_key: line.id for line in await stage.lines()}
        of_job = {line.job_id: line.id for line in await stage.lines() if line.kind == "job"}
        async with stage.database.connection() as conn:
            await conn.execute("UPDATE payouts SET held_for = 'dispute du_1' WHERE id = $1", of_job[held_job])
        await approve_only(stage, of_job[paid_job], lines["test:tip"])
        pat = (await due(stage))["pat"]
        assert {name: getattr(pat, name) for name in HEAPS} == {
            "pending": Heap(2, 2 * SHARE),
            "due": Heap(2, SHARE + 500),
            "waiting": Heap(1, -300),
            "held": Heap(1, SHARE),
            "sending": Heap(),
            "failed": Heap(),
        }
        (sent,) = await stage.run()
        assert (sent.pro_id, sent.amount_cents) == ("pat", SHARE + 500)
        found = await due(stage)
        assert (found["pat"].due, found["pat"].sending) == (Heap(), Heap(2, SHARE + 500))
        assert (found["quinn"].has_account, found["quinn"].pending) == (False, Heap(1, SHARE))
        assert list(found) == ["pat", "quinn"]

    on_stage(database_url, stand_ins, story)


def test_a_run_pays_nobody_else_and_no_other_sum_than_was_agreed_to(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(stage: Stage) -> None:
        await stage.account_of("pat")
        await stage.account_of("quinn")
        for pro in ("pat", "quinn"):
            await stage.job(pro)
        await stage.approve_all()
        now = datetime.now(UTC)

        async def run(agreed: dict[str, int]) -> list[tuple[str, Outcome, int]]:
            done = await run_payouts(stage.database, stage.settings, replace(RUN, agreed=agreed), now=now)
            return [(one.pro_id, one.outcome, one.amount_cents) for one in done]

        assert await run({}) == []
        assert await run({"pat": SHARE - 1}) == [("pat", Outcome.CHANGED, SHARE)]
        assert await stage.transfers() == []
        assert await run({"pat": SHARE, "zoe": 1}) == [("pat", Outcome.TRANSFER, SHARE)]
        assert await run({"pat": SHARE}) == []  # the same press again
        assert [sent.pro_id for sent in await stage.transfers()] == ["pat"]

    on_stage(database_url, stand_ins, story)


def test_what_a_run_would_do_is_said_by_the_rule_that_it_follows() -> None:
    assert outcome_of(1, has_account=True) is Outcome.TRANSFER
    assert outcome_of(1, has_account=False) is Outcome.NO_ACCOUNT
    assert outcome_of(0, has_account=True) is Outcome.CARRIED_OVER
    assert outcome_of(-5, has_account=False) is Outcome.CARRIED_OVER


def test_lines_are_listed_by_when_they_were_written_and_say_what_they_are_for(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(stage: Stage) -> None:
        await stage.job()
        await stage.job("quinn")
        now = datetime.now(UTC)
        async with stage.database.connection() as conn:
            old, new = [line.id for line in await stage.lines()]
            last_week = now - timedelta(days=9)
            await conn.execute("UPDATE payouts SET created_at = $2 WHERE id = $1", old, last_week)
            await conn.execute("UPDATE payouts SET status = 'failed', approved_by = 'dee' WHERE id = $1", new)

            async def listed(**which: object) -> list[int]:
                return [line.id for line in await list_payouts(conn, **which)]  # type: ignore[arg-type]

            assert await listed(start=now - timedelta(days=1)) == [new]
            assert await listed(end=now - timedelta(days=1)) == [old]
            assert await listed(status="unpaid") == [new, old]
            assert await listed(status="unpaid", start=now, end=now) == []
            labels = await label_payouts(conn, [old, new])
            assert {number: label.pro_name for number, label in labels.items()} == {
                old: "Pat Mason",
                new: "Quinn Reyes",
            }
            assert labels[old].service == "Mount a 55-inch TV"

    on_stage(database_url, stand_ins, story)
