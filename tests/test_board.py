"""The board: each filter finds its jobs, a card says where the money is, and pages never shift."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from db.board import BoardRow, Sort, board_rows, more_jobs_than
from db.board_filter import Wanted
from db.board_money import MONEY_STATES
from db.patterns import spelled_out
from db.payments import payments_of_job
from db.pool import Connection, Database
from tests import rows
from tests.company import with_company
from tracker.jobs.lifecycle import Status
from tracker.money.terms import MoneyState, state_of

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
UNASSIGNED = ("pending", "pending_scheduling", "open", "cancelled")
WINDOW = {"window_start": NOW + timedelta(hours=1), "window_end": NOW + timedelta(hours=3)}


def with_rows(database_url: str, work: Callable[[Connection], Awaitable[None]]) -> None:
    """Run `work` on one connection to a founded company."""

    async def story(database: Database) -> None:
        async with database.connection() as conn:
            await work(conn)

    with_company(database_url, story)


async def found(conn: Connection, **wanted: Any) -> set[UUID]:
    """The ids of the jobs that fit."""
    page = await board_rows(conn, Wanted(**wanted), now=NOW, sort=Sort.NEWEST, after=None, limit=300)
    return {row.id for row in page}


async def flag(conn: Connection, job_id: UUID, severity: str, kind: str, resolved: bool = False) -> None:
    await conn.execute(
        "INSERT INTO pain_flags (job_id, type, severity, by_rule, created_by, resolved_at)"
        " VALUES ($1, $2, $3, true, 'system', CASE WHEN $4 THEN now() END)",
        job_id,
        kind,
        severity,
        resolved,
    )


async def pay(conn: Connection, job_id: UUID, status: str, **facts: Any) -> None:
    """A payment of 10,000 cents that has come to `status`."""
    taken = 10_000 if status == "captured" else 0
    columns = {
        "job_id": job_id,
        "purpose": "tip",  # of which there may be several
        "provider": "sandbox",
        "status": status,
        "currency": "usd",
        "amount_cents": 10_000,
        "authorized_cents": 10_000 if status in ("authorized", "captured", "released") else 0,
        "captured_cents": taken,
        **facts,
    }
    places = ", ".join(f"${number + 1}" for number in range(len(columns)))
    await conn.execute(f"INSERT INTO payments ({', '.join(columns)}) VALUES ({places})", *columns.values())


async def owe(conn: Connection, job_id: UUID, status: str, cents: int = 6000) -> None:
    """A payout line that has come to `status`."""
    await conn.execute(
        """
        WITH posted AS (INSERT INTO ledger_transactions (key, kind) VALUES ($1, 'capture') RETURNING id, key),
             entries AS (INSERT INTO ledger_entries (transaction_id, account, amount_cents)
                         SELECT id, account, CASE account WHEN 'losses' THEN $3::bigint ELSE -$3::bigint END
                         FROM posted, unnest(ARRAY['losses', 'deposits']) account),
             sent AS (INSERT INTO transfers (pro_id, provider, amount_cents, currency, run_key, status)
                      VALUES ('pat', 'sandbox', $3, 'usd', $1, 'paid') RETURNING id)
        INSERT INTO payouts (pro_id, job_id, ledger_key, kind, amount_cents, status, approved_by, transfer_no)
        SELECT 'pat', $2, posted.key, 'tip', $3, $4::text, CASE WHEN $4 <> 'pending' THEN 'dee' END,
               CASE WHEN $4 IN ('paid', 'failed') THEN sent.id END FROM posted, sent
        """,
        f"test:{job_id}:{status}:{cents}",
        job_id,
        cents,
        status,
    )


def test_each_filter_finds_its_jobs_and_no_others(database_url: str) -> None:
    async def story(conn: Connection) -> None:
        tv = await rows.job(conn, NOW - timedelta(days=3), "accepted", service="Mount a 100% TV", **WINDOW)
        junk = await rows.job(
            conn,
            NOW,
            "open",
            service="Haul a sofa",
            customer_id="zoe",
            address="9 Salt_Lane",
            reference="shop-77",
            metadata='{"equipment_lane": "COMPANY_SUPPLIED"}',
            skill_no=await conn.fetchval("SELECT skill_no FROM skills WHERE code = 'junk_removal'"),
        )
        done = await rows.job(
            conn, NOW - timedelta(days=9), "completed", pro_id="quinn", address="3 Cálle Nunez [a] が한"
        )
        await flag(conn, tv, "MEDIUM", "WALL_TYPE_UNKNOWN")
        await flag(conn, tv, "CRITICAL", "SCOPE_MISMATCH", resolved=True)
        await flag(conn, junk, "CRITICAL", "ACCESS_DETAILS_MISSING")
        await flag(conn, junk, "LOW", "WALL_TYPE_UNKNOWN")
        await pay(conn, done, "captured")
        await owe(conn, done, "failed")
        for wanted, expected in (
            ({}, {tv, junk, done}),
            ({"statuses": ("accepted", "completed")}, {tv, done}),
            ({"service": "100%"}, {tv}),
            ({"service": "junk_removal"}, {junk}),
            ({"pro_id": "quinn"}, {done}),
            ({"unassigned": True}, {junk}),
            ({"customer_id": "zoe"}, {junk}),
            ({"customer": "lIND"}, {junk}),
            ({"search": "salt_l"}, {junk}),
            ({"search": "SHOP-77"}, {junk}),
            ({"search": "zoe lind"}, {junk}),
            ({"search": "quinn reyes"}, {done}),
            ({"search": "%"}, {tv}),
            ({"search": "CALLE núñez"}, {done}),  # as the page itself compares letters
            ({"search": "cÁlle"}, {done}),
            ({"search": "[a]"}, {done}),
            ({"search": "が한"}, {done}),
            ({"search": "(?i)"}, set()),
            ({"search": "***="}, set()),
            ({"search": "\\"}, set()),
            ({"search": "."}, set()),
            ({"search": "liND  sofa SALT"}, {junk}),
            ({"search": "lind tv"}, set()),
            ({"flags": "any"}, {tv, junk}),
            ({"flags": "critical"}, {junk}),
            ({"lanes": ("BYO",)}, {tv, done}),
            ({"lanes": ("COMPANY_SUPPLIED", "HYBRID")}, {junk}),
            ({"money": ("payout_failed",)}, {done}),
            ({"money": ("none", "held")}, {tv, junk}),
            ({"since": NOW, "until": NOW + timedelta(hours=2)}, {tv, junk}),
            ({"since": NOW + timedelta(seconds=1)}, {tv}),
            ({"until": NOW}, {done}),
            ({"ids": (tv, done)}, {tv, done}),
            ({"ids": (tv, done), "statuses": ("completed",), "search": "mount"}, {done}),
        ):
            assert await found(conn, **wanted) == expected, wanted
        assert await more_jobs_than(conn, Wanted(), 2, now=NOW)
        assert not await more_jobs_than(conn, Wanted(), 3, now=NOW)
        page = await board_rows(conn, Wanted(), now=NOW, sort=Sort.NEWEST, after=None, limit=9)
        badges = {row.id: (row.open_flags, row.worst_flag) for row in page}
        assert badges == {tv: (1, "MEDIUM"), junk: (2, "CRITICAL"), done: (0, None)}

    with_rows(database_url, story)


def test_a_card_the_filter_and_the_jobs_own_page_say_the_same_of_the_money(database_url: str) -> None:
    chance = random.Random(4)

    async def story(conn: Connection) -> None:
        told: dict[UUID, str] = {}
        for _ in range(200):
            job_id = await rows.job(conn)
            for _ in range(chance.randrange(4)):
                status = chance.choice(["asked", "authorized", "captured", "captured", "released", "failed"])
                disputes = [None, None, None, "open", "won", "lost"] if status == "captured" else [None]
                dispute = chance.choice(disputes)
                back = chance.choice([0, 0, 4000, 10_000]) if status == "captured" and dispute is None else 0
                gone = 9000 if dispute in ("open", "lost") else 0
                await pay(conn, job_id, status, refunded_cents=back, dispute=dispute, disputed_cents=gone)
            told[job_id] = state_of(await payments_of_job(conn, job_id)).value
        cards = await board_rows(conn, Wanted(), now=NOW, sort=Sort.NEWEST, after=None, limit=300)
        assert {card.id: card.money_state for card in cards} == told
        assert set(told.values()) == {*MoneyState}
        for job_id, word in told.items():
            if word not in ("none", "held", "waiting", "failed", "released"):  # paid out is what was taken
                for number in range(chance.randrange(3)):
                    status = chance.choice(["pending", "paid", "paid", "failed"])
                    await owe(conn, job_id, status, 100 + number)
        cards = await board_rows(conn, Wanted(), now=NOW, sort=Sort.NEWEST, after=None, limit=300)
        assert {card.money_state for card in cards} == {*MONEY_STATES}
        for words in (*((word,) for word in MONEY_STATES), ("held", "none"), MONEY_STATES[3:]):
            expected = {card.id for card in cards if card.money_state in words}
            assert await found(conn, money=words) == expected, words

    with_rows(database_url, story)
    assert {*MONEY_STATES} == {*MoneyState, "payout_failed", "paid_out"}


def test_the_worst_news_about_money_wins_and_says_its_amount(database_url: str) -> None:
    async def story(conn: Connection) -> None:
        async def card(*payouts: tuple[str, int], **payment: Any) -> tuple[str, int]:
            job_id = await rows.job(conn, final_price_cents=9900)
            if payment:
                await pay(conn, job_id, payment.pop("status", "captured"), **payment)
            for status, cents in payouts:
                await owe(conn, job_id, status, cents)
            (row,) = await board_rows(
                conn, Wanted(ids=(job_id,)), now=NOW, sort=Sort.NEWEST, after=None, limit=2
            )
            return row.money_state, row.money_cents

        assert await card() == ("none", 9900)
        assert await card(status="failed") == ("failed", 10_000)
        assert await card(status="asked") == ("waiting", 10_000)
        assert await card(status="authorized", authorized_cents=12_000) == ("held", 12_000)
        assert await card(status="released") == ("released", 10_000)
        assert await card(refunded_cents=0) == ("captured", 10_000)
        assert await card(("pending", 6000), refunded_cents=0) == ("captured", 10_000)
        assert await card(("paid", 6000), ("pending", 100), refunded_cents=0) == ("captured", 10_000)
        assert await card(("paid", 6000), ("paid", 100), refunded_cents=0) == ("paid_out", 6100)
        assert await card(("paid", 6000), refunded_cents=2500) == ("partly_refunded", 2500)
        assert await card(("paid", 6000), refunded_cents=10_000) == ("refunded", 10_000)
        assert await card(("failed", 6000), ("paid", 1), refunded_cents=2500) == ("payout_failed", 6000)
        disputed = {"dispute": "open", "disputed_cents": 9000}
        assert await card(("failed", 6000), **disputed) == ("disputed", 9000)

    with_rows(database_url, story)


@pytest.mark.parametrize("sort", [*Sort], ids=lambda sort: sort.name.lower())
def test_pages_hold_every_job_once_while_jobs_come_and_go(database_url: str, sort: Sort) -> None:
    async def story(conn: Connection) -> None:
        windows = [{}, {}, WINDOW, WINDOW, {k: at - timedelta(hours=5) for k, at in WINDOW.items()}]
        ids = [await rows.job(conn, NOW - timedelta(hours=n // 2), **windows[n % 5]) for n in range(20)]
        seen: list[BoardRow] = []
        while page := await board_rows(
            conn,
            Wanted(),
            now=NOW,
            sort=sort,
            after=(seen[-1].sort_key, seen[-1].id) if seen else None,
            limit=3,
        ):
            seen += page
            newest = NOW + timedelta(days=len(seen)) if sort is Sort.NEWEST else NOW
            early = {k: at - timedelta(days=len(seen)) for k, at in WINDOW.items()}
            await rows.job(conn, newest, **({} if sort is Sort.NEWEST else early))  # before what was read
        assert sorted(row.id for row in seen) == sorted(ids)
        if sort is Sort.NEWEST:
            assert [row.created_at for row in seen] == sorted((r.created_at for r in seen), reverse=True)
        else:
            starts = [row.window_start for row in seen]
            assert starts == sorted(starts[:12], key=lambda at: at or NOW) + [None] * 8

    with_rows(database_url, story)


def test_the_board_of_today_does_not_read_the_jobs_of_all_years(database_url: str) -> None:
    async def story(conn: Connection) -> None:
        job_id = await rows.job(conn, NOW, "open")
        await conn.execute(
            "INSERT INTO jobs (customer_id, pro_id, status, skill_no, service, lat, lng, address,"
            " approximate_address, price_cents, created_at)"
            " SELECT 'cleo', 'pat', 'paid', skill_no, 's', 1, 1, 'a', 'a', 1,"
            "        $1::timestamptz - g * '1 hour'::interval"
            " FROM skills, generate_series(1, 5000) g WHERE code = 'tv_mounting'",
            NOW - timedelta(days=2),
        )
        await conn.execute("VACUUM (ANALYZE) jobs")
        reads = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables WHERE relname = 'jobs'"
        for wanted in (
            Wanted(statuses=("open", "accepted")),
            Wanted(since=NOW, until=NOW + timedelta(days=1)),
            Wanted(money=("none",), statuses=("open",)),
            Wanted(ids=(job_id,)),
        ):
            for sort in Sort:
                await conn.execute("SELECT pg_stat_force_next_flush()")
                before = await conn.fetchval(reads)
                page = await board_rows(conn, wanted, now=NOW, sort=sort, after=None, limit=100)
                assert [row.id for row in page] == [job_id], wanted
                await conn.execute("SELECT pg_stat_force_next_flush()")
                assert await conn.fetchval(reads) - before < 100, wanted

    with_rows(database_url, story)


def test_late_is_past_the_windows_end_or_past_the_promise_on_the_way_until_somebody_is_there(
    database_url: str,
) -> None:
    ago, soon = NOW - timedelta(minutes=6), NOW + timedelta(minutes=1)

    async def story(conn: Connection) -> None:
        late: set[UUID] = set()
        for status in Status:
            facts = {"status": status.value, "pro_id": None if status in UNASSIGNED else "pat"}
            began = {"window_start": ago - timedelta(hours=1)}
            ended = await rows.job(conn, **facts, **began, window_end=ago)
            promised = await rows.job(conn, **facts, promised_arrival_at=ago)
            await rows.job(conn, **facts, **began, window_end=soon, promised_arrival_at=soon)
            await rows.job(conn, **facts, promised_arrival_at=NOW - timedelta(minutes=4))
            if status not in ("arrived", "in_progress", "completed", "paid", "cancelled"):
                late.add(ended)
            if status == "en_route":
                late.add(promised)
        assert await found(conn, late=True) == late
        page = await board_rows(conn, Wanted(), now=NOW, sort=Sort.NEWEST, after=None, limit=100)
        assert {row.id for row in page if row.late} == late
        assert len(page) == 4 * len(Status)

    with_rows(database_url, story)


def test_only_words_are_spelled_out_in_a_statement() -> None:
    assert spelled_out(["open", "BYO"]) == "('open', 'BYO')"
    assert spelled_out([]) == "(NULL)"
    for word in ("", "x'", "a b", "open\n", "é", "1"):
        with pytest.raises(ValueError, match="no word"):
            spelled_out([word])
