"""Random money: every step of people, Stripe, webhooks, workers and crashes, and what must hold then."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from db.errors import Conflict
from db.payouts import list_payouts
from db.transfers import list_transfers, set_payout_account
from tests.money_reckoning import check_end, check_step
from tests.money_stage import MONEY_EFFECTS
from tests.money_whims import Whims
from tracker.jobs.consequences import Effect
from tracker.jobs.lifecycle import Status
from tracker.money.follow import follow_checkout, follow_dispute
from tracker.money.payouts import Run, approve, run_payouts
from tracker.money.provider import ProviderRefused, ProviderUnknown
from tracker.money.reversals import StillAsked, ask_back, follow_transfer

CARDS = ("pm_card_visa", "pm_card_visa", "pm_card_visa", "pm_card_chargeDeclined", "pm_card_refundFail")
# A person's request that comes at the wrong time; a provider that is away, or will not be asked.
REFUSED = (Conflict, ProviderUnknown, ProviderRefused)


@dataclass
class MoneyWorld(Whims):
    """A company at the stand-in. Every action may come at any moment; wrong ones are refused."""

    jobs: list[UUID] = field(default_factory=list)
    taken: dict[str, int] = field(default_factory=dict)
    began: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(minutes=1))

    async def open(self) -> None:
        """The pro can be paid, and there is a first job."""
        self.stage.effects = (*MONEY_EFFECTS, Effect.SEND_TRANSFER, Effect.REVERSE_TRANSFER)
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
            self.appeal: 1,
            self.dashboard: 1,
            self.give_back: 1,
            self.take_back: 1,
            self.expire: 1,
            self.forget_keys: 3,
            self.fault: 5,
            self.blind: 1,
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
        back = min(len(self.jobs) - 1, self.random.expovariate(0.4))  # hypothesis draws infinity, too
        return self.jobs[-1 - int(back)]

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

    async def take_back(self) -> None:
        """A transfer is taken back, by us or in Stripe's dashboard, there in a part."""
        database, now = self.stage.database, datetime.now(UTC)
        async with database.connection() as conn:
            sent = [one for one in await list_transfers(conn) if one.status == "paid"]
        if not sent:
            return
        chosen, self.number = self.random.choice(sent), self.number + 1
        left = chosen.amount_cents - chosen.reversed_cents
        if self.random.random() < 0.5:
            await ask_back(database, chosen.id, reason="a mistake", by="dee", now=now)
        else:
            payments, cents = self.stage.tools.providers.payments, self.random.randint(1, left)
            await payments.reverse(f"reverse:{self.number}", str(chosen.transfer_id), cents)

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
        some = self.random.sample(pages, min(2, len(pages)))
        with suppress(StillAsked):  # the worker waits for it
            await self.hear(some, disputes[-1:], [self.some_job()], list(state.transfers)[-1:])

    async def hear(
        self, pages: list[str], disputes: list[str], jobs: list[UUID], transfers: list[str]
    ) -> None:
        """The events of these."""
        database, settings = self.stage.database, self.stage.tools.settings
        payments, now = self.stage.tools.providers.payments, datetime.now(UTC)
        for job_id in jobs:
            await self.stage.follow(job_id)
        for page in pages:
            await follow_checkout(database, settings, payments, page, now=now)
        for dispute in disputes:
            await follow_dispute(database, settings, payments, dispute, now=now)
        for transfer in transfers:
            await follow_transfer(database, settings, payments, transfer, now=now)

    async def status(self, job_id: UUID) -> str:
        """Where a job is."""
        return str(await self.stage.asked("SELECT status FROM jobs WHERE id = $1", job_id))

    async def check(self) -> None:
        """What must hold after every step, in our books and at Stripe."""
        await check_step(self.stage)

    async def settle(self) -> None:
        """The storm is over: everything ends, and our books are what Stripe says, to the cent."""
        assert self.stage.stripe is not None
        state = self.stage.stripe.state
        self.stage.stripe.faults.clear()
        for dispute in list(state.disputes.values()):
            if dispute["status"] == "needs_response":
                self.stage.stripe.close_dispute(dispute["id"], won=self.random.random() < 0.5)
        for _ in range(3):
            await self.stage.work()
            await self.hear(list(state.sessions), list(state.disputes), self.jobs, list(state.transfers))
            await self.stage.work()
        await check_end(self.stage, self.jobs, self.began)
