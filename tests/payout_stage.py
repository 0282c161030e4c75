"""A company whose money is at the Stripe stand-in: completed jobs that were paid for, a worker by hand."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeVar, cast
from uuid import UUID

from db.payments import Payment, add_payment, save_payment
from db.payouts import Payout, list_payouts
from db.pool import Database
from db.transfers import Sent, list_transfers, set_payout_account
from rooms.broadcast import Broadcaster
from rooms.bus import LocalBus
from tests.company import add_job, with_company
from tests.effects import settings_of
from tracker.effects.task import Task, Tools
from tracker.money.payouts import Approval, Paid, Run, approve, run_payouts
from tracker.money.provider import Ask, Intent
from tracker.money.settle import settle_intent
from tracker.money.stripe_events import receive_event
from tracker.money.stripe_payments import StripePayments
from tracker.money.webhook_signature import verified_event
from tracker.providers import Providers
from tracker.settings import Settings
from tracker.stand_ins import StandIns
from tracker.stand_ins.stripe.control import Stripe

T = TypeVar("T")
PRICE, SHARE = 12_000, 7_200  # of which a pro has 60 percent
EXECUTED = "SELECT id, effect, job_id, version, subject FROM outbox WHERE done_at IS NULL AND dead_at IS NULL"


@dataclass
class Stage:
    """The company, its database and Stripe; `said` is what the rooms were told."""

    database: Database
    settings: Settings
    payments: StripePayments
    stripe: Stripe
    tools: Tools
    said: list[dict[str, Any]]
    numbers: Any = field(default_factory=itertools.count)

    async def job(self, pro: str = "pat", price: int = PRICE) -> tuple[UUID, Payment]:
        """A completed job that was held, captured and settled."""
        job_id = await add_job(self.database, "completed", pro=pro)
        payment, intent = await self.held(job_id, price)
        taken = await self.payments.capture(f"capture:{payment.id}", intent.id, price)
        return job_id, await self.settled(payment, taken)

    async def held(self, job_id: UUID, price: int = PRICE) -> tuple[Payment, Intent]:
        """A job's money on hold."""
        customer, method = self.stripe.add_customer()
        intent = await self.payments.hold(
            f"hold:{next(self.numbers)}:{job_id}", Ask(price, "usd", customer, method, "a job", {})
        )
        async with self.database.transaction() as conn:
            payment = await add_payment(
                conn,
                job_id=job_id,
                purpose="hold",
                provider="stripe",
                currency="usd",
                amount_cents=price,
            )
            assert payment is not None
            await save_payment(conn, replace(payment, intent_id=intent.id))
            await conn.execute(
                "UPDATE jobs SET price_cents = $2, final_price_cents = $2 WHERE id = $1", job_id, price
            )
        return await self.settled(payment, intent), intent

    async def settled(self, payment: Payment, intent: Intent) -> Payment:
        """The payment after our books know what the intent is."""
        async with self.database.transaction() as conn:
            return await settle_intent(conn, self.settings, payment.id, intent, now=datetime.now(UTC))

    async def account_of(self, pro: str = "pat") -> str:
        """Give a pro an account at Stripe."""
        account = self.stripe.add_account()
        async with self.database.transaction() as conn:
            assert await set_payout_account(conn, pro, account)
        return account

    async def lines(self, **which: Any) -> list[Payout]:
        """Payout lines, oldest first."""
        async with self.database.connection() as conn:
            return (await list_payouts(conn, limit=200, **which))[::-1]

    async def transfers(self) -> list[Sent]:
        """Our transfers, oldest first."""
        async with self.database.connection() as conn:
            return (await list_transfers(conn, limit=200))[::-1]

    async def approve_all(self) -> None:
        """A dispatcher approves what is pending."""
        numbers = [line.id for line in await self.lines(status="pending")]
        outcomes = await approve(self.database, numbers, by="dee", now=datetime.now(UTC))
        assert set(outcomes.values()) <= {Approval.APPROVED}

    async def run(self, key: str = "2026-W47") -> list[Paid]:
        """A payout run."""
        run = Run(provider="stripe", run_key=key, currency="usd")
        return await run_payouts(self.database, self.settings, run, now=datetime.now(UTC))

    async def perform(self, effect: Any, subject: str, executor: Callable[..., Awaitable[None]]) -> None:
        """Carry out one effect, as the worker does."""
        task = Task(effect, None, None, subject, 1, datetime.now(UTC))
        await executor(self.tools, task)

    async def receive(self, event: str | dict[str, Any]) -> bool:
        """Stripe delivers an event to us, signed; whether it is new."""
        body, headers = self.stripe.webhooks.signed(event)
        secret = self.stripe.webhooks.secret
        signed = verified_event(body, [headers["Stripe-Signature"]], secret, now=datetime.now(UTC))
        return await receive_event(self.database, self.settings, signed)

    async def asked(self, question: str, *facts: object) -> Any:
        """The database's answer."""
        async with self.database.connection() as conn:
            return await conn.fetchval(question, *facts)

    async def balance(self, account: str, pro: str | None = None) -> int:
        """The sum of a ledger account."""
        return int(
            await self.asked(
                "SELECT coalesce(sum(amount_cents), 0)::bigint FROM ledger_entries"
                " WHERE account = $1 AND ($2::text IS NULL OR pro_id = $2)",
                account,
                pro,
            )
        )


def on_stage(database_url: str, stand_ins: StandIns, story: Callable[[Stage], Awaitable[T]]) -> T:
    """Run a story with a founded company whose payments are at the stand-in."""
    stripe = stand_ins.stripe

    async def staged(database: Database) -> T:
        settings = settings_of(
            database,
            stripe_secret_key=stripe.secret_key,
            stripe_webhook_secret=stripe.webhooks.secret,
            stripe_api_url=stripe.url,
        )
        payments = StripePayments(stripe.secret_key, api_url=stripe.url)
        nothing = cast(Any, None)
        providers = Providers(payments, sms=nothing, email=nothing, push=nothing, store=nothing)
        said: list[dict[str, Any]] = []
        say = Broadcaster(LocalBus(), lambda _channel, message: said.append(message))
        tools = Tools(settings, database, say, providers)
        try:
            return await story(Stage(database, settings, payments, stripe, tools, said))
        finally:
            await payments.aclose()

    return with_company(database_url, staged)
