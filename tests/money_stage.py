"""A company whose customers pay, at the Stripe stand-in or in the sandbox, and a worker by hand.

The flows are the same for both providers; what only one can do is a method of its stage.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from db.jobs import Job, job_by_id
from db.ledger import lines_of_job
from db.payers import payer_of, save_payer
from db.payments import Payment, payments_of_job
from db.payouts import list_payouts
from db.pool import Database
from db.refunds import RefundRow, refunds_of_job
from rooms.principal import Principal, Role
from tests.company import add_job, found_company, with_database
from tests.effects import settings_of, tools_of
from tests.postgres import database_like
from tracker.effects.registry import EXECUTORS
from tracker.effects.task import Task, Tools
from tracker.jobs.consequences import Effect
from tracker.jobs.facts import Actor
from tracker.jobs.lifecycle import Status
from tracker.jobs.transition import Step, move_job
from tracker.local_postgres import PostgresServer
from tracker.money.follow import follow_checkout, follow_intent
from tracker.money.holds import ask_for_checkout, ask_for_hold
from tracker.money.refunds import ask_for_refund
from tracker.money.sandbox_payments import DECLINED_METHOD, SandboxPayments
from tracker.money.tips import GivenTip, give_tip
from tracker.stand_ins import StandIns, running_stand_ins
from tracker.stand_ins.stripe.control import Stripe

T = TypeVar("T")
PRICE = 12_000
DEE = Principal("dee", Role.DISPATCHER)
CLEO = Principal("cleo", Role.CUSTOMER)
STRIPE, SANDBOX = "stripe", "sandbox"
MONEY_EFFECTS = (
    Effect.PLACE_HOLD,
    Effect.ASK_FOR_PAYMENT,
    Effect.CAPTURE_HOLD,
    Effect.RELEASE_HOLD,
    Effect.CHARGE_SAVED,
    Effect.MAKE_REFUND,
)


@dataclass
class Stage:
    """The company, its database, its provider. `stripe` is the stand-in's control, if it is in use.

    Only effects after the outbox row `since` are this story's.
    """

    tools: Tools
    since: int
    stripe: Stripe | None
    stand_ins: StandIns
    effects: tuple[Effect, ...] = MONEY_EFFECTS
    failures: list[BaseException] = field(default_factory=list)

    @property
    def database(self) -> Database:
        return self.tools.database

    @property
    def provider(self) -> str:
        return self.tools.providers.payments.name

    async def close(self) -> None:
        await self.tools.providers.aclose()
        await self.database.close()

    async def give_card(self, card: str = "pm_card_visa", person: str = "cleo") -> None:
        """Save a card of a customer."""
        if self.stripe is None:
            declined = card != "pm_card_visa"
            customer, method = f"cus_{person}", DECLINED_METHOD if declined else "pm_card_sandbox"
        else:
            customer, method = self.stripe.add_customer(card)
        async with self.database.transaction() as conn:
            await save_payer(conn, person, customer=customer, method=method)

    async def job(self, status: str = "accepted", **more: Any) -> UUID:
        """A job of cleo's with pat, for 120 dollars."""
        return await add_job(self.database, status, **more)

    async def held_job(self, status: str = "in_progress", *, price: int = PRICE) -> UUID:
        """The same with its price on hold."""
        job_id = await self.job(status)
        await self.set(job_id, price_cents=price)
        await self.hold(job_id)
        await self.work()
        (payment,) = await self.payments(job_id)
        assert payment.status == "authorized", payment.problem
        return job_id

    async def set(self, job_id: UUID, **columns: Any) -> None:
        """Write columns of a job, past the rules."""
        async with self.database.transaction() as conn:
            for column, value in columns.items():
                await conn.execute(f"UPDATE jobs SET {column} = $2 WHERE id = $1", job_id, value)

    async def hold(self, job_id: UUID, payment_method: str | None = None) -> Payment:
        return await ask_for_hold(
            self.database,
            self.tools.settings,
            self.provider,
            Actor.of(DEE),
            job_id,
            payment_method=payment_method,
            now=datetime.now(UTC),
        )

    async def checkout(self, job_id: UUID) -> Payment:
        return await ask_for_checkout(
            self.database, self.tools.settings, self.provider, Actor.of(DEE), job_id, now=datetime.now(UTC)
        )

    async def pay(self, job_id: UUID) -> None:
        """The customer pays on the page that was sent, and the provider says so."""
        page_id = next(str(one.checkout_id) for one in await self.payments(job_id) if one.checkout_id)
        await self.pay_page(page_id)
        await self.hear_page(page_id)

    async def hear_page(self, page_id: str) -> None:
        """The provider says that something happened to a page."""
        payments, settings, now = self.tools.providers.payments, self.tools.settings, datetime.now(UTC)
        await follow_checkout(self.database, settings, payments, page_id, now=now)

    async def pay_page(self, page_id: str) -> None:
        """The customer pays on a page."""
        payments = self.tools.providers.payments
        if isinstance(payments, SandboxPayments):
            await payments.pay_checkout(page_id)
        else:
            assert self.stripe is not None
            self.stripe.pay_checkout(page_id)

    def account(self) -> str:
        """An account that can be paid."""
        return self.stripe.add_account() if self.stripe else "acct_pat"

    async def saved(self) -> tuple[str, str]:
        """Cleo's customer and method at the provider."""
        async with self.database.connection() as conn:
            payer = await payer_of(conn, "cleo")
        assert payer is not None
        return str(payer.payment_customer), str(payer.payment_method)

    async def follow(self, job_id: UUID) -> None:
        """The provider says that something happened to a job's intents."""
        for payment in await self.payments(job_id):
            if payment.intent_id is not None:
                await follow_intent(
                    self.database,
                    self.tools.settings,
                    self.tools.providers.payments,
                    payment.intent_id,
                    now=datetime.now(UTC),
                )

    async def tip(self, job_id: UUID, amount_cents: int, key: str = "t1") -> GivenTip:
        return await give_tip(
            self.database,
            self.tools.settings,
            self.provider,
            CLEO,
            job_id,
            amount_cents=amount_cents,
            key=key,
            now=datetime.now(UTC),
        )

    async def refund(self, job_id: UUID, amount_cents: int, key: str = "r1") -> list[RefundRow]:
        return await ask_for_refund(
            self.database,
            Actor.of(DEE),
            job_id,
            amount_cents=amount_cents,
            reason="a scratch",
            request_key=key,
            now=datetime.now(UTC),
        )

    async def move(self, job_id: UUID, to: Status) -> None:
        """A dispatcher moves a job."""
        step = Step(to, override_reason="the test says so")
        now = datetime.now(UTC)
        await move_job(self.database, DEE, job_id, step, now=now, link_grace=timedelta(hours=1))

    async def complete(self, job_id: UUID) -> None:
        await self.move(job_id, Status.COMPLETED)

    async def cancel(self, job_id: UUID) -> None:
        await self.move(job_id, Status.CANCELLED)

    async def work(self, *, later: timedelta = timedelta()) -> None:
        """Carry out the money effects that wait, each until it is done.

        What one raises is kept, and it is tried again: as the worker does, or a person who retries.
        """
        self.failures.clear()
        for _ in range(60):
            if not await self.work_once(later=later):
                return
        raise AssertionError(f"effects do not end: {self.failures[:3]}")

    async def work_once(self, *, later: timedelta = timedelta()) -> bool:
        """Try each money effect that waits once, at once; whether there was one."""
        async with self.database.connection() as conn:
            rows = await conn.fetch(
                "SELECT id, effect, job_id, version, subject FROM outbox WHERE effect = ANY($1::text[])"
                " AND id > $2 AND done_at IS NULL AND dead_at IS NULL ORDER BY id",
                [effect.value for effect in self.effects],
                self.since,
            )
        for row in rows:
            await self.attempt(row, later=later)
        return bool(rows)

    async def attempt(self, row: Any, *, later: timedelta = timedelta()) -> None:
        """Try one effect, and write down that it is done when it did not raise."""
        effect = Effect(row["effect"])
        now = datetime.now(UTC) + later
        task = Task(effect, row["job_id"], row["version"], row["subject"], 1, now)
        try:
            await EXECUTORS[effect](self.tools, task)
        except Exception as error:  # noqa: BLE001 - as the worker does
            self.failures.append(error)
            return
        async with self.database.transaction() as conn:
            await conn.execute("UPDATE outbox SET done_at = now() WHERE id = $1", row["id"])

    async def again(self, effect: Effect) -> None:
        """An effect that was done runs again: its worker died before it could say so."""
        async with self.database.transaction() as conn:
            await conn.execute(
                "UPDATE outbox SET done_at = NULL WHERE effect = $1 AND id > $2", effect.value, self.since
            )
        await self.work()

    async def payments(self, job_id: UUID) -> list[Payment]:
        async with self.database.connection() as conn:
            return await payments_of_job(conn, job_id)

    async def job_row(self, job_id: UUID) -> Job:
        async with self.database.connection() as conn:
            job = await job_by_id(conn, job_id)
        assert job is not None
        return job

    async def refunds(self, job_id: UUID) -> list[RefundRow]:
        async with self.database.connection() as conn:
            return await refunds_of_job(conn, job_id)

    async def ledger(self, job_id: UUID) -> list[tuple[str, str, str | None, int]]:
        """A job's ledger lines: kind, account, pro, cents."""
        async with self.database.connection() as conn:
            lines = await lines_of_job(conn, job_id)
        return [(line.kind, line.account, line.pro_id, line.amount_cents) for line in lines]

    async def balance(self, job_id: UUID) -> dict[str, int]:
        """What a job's ledger lines come to in each account."""
        sums: dict[str, int] = {}
        for _, account, _, cents in await self.ledger(job_id):
            sums[account] = sums.get(account, 0) + cents
        return {account: cents for account, cents in sums.items() if cents}

    async def owed(self, job_id: UUID) -> list[tuple[str, int]]:
        """A job's payout lines: kind, cents."""
        async with self.database.connection() as conn:
            lines = await list_payouts(conn, job_id=job_id, limit=200)
        return [(line.kind, line.amount_cents) for line in reversed(lines)]

    async def events(self, job_id: UUID) -> list[str]:
        """The kinds of a job's events that are no status changes, after the first."""
        async with self.database.connection() as conn:
            rows = await conn.fetch(
                "SELECT kind FROM job_events WHERE job_id = $1 AND kind NOT IN ('status', 'created')"
                " ORDER BY version",
                job_id,
            )
        return [row["kind"] for row in rows]

    async def alerts(self, job_id: UUID) -> list[str]:
        """The titles of what dispatch was told about a job, without its service."""
        async with self.database.connection() as conn:
            rows = await conn.fetch(
                "SELECT title FROM notifications WHERE kind = 'alert' AND job_id = $1 ORDER BY id", job_id
            )
        return [row["title"].partition(":")[0] for row in rows]

    async def asked(self, question: str, *facts: object) -> Any:
        """The database's answer."""
        async with self.database.connection() as conn:
            return await conn.fetchval(question, *facts)


@dataclass
class Place:
    """A company's database and the stand-ins, for a whole file of stories."""

    database_url: str
    stand_ins: StandIns


@contextmanager
def money_place(postgres: PostgresServer, template: str) -> Iterator[Place]:
    """A founded company and the stand-ins."""
    with database_like(template, postgres) as url:
        with_database(url, found_company)
        with running_stand_ins() as stand_ins:
            yield Place(url, stand_ins)


async def open_stage(provider: str, place: Place, **changed: Any) -> Stage:
    """A stage at a place, to be closed. Cleo has a card there; nothing fails yet."""
    database = await Database.connect(place.database_url, size=8)
    stripe = place.stand_ins.stripe if provider == STRIPE else None
    if stripe is not None:
        stripe.faults.clear()
    settings = settings_of(database, **(stripe_settings(stripe) if stripe else {}), **changed)
    tools = tools_of(database, settings=settings)
    stage = Stage(tools, await _newest_effect(database), stripe, place.stand_ins)
    await stage.give_card()
    return stage


def at(provider: str, place: Place, story: Callable[[Stage], Awaitable[T]], **changed: Any) -> T:
    """Run a story with the Stripe stand-in or in the sandbox; `changed` are settings."""

    async def run() -> T:
        stage = await open_stage(provider, place, **changed)
        try:
            return await story(stage)
        finally:
            await stage.close()

    return asyncio.run(run())


def stripe_settings(stripe: Stripe) -> dict[str, Any]:
    """The settings of a process that uses the stand-in."""
    return {
        "stripe_secret_key": stripe.secret_key,
        "stripe_webhook_secret": stripe.webhooks.secret,
        "stripe_api_url": stripe.url,
    }


async def _newest_effect(database: Database) -> int:
    async with database.connection() as conn:
        return int(await conn.fetchval("SELECT coalesce(max(id), 0) FROM outbox"))
