"""A company at work whose payments, texts, mails and pushes are real calls, and that may be killed.

Two web processes and two workers, with the settings of the stand-ins (`tracker/stand_ins`), which run in
this process and keep what they were asked. Every customer has one job, a number and an address of their
own, so that whatever a stand-in has names its job.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx

from db.payers import save_payer
from db.pool import Database
from db.seeding import SeedPerson, write_people
from db.transfers import set_payout_account
from tests.company import found_company
from tests.running import Process, serving, working
from tracker.stand_ins import StandIns, running_stand_ins
from tracker.stand_ins.push import Browser

T = TypeVar("T")

PROS = 8
SKILL = "junk_removal"  # the score catalogue has points for it
NAME = "Wrenford"
HAVE_BROWSERS = 3  # every third person has a browser that wants pushes
START_PATIENCE_S = 90.0  # on a machine that has other things to do
UP_EVERY_S = 0.05
LONGEST_WAIT = timedelta(minutes=10)  # of a mail, for its one resend


@dataclass(frozen=True, slots=True)
class Company:
    """Everything that runs. `browsers` is who wants pushes; `hand` does what blocks.

    `logged`: how many characters a process had logged when it was last killed.
    """

    webs: tuple[Process, ...]
    workers: tuple[Process, ...]
    outside: StandIns
    database: Database
    hand: Executor
    browsers: dict[str, Browser] = field(default_factory=dict)
    logged: dict[str, int] = field(default_factory=dict)

    @property
    def victims(self) -> dict[str, Process]:
        """Who may be killed, by name."""
        names = ("web A", "web B", "worker 1", "worker 2")
        return dict(zip(names, (*self.webs, *self.workers), strict=True))

    async def kill_one(self) -> str:
        """Kill -9 of a random process, and start it again without waiting; its name."""
        name = random.choice(sorted(self.victims))
        victim = self.victims[name]
        await self.do(victim.kill)
        self.logged[name] = len(victim.words())
        await self.do(victim.launch)
        return name

    async def until_all_are_up(self) -> None:
        """Wait until every process works. Raises TimeoutError."""
        async with asyncio.timeout(START_PATIENCE_S):
            while not await self.do(lambda: all(map(self._is_up, self.victims))):  # noqa: ASYNC110
                await asyncio.sleep(UP_EVERY_S)

    def _is_up(self, name: str) -> bool:
        process = self.victims[name]
        if process.port is None:
            return "worker started" in process.words()[self.logged.get(name, 0) :]
        try:
            return httpx.get(f"{process.url}/healthz", timeout=1).is_success
        except httpx.TransportError:
            return False

    async def do(self, work: Callable[[], T]) -> T:
        """Run what blocks, beside the traffic."""
        return await asyncio.get_running_loop().run_in_executor(self.hand, work)

    async def fetch(self, query: str, *facts: object) -> list[dict[str, Any]]:
        """Rows of one query."""
        async with self.database.connection() as conn:
            return [dict(row.items()) for row in await conn.fetch(query, *facts)]

    async def add_customer(self, number: int) -> str:
        """Somebody new, with a phone, an address and a saved card."""
        person = customer(number)
        card = self.outside.stripe.add_customer()
        async with self.database.transaction() as conn:
            await write_people(conn, [person])
            await save_payer(conn, person.id, customer=card[0], method=card[1])
        return person.id

    def open_browser(self, person_id: str) -> dict[str, Any] | None:
        """What a person's browser asks the server for, if they have one."""
        if int(person_id.strip("abcdefghijklmnopqrstuvwxyz")) % HAVE_BROWSERS:
            return None
        browser = self.outside.push.subscribe(self.outside.vapid_public_key)
        self.browsers[person_id] = browser
        return {"endpoint": browser.endpoint, "keys": {"p256dh": browser.p256dh, "auth": browser.auth}}


def customer(number: int) -> SeedPerson:
    """The customer of one job."""
    name, phone, mail = f"Customer {number}", f"+1555{1_000_000 + number}", f"customer{number}@example.com"
    return SeedPerson(f"customer{number}", "customer", name, phone, mail, [])


def pro(number: int) -> SeedPerson:
    """One who does the work."""
    name, phone, mail = f"Pro {number}", f"+1555{2_000_000 + number}", f"pro{number}@example.com"
    return SeedPerson(f"pro{number}", "pro", name, phone, mail, [SKILL])


PRO_PEOPLE = {person.id: person for person in map(pro, range(PROS))}


@asynccontextmanager
async def at_work(folder: Path, database_url: str, redis_url: str) -> AsyncIterator[Company]:
    """The company, founded in a migrated database, everything started and nothing left to do."""
    async with AsyncExitStack() as stack:
        outside = stack.enter_context(running_stand_ins())
        hand = stack.enter_context(ThreadPoolExecutor(1))
        database = await Database.connect(database_url, size=4, statement_timeout_s=60)
        stack.push_async_callback(database.close)
        await _found(database, outside)
        settings = {"COMPANY_NAME": NAME, "QUIET_HOURS": "off", "LOG_LEVEL": "INFO", **outside.env()}
        a, b = (serving(folder, database_url, redis_url, workers=1, **settings) for _ in range(2))
        public = {"PUBLIC_URL": a.url, "EVIDENCE_FOLDER": str(folder / "evidence")}
        worker = working(folder, database_url, redis_url, **settings)
        workers = tuple(replace(worker, log=folder / f"worker-{number}.log") for number in (1, 2))
        outside.tell_tracker_at(a.url)
        for process in (a, b, *workers):
            process.env.update(public)
            process.launch()
            stack.callback(process.stop)
        company = Company((a, b), workers, outside, database, hand)
        await company.until_all_are_up()
        await until_idle(company, START_PATIENCE_S, begun=True)
        yield company


async def _found(database: Database, outside: StandIns) -> None:
    await found_company(database, list(PRO_PEOPLE.values()))
    async with database.transaction() as conn:
        for pro_id in PRO_PEOPLE:
            await set_payout_account(conn, pro_id, outside.stripe.add_account(f"acct_{pro_id}"))


# Of a mail whose worker died over it nobody knows whether it was sent: mail services cannot be asked. By
# design it waits ten minutes for its one resend (`tracker/messages/mails.py`); see `put_clock_forward`.
WAITING = """
SELECT count(*) AS all,
       count(*) FILTER (WHERE waits AND NOT unknown) AS waiting,
       count(*) FILTER (WHERE waits AND unknown) AS unknown
FROM (SELECT o.done_at IS NULL AND o.dead_at IS NULL AND o.expired_at IS NULL AS waits,
             o.effect = 'send_email' AND d.status IS NOT DISTINCT FROM 'sending' AND o.leased_until IS NULL
                 AND o.last_error IS NOT NULL AS unknown
      FROM outbox o LEFT JOIN deliveries d ON o.effect = 'send_email' AND d.id::text = o.subject) rows
"""


async def until_idle(
    company: Company, patience_s: float, *, begun: bool = False, unknown: bool = False
) -> None:
    """Wait until no effect waits, as long as there is patience.

    `begun`: until there was one at all. `unknown`: also for mails of which nobody can know whether they were
    sent.
    """
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        (row,) = await company.fetch(WAITING)
        waiting = row["waiting"] + (row["unknown"] if unknown else 0)
        if waiting == 0 and (row["all"] or not begun):
            return
        await asyncio.sleep(0.2)


async def unknown_mails(company: Company) -> int:
    """How many mails wait for their one resend."""
    (row,) = await company.fetch(WAITING)
    return int(row["unknown"])


async def put_clock_forward(company: Company) -> None:
    """Let ten minutes pass for whatever waits, while no worker runs.

    Leases of the killed run out, pauses end, and what nobody knows of is looked up or sent again.
    """
    for worker in company.workers:
        await company.do(worker.stop)
    async with company.database.transaction() as conn:
        await conn.execute(
            "UPDATE deliveries SET updated_at = updated_at - $1::interval WHERE status = 'sending'",
            LONGEST_WAIT,
        )
        await conn.execute(
            "UPDATE outbox SET available_at = available_at - $1::interval, leased_until = NULL"
            " WHERE done_at IS NULL AND dead_at IS NULL AND expired_at IS NULL",
            LONGEST_WAIT,
        )
    for worker in company.workers:
        await company.do(worker.start)
