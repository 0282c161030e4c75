"""Random money: every step of people, Stripe, webhooks, workers and crashes, and what must hold then."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from db.errors import Conflict
from db.payouts import list_payouts
from db.transfers import set_payout_account
from tests.money_stage import MONEY_EFFECTS, Stage
from tracker.jobs.consequences import Effect
from tracker.jobs.lifecycle import Status
from tracker.money.books import price_of
from tracker.money.follow import follow_checkout, follow_dispute
from tracker.money.payouts import Run, approve, run_payouts
from tracker.money.provider import ProviderUnknown
from tracker.money.reconcile import reconcile_books, reconcile_provider
from tracker.money.split import NOTHING, Shared, split
from tracker.money.terms import due_of, earned_of
from tracker.stand_ins import Kind

PATHS = (
    "POST /v1/payment_intents",
    "POST /v1/payment_intents",
    "POST /v1/payment_intents/*/capture",
    "POST /v1/payment_intents/*/cancel",
    "POST /v1/refunds",
    "POST /v1/checkout/sessions",
    "POST /v1/transfers",
    "GET /v1/*",
)
KINDS = (
    (Kind.SILENT_BEFORE, 500),
    (Kind.SILENT_AFTER, 500),
    (Kind.CUT, 500),
    (Kind.ERROR_AFTER, 500),
    (Kind.ERROR_BEFORE, 500),
    (Kind.ERROR_BEFORE, 429),
    (Kind.ERROR_BEFORE, 409),
)
CARDS = ("pm_card_visa", "pm_card_visa", "pm_card_visa", "pm_card_chargeDeclined", "pm_card_refundFail")
REFUSED = (
    Conflict,
    ProviderUnknown,
)  # a person's request that comes at the wrong time; a provider that is away


@dataclass
class MoneyWorld:
    """A company at the stand-in. Every action may come at any moment; wrong ones are refused."""

    stage: Stage
    random: Random
    jobs: list[UUID] = field(default_factory=list)
    taken: dict[str, int] = field(default_factory=dict)
    number: int = 0
    began: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(minutes=1))

    async def open(self) -> None:
        """The pro can be paid, and there is a first job."""
        self.stage.effects = (*MONEY_EFFECTS, Effect.SEND_TRANSFER)
        await self.book()
        async with self.stage.database.transaction() as conn:
            await set_payout_account(conn, "pat", self.stage.account())

    async def step(self) -> None:
        """One action, drawn by weight, and the invariants after it."""
        actions: dict[Any, int] = {
            self.book: 4,
            self.hold: 5,
            self.page: 2,
            self.pay: 3,
            self.reprice: 2,
            self.complete: 4,
            self.cancel: 1,
            self.tip: 3,
            self.refund: 3,
            self.card: 1,
            self.dispute: 1,
            self.judge: 1,
            self.dashboard: 1,
            self.expire: 1,
            self.forget_keys: 3,
            self.fault: 5,
            self.calm: 1,
            self.payout: 1,
            self.work: 8,
            self.crash: 5,
            self.repeat: 3,
            self.webhook: 5,
        }
        (action,) = self.random.choices(list(actions), list(actions.values()))
        await self.take(action)

    async def take(self, action: Any) -> None:
        """One action, and the invariants after it."""
        try:
            await action()
            name = action.__name__
        except REFUSED:
            name = f"{action.__name__} (refused)"
        self.taken[name] = self.taken.get(name, 0) + 1
        await self.check()

    def some_job(self) -> UUID:
        """A job, the newer the likelier."""
        return self.jobs[-min(len(self.jobs), 1 + int(self.random.expovariate(0.4)))]

    async def book(self) -> None:
        self.jobs.append(await self.stage.job("in_progress"))
        await self.stage.set(self.jobs[-1], price_cents=self.random.randint(50, 20_000))

    async def hold(self) -> None:
        await self.stage.hold(self.some_job())

    async def page(self) -> None:
        await self.stage.checkout(self.some_job())

    async def pay(self) -> None:
        """A customer pays on a page that was sent to them; one whose address was lost is paid by nobody."""
        assert self.stage.stripe is not None
        sent = await self.stage.asked("SELECT array_agg(checkout_id) FROM payments WHERE checkout_id <> ''")
        pages = self.stage.stripe.state.sessions.values()
        open_pages = [one["id"] for one in pages if one["status"] == "open" and one["id"] in (sent or [])]
        if open_pages:
            self.stage.stripe.pay_checkout(self.random.choice(open_pages))

    async def reprice(self) -> None:
        job_id = self.some_job()
        if await self.status(job_id) == Status.IN_PROGRESS:
            await self.stage.set(job_id, final_price_cents=self.random.choice((0, 1, 777, 9_999, 25_001)))

    async def complete(self) -> None:
        await self.stage.complete(self.some_job())

    async def cancel(self) -> None:
        await self.stage.cancel(self.some_job())

    async def tip(self) -> None:
        await self.stage.tip(self.some_job(), self.random.randint(50, 3_000), f"t{self.random.randint(0, 4)}")

    async def refund(self) -> None:
        cents = self.random.choice((1, 99, 1_000, 5_000))
        await self.stage.refund(self.some_job(), cents, f"r{self.random.randint(0, 9)}:{cents}")

    async def card(self) -> None:
        await self.stage.give_card(self.random.choice(CARDS))

    async def dispute(self) -> None:
        assert self.stage.stripe is not None
        state = self.stage.stripe.state
        captured = [
            one
            for one in state.intents.values()
            if one["status"] == "succeeded" and not state.charges[one["latest_charge"]]["disputed"]
        ]
        if captured:
            intent = self.random.choice(captured)
            refunded = sum(
                one["amount"] for one in state.refunds.values() if one["payment_intent"] == intent["id"]
            )
            if refunded == 0:
                self.stage.stripe.open_dispute(intent["id"])

    async def judge(self) -> None:
        assert self.stage.stripe is not None
        disputes = self.stage.stripe.state.disputes
        undecided = [one["id"] for one in disputes.values() if one["status"] == "needs_response"]
        if undecided:
            chosen = self.random.choice(undecided)
            self.stage.stripe.close_dispute(chosen, won=self.random.random() < 0.5)

    async def dashboard(self) -> None:
        """Somebody captures a hold at Stripe itself."""
        assert self.stage.stripe is not None
        held = [one for one in self.stage.stripe.state.intents.values() if one["amount_capturable"]]
        if held:
            intent, self.number = self.random.choice(held), self.number + 1
            amount = self.random.randint(1, intent["amount_capturable"])
            await self.stage.tools.providers.payments.capture(
                f"dashboard:{self.number}", intent["id"], amount
            )

    async def expire(self) -> None:
        assert self.stage.stripe is not None
        held = [one for one in self.stage.stripe.state.intents.values() if one["amount_capturable"]]
        if held:
            self.stage.stripe.expire_hold(self.random.choice(held)["id"])

    async def forget_keys(self) -> None:
        assert self.stage.stripe is not None
        self.stage.stripe.expire_keys()

    async def fault(self) -> None:
        assert self.stage.stripe is not None
        kind, status = self.random.choice(KINDS)
        times = self.random.choice((1, 1, 2, 3))
        self.stage.stripe.faults.plan(
            self.random.choice(PATHS), kind, times=times, status=status, delay_s=0.001
        )

    async def calm(self) -> None:
        assert self.stage.stripe is not None
        self.stage.stripe.faults.clear()

    async def payout(self) -> None:
        database, now = self.stage.database, datetime.now(UTC)
        async with database.connection() as conn:
            pending = await list_payouts(conn, status="pending", limit=200)
        if pending:
            await approve(database, [line.id for line in pending], by="dee", now=now)
        self.number += 1
        run = Run("stripe", f"{self.stage.since}:{self.number}", "usd")
        await run_payouts(database, self.stage.tools.settings, run, now=now)

    async def work(self) -> None:
        await self.stage.work_once()

    async def crash(self) -> None:
        """Two workers have the same effects in hand, and both are killed somewhere in them."""
        patience_s = self.random.uniform(0.001, 0.06)
        workers = [asyncio.create_task(self.stage.work_once()) for _ in range(2)]
        await asyncio.wait(workers, timeout=patience_s)
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    async def repeat(self) -> None:
        """A worker died between the work and saying that it is done."""
        async with self.stage.database.transaction() as conn:
            await conn.execute(
                "UPDATE outbox SET done_at = NULL WHERE id = (SELECT id FROM outbox WHERE effect = ANY($1)"
                " AND id > $2 AND done_at IS NOT NULL AND dead_at IS NULL ORDER BY random() LIMIT 1)",
                [effect.value for effect in self.stage.effects],
                self.stage.since,
            )

    async def webhook(self) -> None:
        """Stripe says what happened, of a few things or of all."""
        assert self.stage.stripe is not None
        state = self.stage.stripe.state
        pages, disputes = list(state.sessions), list(state.disputes)
        await self.hear(self.random.sample(pages, min(2, len(pages))), disputes[-1:], [self.some_job()])

    async def hear(self, pages: list[str], disputes: list[str], jobs: list[UUID]) -> None:
        """The events of these."""
        database, settings = self.stage.database, self.stage.tools.settings
        payments, now = self.stage.tools.providers.payments, datetime.now(UTC)
        for job_id in jobs:
            await self.stage.follow(job_id)
        for page in pages:
            await follow_checkout(database, settings, payments, page, now=now)
        for dispute in disputes:
            await follow_dispute(database, settings, payments, dispute, now=now)

    async def status(self, job_id: UUID) -> str:
        """Where a job is."""
        return str(await self.stage.asked("SELECT status FROM jobs WHERE id = $1", job_id))

    async def check(self) -> None:
        """What must hold after every step, in our books and at Stripe."""
        wrong = await self.stage.asked(
            "SELECT (SELECT coalesce(sum(amount_cents), 0) FROM ledger_entries)"
            " + (SELECT count(*) FROM payments WHERE captured_cents > authorized_cents"
            "    OR refunded_cents > captured_cents OR earned_cents > captured_cents)"
        )
        assert wrong == 0
        assert self.stage.stripe is not None
        state = self.stage.stripe.state
        given: dict[str, int] = {}
        for refund in state.refunds.values():
            if refund["status"] in ("pending", "succeeded"):
                given[refund["payment_intent"]] = given.get(refund["payment_intent"], 0) + refund["amount"]
        for intent in state.intents.values():
            assert given.get(intent["id"], 0) <= intent["amount_received"] <= intent["amount"]

    async def settle(self) -> None:
        """The storm is over: everything ends, and our books are what Stripe says, to the cent."""
        assert self.stage.stripe is not None
        state = self.stage.stripe.state
        self.stage.stripe.faults.clear()
        for dispute in list(state.disputes.values()):
            if dispute["status"] == "needs_response":
                self.stage.stripe.close_dispute(dispute["id"], won=self.random.random() < 0.5)
        for _ in range(3):
            await self.hear(list(state.sessions), list(state.disputes), self.jobs)
            await self.stage.work()
        database, payments = self.stage.database, self.stage.tools.providers.payments
        soon = datetime.now(UTC) + timedelta(hours=2)  # when calls that are tried again have ended
        assert await reconcile_books(database, now=soon) == []
        findings = await reconcile_provider(database, payments, since=self.began, now=soon)
        assert (findings.differences, findings.unasked) == ([], [])
        known = {one.intent_id: one for job_id in self.jobs for one in await self.stage.payments(job_id)}
        for intent in state.intents.values():
            payment = known.get(intent["id"])
            captured_cents = payment.captured_cents if payment else 0
            assert captured_cents == intent["amount_received"], f"{intent['id']}: {intent['status']}"
            wanted = payment is not None and payment.status == "authorized"
            assert wanted or not intent["amount_capturable"], f"{intent['id']}: held for nobody"
        for job_id in self.jobs:
            await self.check_shares(job_id)

    async def check_shares(self, job_id: UUID) -> None:
        """A pro has the split of what a job earned and kept, and its tips; whatever came and went."""
        payments = await self.stage.payments(job_id)
        kept: Shared = sum((earned_of(one) for one in payments), start=NOTHING)
        share = split(kept.price_cents, self.stage.tools.settings.commission_bp)
        owed = await self.stage.asked(
            "SELECT -coalesce(sum(e.amount_cents), 0)::bigint FROM ledger_entries e"
            " JOIN ledger_transactions t ON t.id = e.transaction_id"
            " WHERE t.job_id = $1 AND e.account = 'pro_payable'",
            job_id,
        )
        assert owed == share.pro_cents + kept.tip_cents
        job = await self.stage.job_row(job_id)
        paid = sum(one.earned_cents for one in payments if one.purpose != "tip")
        assert paid <= due_of(price_of(job), job.tip_cents, payments).total_cents
        assert sum(cents for _, cents in await self.stage.owed(job_id)) == owed
