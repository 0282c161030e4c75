"""Stripe's events: whatever comes, how often and in which order, the books say what the object is now."""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, datetime
from typing import Any

import pytest

from db.external_events import event_by_id
from db.payouts import add_payout
from tests.company import add_job
from tests.payout_stage import PRICE, SHARE, Stage, on_stage
from tests.test_payouts import send_all
from tracker.effects.handle_stripe_event import handle_stripe_event
from tracker.effects.task import GiveUp, Postpone
from tracker.jobs.consequences import Effect
from tracker.jobs.orders import keep_order, read_order
from tracker.money.provider import Ask, Checkout
from tracker.money.stripe_events import handle_event, subject_of
from tracker.stand_ins import StandIns

ORDER = {
    "skill": "tv_mounting",
    "service": "Mount a 55-inch TV",
    "lat": "53.4084",
    "lng": "-2.9916",
    "address": "12 Castle Street, Liverpool",
}


async def handle(stage: Stage, event_id: str) -> None:
    """The worker handles a stored event."""
    await stage.perform(Effect.HANDLE_STRIPE_EVENT, event_id, handle_stripe_event)


async def deliver(stage: Stage, *event_ids: str) -> None:
    """Stripe delivers events, in this order; each is handled at once."""
    for event_id in event_ids:
        await stage.receive(event_id)
        await handle(stage, event_id)


def events_about(stage: Stage, object_id: str) -> list[str]:
    """The ids of the events in which an object is named, oldest first."""
    return [
        event_id
        for event_id, event in stage.stripe.state.events.items()
        if object_id in (event["data"]["object"]["id"], event["data"]["object"].get("payment_intent"))
    ]


async def shop_checkout(stage: Stage, metadata: dict[str, str], price: int = PRICE, **more: Any) -> str:
    """A checkout session that the shop opened by itself."""
    line = {"price_data": {"currency": "usd", "unit_amount": price, "product_data": {"name": "A TV"}}}
    params: Any = {
        "mode": "payment",
        "line_items": [{**line, "quantity": 1}],
        "success_url": "https://shop.example/paid",
        "cancel_url": "https://shop.example/not-paid",
        "customer_creation": "always",
        "payment_intent_data": {"capture_method": "manual", "setup_future_usage": "off_session"},
        "metadata": metadata,
        **more,
    }
    session = await stage.payments._client.v1.checkout.sessions.create_async(params)
    return session.id


async def state_of_job(stage: Stage, payment_id: int) -> dict[str, Any]:
    """What our books say of a payment and its job, without ids and times."""
    payment = await stage.asked(
        "SELECT status || ' ' || captured_cents || ' ' || refunded_cents || ' ' || coalesce(dispute, '-')"
        " FROM payments WHERE id = $1",
        payment_id,
    )
    job_id = await stage.asked("SELECT job_id FROM payments WHERE id = $1", payment_id)
    sums = await stage.asked(
        "SELECT jsonb_object_agg(account, cents)::text FROM (SELECT account, sum(amount_cents) AS cents"
        " FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id WHERE t.job_id = $1"
        " GROUP BY account ORDER BY account) sums",
        job_id,
    )
    owed = await stage.asked("SELECT sum(amount_cents)::bigint FROM payouts WHERE job_id = $1", job_id)
    return {"payment": payment, "ledger": sums, "owed": owed}


def test_every_order_of_the_events_of_a_payment_ends_the_same(database_url: str, stand_ins: StandIns) -> None:
    async def story(stage: Stage) -> None:
        ends = []
        orders = list(itertools.permutations(range(4)))
        for order in orders:
            job_id = await add_job(stage.database, "completed")
            payment, intent = await stage.held(job_id)
            await stage.payments.capture(f"c:{intent.id}", intent.id, PRICE)
            await stage.payments.refund(f"r:{intent.id}", intent.id, 2_000, {})
            dispute = stage.stripe.open_dispute(intent.id, 1_000)
            stage.stripe.close_dispute(dispute["id"], won=False)
            about = [*events_about(stage, intent.id)[-6:]]
            chosen = [about[number] for number in order]
            await deliver(stage, *chosen, chosen[0])
            ends.append(await state_of_job(stage, payment.id))
        assert len(orders) == 24
        assert all(end == ends[0] for end in ends)
        assert ends[0]["payment"] == f"captured {PRICE} 2000 lost"
        assert ends[0]["owed"] == 9_000 * 6 // 10

    on_stage(database_url, stand_ins, story)


def test_an_event_a_hundred_times_at_once_is_kept_and_queued_once(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(stage: Stage) -> None:
        _, intent = await stage.held(await add_job(stage.database, "completed"))
        (event_id, *_) = events_about(stage, intent.id)
        new = await asyncio.gather(*(stage.receive(event_id) for _ in range(100)))
        assert new.count(True) == 1
        assert await stage.asked("SELECT count(*) FROM external_events") == 1
        tasks = "SELECT count(*) FROM outbox WHERE effect = 'handle_stripe_event'"
        assert await stage.asked(tasks) == 1

    on_stage(database_url, stand_ins, story)


def test_one_event_handled_by_many_at_once_is_written_once(database_url: str, stand_ins: StandIns) -> None:
    async def story(stage: Stage) -> None:
        payment, intent = await stage.held(await add_job(stage.database, "completed"))
        await stage.payments.capture("c", intent.id, PRICE)
        await stage.payments.refund("r", intent.id, 2_000, {})
        for event_id in events_about(stage, intent.id):
            await stage.receive(event_id)
        ids = events_about(stage, intent.id)
        await asyncio.gather(*(handle(stage, event_id) for event_id in ids * 4))
        end = await state_of_job(stage, payment.id)
        assert end["payment"] == f"captured {PRICE} 2000 -"
        assert end["owed"] == 10_000 * 6 // 10
        assert await stage.asked("SELECT count(*) FROM refunds") == 1

    on_stage(database_url, stand_ins, story)


def test_a_paid_checkout_of_the_shop_becomes_one_job_with_its_money(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(stage: Stage) -> None:
        session = await shop_checkout(stage, {**ORDER, "notes": "Ring twice", "shop": "ours"})
        paid = stage.stripe.pay_checkout(session, name="Ada Vale", email="ada@example.com")
        ids = [*events_about(stage, session), *events_about(stage, paid["payment_intent"])]
        for event_id in ids:
            await stage.receive(event_id)
        outcomes = await asyncio.gather(*(handle(stage, event_id) for event_id in ids * 3))
        assert len(outcomes) >= 6
        assert await stage.asked("SELECT count(*) FROM jobs") == 1
        facts = await stage.asked(
            "SELECT j.source || '|' || j.price_cents || '|' || j.notes || '|' || p.status || '|' ||"
            " p.authorized_cents || '|' || (c.payment_customer = $1) || '|' || c.name || '|' || j.reference"
            " FROM jobs j JOIN payments p ON p.job_id = j.id JOIN people c ON c.id = j.customer_id",
            stage.stripe.state.get("pi", paid["payment_intent"])["customer"],
        )
        assert facts == f"checkout|{PRICE}|Ring twice|authorized|{PRICE}|true|Ada Vale|{session}"
        assert await stage.asked("SELECT payment_method IS NOT NULL FROM people WHERE name = 'Ada Vale'")

    on_stage(database_url, stand_ins, story)


def test_a_kept_order_is_named_by_its_reference_and_another_amount_is_told(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(stage: Stage) -> None:
        order = read_order(
            {
                **ORDER,
                "lat": 53.4,
                "lng": -2.99,
                "reference": "shop-7",
                "customer": {"name": "Ada Vale", "email": "ada@example.com"},
                "price_cents": PRICE,
            }
        )
        async with stage.database.transaction() as conn:
            await keep_order(conn, order, now=datetime.now(UTC))
        first = await shop_checkout(stage, {"order_reference": "shop-7"}, price=11_000)
        stage.stripe.pay_checkout(first)
        await deliver(stage, *events_about(stage, first))
        assert await stage.asked("SELECT count(*) FROM jobs WHERE reference = 'shop-7'") == 1
        assert await stage.asked("SELECT price_cents FROM jobs") == PRICE
        assert await stage.asked("SELECT authorized_cents FROM payments") == 11_000
        alert = await stage.asked("SELECT body FROM notifications WHERE kind = 'alert'")
        assert alert == f"Order shop-7 costs {PRICE} cents; 11000 were paid."
        second = await shop_checkout(stage, {"order_reference": "shop-7"})
        stage.stripe.pay_checkout(second)
        with pytest.raises(GiveUp, match="paid for by another"):
            await deliver(stage, *events_about(stage, second))
        assert await stage.asked("SELECT count(*) FROM payments") == 1

    on_stage(database_url, stand_ins, story)


UNUSABLE: list[tuple[dict[str, str], str]] = [
    ({}, "missing required field"),
    ({"order_reference": "nobody-knows"}, "there is no order"),
    ({**ORDER, "lat": "north"}, "lat is no number"),
    ({**ORDER, "lat": "nan"}, "lat"),
    ({**ORDER, "lat": "91"}, "lat"),
    ({**ORDER, "skill": "flying"}, "skill"),
    ({**ORDER, "open": "yes"}, "neither true nor false"),
    ({**ORDER, "items": "[{"}, "JSON"),
    ({**ORDER, "items": '{"a": 1}'}, "items"),
    ({**ORDER, "install": '{"colour": "red"}'}, "install"),
    ({**ORDER, "window_start": "2026-11-30T10:00:00Z"}, "go together"),
    ({**ORDER, "customer_id": "pat"}, "customer"),
    ({**ORDER, "equipment_lane": "FAST"}, "equipment_lane"),
]


def test_money_for_an_order_that_makes_no_sense_is_a_dead_letter(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(stage: Stage) -> None:
        for metadata, why in UNUSABLE:
            session = await shop_checkout(stage, metadata)
            stage.stripe.pay_checkout(session)
            with pytest.raises(GiveUp, match=why):
                await deliver(stage, *events_about(stage, session))
        assert await stage.asked("SELECT count(*) FROM jobs") == 0
        assert await stage.asked("SELECT count(*) FROM payments") == 0
        assert await stage.asked("SELECT count(*) FROM people WHERE role = 'customer'") == 2

    on_stage(database_url, stand_ins, story)


@pytest.mark.parametrize("failed", [False, True])
def test_a_delayed_payment_makes_a_job_when_it_arrives(
    database_url: str, stand_ins: StandIns, failed: bool
) -> None:
    async def story(stage: Stage) -> None:
        session = await shop_checkout(stage, ORDER, payment_intent_data={"setup_future_usage": "off_session"})
        stage.stripe.pay_checkout(session, delayed=True)
        await deliver(stage, *events_about(stage, session))
        assert await stage.asked("SELECT count(*) FROM jobs") == 0
        stage.stripe.settle_checkout(session, failed=failed)
        await deliver(stage, *events_about(stage, session))
        jobs = await stage.asked("SELECT count(*) FROM jobs")
        assert jobs == (0 if failed else 1)
        if not failed:  # taken before the work is done: the customer's deposit
            assert await stage.balance("deposits") == -PRICE
            assert await stage.balance("pro_payable") == 0

    on_stage(database_url, stand_ins, story)


@pytest.mark.parametrize("won", [True, False])
def test_a_dispute_holds_the_payout_until_the_bank_decides(
    database_url: str, stand_ins: StandIns, won: bool
) -> None:
    async def story(stage: Stage) -> None:
        await stage.account_of()
        job_id, payment = await stage.job()
        await stage.approve_all()
        dispute = stage.stripe.open_dispute(payment.intent_id or "", PRICE)
        opened = events_about(stage, dispute["id"])
        await deliver(stage, *opened, *opened)
        (line,) = await stage.lines()
        assert (line.status, line.held_for) == ("approved", f"dispute {dispute['id']}")
        assert (await stage.balance("disputed"), await stage.balance("provider_balance")) == (PRICE, 0)
        assert await stage.run() == []
        stage.stripe.close_dispute(dispute["id"], won=won)
        await deliver(stage, *events_about(stage, dispute["id"])[::-1])
        lines = await stage.lines()
        assert all(line.held_for is None for line in lines)
        assert await stage.balance("disputed") == 0
        assert [line.amount_cents for line in lines] == ([SHARE] if won else [SHARE, -SHARE])
        assert await stage.balance("pro_payable", "pat") == (-SHARE if won else 0)
        assert await stage.balance("provider_balance") == (PRICE if won else 0)
        paid = await stage.run("after")
        assert [one.outcome for one in paid] == (["transfer"] if won else ["carried_over"])
        kinds = await stage.asked(
            "SELECT string_agg(kind, ' ' ORDER BY version) FROM job_events WHERE job_id = $1"
            " AND kind LIKE 'dispute%'",
            job_id,
        )
        assert kinds == f"dispute_opened dispute_{'won' if won else 'lost'}"
        alerts = "SELECT count(*) FROM notifications WHERE kind = 'alert' AND person_id = 'dee'"
        assert await stage.asked(alerts) == 2

    on_stage(database_url, stand_ins, story)


def test_a_tip_captured_during_a_dispute_is_held_too(database_url: str, stand_ins: StandIns) -> None:
    async def story(stage: Stage) -> None:
        _, payment = await stage.job()
        dispute = stage.stripe.open_dispute(payment.intent_id or "", PRICE)
        await deliver(stage, *events_about(stage, dispute["id"]))
        async with stage.database.transaction() as conn:
            await conn.execute(
                "INSERT INTO ledger_transactions (key, kind, job_id) VALUES ('tip', 'capture', $1)",
                payment.job_id,
            )
            await conn.execute(
                "INSERT INTO ledger_entries (transaction_id, account, pro_id, amount_cents)"
                " SELECT max(id), 'provider_balance', NULL, 500 FROM ledger_transactions UNION ALL"
                " SELECT max(id), 'pro_payable', 'pat', -500 FROM ledger_transactions"
            )
            await add_payout(
                conn, pro_id="pat", job_id=payment.job_id, ledger_key="tip", kind="tip", amount_cents=500
            )
        assert [line.held_for is not None for line in await stage.lines()] == [True, True]
        stage.stripe.close_dispute(dispute["id"], won=True)
        await deliver(stage, *events_about(stage, dispute["id"]))
        assert [line.held_for for line in await stage.lines()] == [None, None]

    on_stage(database_url, stand_ins, story)


def test_events_that_say_nothing_to_us_are_kept_and_done(database_url: str, stand_ins: StandIns) -> None:
    async def story(stage: Stage) -> None:
        made = datetime.now(UTC).timestamp()
        for number, (kind, more) in enumerate(
            [
                ("account.updated", {}),
                ("balance.available", {}),
                ("a.kind.nobody.knows", {}),
                ("payment_intent.succeeded", {"livemode": True}),  # our key is a test key
                ("payment_intent.succeeded", {"account": "acct_1"}),  # a connected account's own
                ("charge.succeeded", {}),  # a charge without an intent
            ]
        ):
            event = {
                "id": f"evt_quiet_{number}",
                "object": "event",
                "type": kind,
                "created": int(made),
                "livemode": False,
                "data": {"object": {"object": kind.split(".")[0]}},
                **more,
            }
            assert await stage.receive(event)
            assert not await stage.receive(event)
        assert await stage.asked("SELECT count(*) FROM external_events") == 6
        assert await stage.asked("SELECT count(*) FROM outbox") == 0
        async with stage.database.connection() as conn:
            quiet = await event_by_id(conn, "stripe", "evt_quiet_0")
        assert quiet is not None
        assert subject_of(quiet) is None
        await handle_event(stage.database, stage.settings, stage.payments, quiet, now=datetime.now(UTC))

    on_stage(database_url, stand_ins, story)


def test_somebody_elses_payments_transfers_and_disputes_are_left_alone(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(stage: Stage) -> None:
        customer, method = stage.stripe.add_customer()
        intent = await stage.payments.charge("x", Ask(9_000, "usd", customer, method, "a book", {}))
        dispute = stage.stripe.open_dispute(intent.id, 9_000)
        stage.stripe.fund(20_000)
        account = stage.stripe.add_account()
        transfer = await stage.payments.transfer("y", account, 100, "usd", {"transfer_no": "77"})
        await stage.payments.reverse("z", transfer.id, 100)
        ids = [event for one in (intent.id, dispute["id"], transfer.id) for event in events_about(stage, one)]
        await deliver(stage, *ids)
        assert await stage.asked("SELECT count(*) FROM ledger_transactions") == 0
        assert await stage.asked("SELECT count(*) FROM disputes") == 0

    on_stage(database_url, stand_ins, story)


def test_an_event_about_an_object_that_stripe_does_not_have_is_a_dead_letter(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(stage: Stage) -> None:
        event = {
            "id": "evt_lost",
            "object": "event",
            "type": "charge.dispute.created",
            "livemode": False,
            "data": {"object": {"id": "dp_nowhere", "object": "dispute"}},
        }
        await stage.receive(event)
        with pytest.raises(GiveUp, match="dp_nowhere"):
            await handle(stage, "evt_lost")
        with pytest.raises(GiveUp, match="no Stripe event"):
            await handle(stage, "evt_never_stored")

    on_stage(database_url, stand_ins, story)


def test_a_transfer_reversed_in_the_dashboard_is_owed_again_in_whole_and_in_parts(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(stage: Stage) -> None:
        for pro in ("pat", "quinn"):
            await stage.account_of(pro)
            await stage.job(pro)
        await stage.approve_all()
        await stage.run()
        await send_all(stage)
        whole, parts = await stage.transfers()
        await stage.payments.reverse("a", whole.transfer_id or "", SHARE)
        for key, cents in (("b", 1_000), ("c", 200)):
            await stage.payments.reverse(key, parts.transfer_id or "", cents)
        ids = [e for one in (whole, parts) for e in events_about(stage, one.transfer_id or "")]
        stage.said.clear()
        await deliver(stage, *ids, *ids[::-1])
        jobs = {str(line.job_id) for line in await stage.lines()}
        assert {said["job_id"] for said in stage.said if said["k"] == "board"} == jobs
        assert [line.status for line in await stage.lines(pro_id="pat")] == ["pending"]
        assert [(line.amount_cents, line.status) for line in await stage.lines(pro_id="quinn")] == [
            (SHARE, "paid"),
            (1_200, "pending"),
        ]
        assert await stage.balance("pro_payable", "pat") == -SHARE
        assert await stage.balance("pro_payable", "quinn") == -1_200
        statuses = [(sent.status, sent.reversed_cents) for sent in await stage.transfers()]
        assert statuses == [("reversed", SHARE), ("paid", 1_200)]

    on_stage(database_url, stand_ins, story)


def test_a_reversal_heard_of_before_the_transfer_is_written_down_waits(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(stage: Stage) -> None:
        account = await stage.account_of()
        await stage.job()
        await stage.approve_all()
        (paid,) = await stage.run()
        number = str(paid.transfer_no)
        sent = await stage.payments.transfer("k", account, SHARE, "usd", {"transfer_no": number})
        await stage.payments.reverse("r", sent.id, SHARE)
        with pytest.raises(Postpone):
            await deliver(stage, *events_about(stage, sent.id)[-1:])

    on_stage(database_url, stand_ins, story)


def test_an_order_that_a_voucher_paid_for_becomes_a_job_without_money(
    database_url: str, stand_ins: StandIns, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(stage: Stage) -> None:
        async def free(checkout_id: str) -> Checkout:
            return Checkout(
                id=checkout_id,
                url=None,
                status="complete",
                paid=False,  # Stripe: no_payment_required
                intent_id=None,
                amount_cents=0,
                currency="usd",
                customer=None,
                customer_name="Ada Vale",
                customer_email="ada@example.com",
                customer_phone=None,
                metadata=ORDER,
            )

        session = await shop_checkout(stage, ORDER)
        stage.stripe.pay_checkout(session)
        monkeypatch.setattr(stage.payments, "checkout", free)
        ids = events_about(stage, session)
        await deliver(stage, *ids, *ids)
        assert await stage.asked("SELECT price_cents FROM jobs") == 0
        assert await stage.asked("SELECT count(*) FROM payments") == 0

    on_stage(database_url, stand_ins, story)
