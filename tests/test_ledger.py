"""The ledger: posted once per key, sums to zero whoever writes, never edited."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import asyncpg
import pytest

from db.ledger import balances
from db.pool import Connection, Database
from tests.company import with_company
from tracker.money.ledger import Account, Entry, post

CAPTURE = (
    Entry(Account.PROVIDER_BALANCE, 13_000),
    Entry(Account.PRO_PAYABLE, -8_200, "pat"),
    Entry(Account.PLATFORM_REVENUE, -4_800),
)


def test_a_key_is_posted_once_however_many_post_it_at_once(database_url: str) -> None:
    async def story(database: Database) -> None:
        async def once(conn: Connection) -> bool:
            return await post(conn, key="payment:7:capture", kind="capture", entries=CAPTURE, job_id=None)

        done = await asyncio.gather(*(database.in_transaction(once) for _ in range(8)))
        assert sorted(done) == [False] * 7 + [True]
        async with database.connection() as conn:
            sums = {(one.account, one.pro_id): one.amount_cents for one in await balances(conn)}
        assert sums == {
            ("provider_balance", None): 13_000,
            ("pro_payable", "pat"): -8_200,
            ("platform_revenue", None): -4_800,
        }

    with_company(database_url, story)


@pytest.mark.parametrize(
    "entries",
    [
        (),
        CAPTURE[:1],
        CAPTURE[:2],
        (Entry(Account.PROVIDER_BALANCE, 0), Entry(Account.PLATFORM_REVENUE, 0)),
        (Entry(Account.PROVIDER_BALANCE, 1), Entry(Account.PLATFORM_REVENUE, 1)),
    ],
)
def test_what_does_not_sum_to_zero_is_refused_before_it_is_written(
    database_url: str, entries: tuple[Entry, ...]
) -> None:
    async def story(database: Database) -> None:
        async with database.transaction() as conn:
            with pytest.raises(ValueError, match="sum to"):
                await post(conn, key="k", kind="capture", entries=entries, job_id=None)
            assert await conn.fetchval("SELECT count(*) FROM ledger_transactions") == 0

    with_company(database_url, story)


def test_an_entry_of_nothing_is_left_out(database_url: str) -> None:
    async def story(database: Database) -> None:
        async with database.transaction() as conn:
            entries = [*CAPTURE, Entry(Account.LOSSES, 0)]
            assert await post(conn, key="k", kind="capture", entries=entries, job_id=None)
            assert await conn.fetchval("SELECT count(*) FROM ledger_entries") == len(CAPTURE)

    with_company(database_url, story)


INSERT = "INSERT INTO ledger_entries (transaction_id, account, pro_id, amount_cents) VALUES (1, $1, $2, $3)"
FORGERIES: dict[str, Callable[[Connection], Coroutine[Any, Any, Any]]] = {
    "one entry more": lambda conn: conn.execute(INSERT, "losses", None, 1),
    "a transaction without entries": lambda conn: conn.execute(
        "INSERT INTO ledger_transactions (key, kind) VALUES ('x', 'capture')"
    ),
    "a pro where none is owed": lambda conn: conn.execute(INSERT, "losses", "pat", 1),
    "nobody where one is owed": lambda conn: conn.execute(INSERT, "pro_payable", None, 1),
    "an account that is none": lambda conn: conn.execute(INSERT, "petty_cash", None, 1),
    "nothing": lambda conn: conn.execute(INSERT, "losses", None, 0),
    "an edit": lambda conn: conn.execute("UPDATE ledger_entries SET amount_cents = amount_cents * 2"),
    "a changed memo": lambda conn: conn.execute("UPDATE ledger_transactions SET memo = 'x'"),
    "a deletion": lambda conn: conn.execute("DELETE FROM ledger_entries"),
    "a truncation": lambda conn: conn.execute("TRUNCATE ledger_entries"),
}


def test_the_database_itself_refuses_every_forgery(database_url: str) -> None:
    async def story(database: Database) -> None:
        async with database.transaction() as conn:
            await post(conn, key="payment:7:capture", kind="capture", entries=CAPTURE, job_id=None)
        accepted = []
        for name, forge in FORGERIES.items():
            try:
                async with database.transaction() as conn:
                    await forge(conn)
                accepted.append(name)
            except asyncpg.PostgresError:
                continue
        assert accepted == []
        async with database.connection() as conn:
            assert sum(one.amount_cents for one in await balances(conn)) == 0

    with_company(database_url, story)
