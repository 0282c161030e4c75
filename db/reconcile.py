"""Do the books agree with each other? Each query finds what does not: subject, what stands, what should.

All are read in one snapshot (`one_moment`): rows and postings are written in one transaction, so a difference
is never just something under way.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from db.pool import Connection, Database

LIMIT = 200  # differences of one kind; more of them are not more of a finding


@dataclass(frozen=True, slots=True)
class Mismatch:
    """`subject` names the row; cents that stand in one place, and what another place says they should be."""

    subject: str
    stands_cents: int
    should_cents: int


@asynccontextmanager
async def one_moment(database: Database) -> AsyncIterator[Connection]:
    """A connection that sees the database as it is at one moment, and cannot change it."""
    async with (
        database.connection() as conn,
        conn.transaction(isolation="repeatable_read", readonly=True),
    ):
        yield conn


async def _mismatches(conn: Connection, query: str) -> list[Mismatch]:
    rows = await conn.fetch(
        f"""
        WITH posted AS NOT MATERIALIZED (
                 SELECT t.id, t.key, t.kind, t.job_id, e.account, e.pro_id, e.amount_cents
                 FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id),
             found AS ({query})
        SELECT subject, coalesce(stands, 0)::bigint AS stands, coalesce(should, 0)::bigint AS should
        FROM found WHERE coalesce(stands, 0) <> coalesce(should, 0) ORDER BY subject LIMIT {LIMIT}
        """
    )
    return [Mismatch(row["subject"], row["stands"], row["should"]) for row in rows]


# What a payment has given back, and what of it is then still a deposit or still earned; the same rules as
# tracker.money.terms, here once more and by themselves, because two that agree say more than one.
_GIVEN_BACK = "(p.refunded_cents + CASE WHEN p.dispute = 'lost' THEN p.disputed_cents ELSE 0 END)"
_DEPOSIT = f"greatest(0, p.captured_cents - p.earned_cents - {_GIVEN_BACK})"
_EARNED = f"greatest(0, p.earned_cents - greatest(0, {_GIVEN_BACK} - (p.captured_cents - p.earned_cents)))"


async def unbalanced(conn: Connection) -> list[Mismatch]:
    """Ledger transactions that do not sum to zero; the database refuses them, unless it was told not to."""
    return await _mismatches(
        conn,
        """
        SELECT 'ledger transaction ' || t.id || ' (' || t.key || ')' AS subject,
               coalesce(sum(e.amount_cents), 0) + CASE WHEN count(e.id) < 2 THEN 1 ELSE 0 END AS stands,
               0 AS should
        FROM ledger_transactions t LEFT JOIN ledger_entries e ON e.transaction_id = t.id GROUP BY t.id
        """,
    )


async def captures(conn: Connection) -> list[Mismatch]:
    """Payments whose captured cents are not what the ledger took in for them."""
    return await _mismatches(
        conn,
        """
        SELECT 'payment ' || p.id AS subject, p.captured_cents AS stands,
               (SELECT sum(amount_cents) FROM posted
                WHERE key = 'payment:' || p.id || ':capture' AND account = 'provider_balance') AS should
        FROM payments p
        """,
    )


async def shares(conn: Connection) -> list[Mismatch]:
    """Jobs whose payments earned something else than pro and platform were given in the ledger."""
    return await _mismatches(
        conn,
        f"""
        SELECT 'job ' || p.job_id || ', earned' AS subject, sum({_EARNED}) AS stands,
               (SELECT -sum(amount_cents) FROM posted
                WHERE job_id = p.job_id AND account IN ('pro_payable', 'platform_revenue')) AS should
        FROM payments p GROUP BY p.job_id
        """,
    )


async def deposits(conn: Connection) -> list[Mismatch]:
    """Jobs whose unearned money is not what the ledger keeps as the customer's."""
    return await _mismatches(
        conn,
        f"""
        SELECT 'job ' || p.job_id || ', deposits' AS subject, sum({_DEPOSIT}) AS stands,
               (SELECT -sum(amount_cents) FROM posted
                WHERE job_id = p.job_id AND account = 'deposits') AS should
        FROM payments p GROUP BY p.job_id
        """,
    )


async def refunds(conn: Connection) -> list[Mismatch]:
    """Payments whose refunds come to something else, and refunds that the ledger has otherwise."""
    return await _mismatches(
        conn,
        """
        SELECT 'payment ' || p.id || ', refunded' AS subject, p.refunded_cents AS stands,
               (SELECT sum(r.amount_cents) FROM refunds r
                WHERE r.payment_id = p.id AND r.status = 'done') AS should
        FROM payments p
        UNION ALL
        SELECT 'refund ' || r.id, CASE WHEN r.status = 'done' THEN r.amount_cents ELSE 0 END,
               (SELECT -sum(amount_cents) FROM posted WHERE account = 'provider_balance'
                AND key IN ('refund:' || r.id, 'refund:' || r.id || ':failed'))
        FROM refunds r
        """,
    )


async def disputes(conn: Connection) -> list[Mismatch]:
    """Disputes whose money is not where it should be: away while open, gone when lost, back when won."""
    where = """
        (SELECT sum(amount_cents) FROM posted WHERE account = '{}' AND key IN (
            'dispute:' || d.dispute_id || ':opened', 'dispute:' || d.dispute_id || ':won',
            'dispute:' || d.dispute_id || ':lost'))
    """
    return await _mismatches(
        conn,
        f"""
        SELECT 'dispute ' || d.dispute_id AS subject,
               CASE WHEN d.status = 'open' THEN d.amount_cents ELSE 0 END AS stands,
               {where.format("disputed")} AS should
        FROM disputes d
        UNION ALL
        SELECT 'dispute ' || d.dispute_id || ', balance',
               CASE WHEN d.status = 'won' THEN 0 ELSE -d.amount_cents END,
               {where.format("provider_balance")}
        FROM disputes d
        """,
    )


async def payout_lines(conn: Connection) -> list[Mismatch]:
    """Payout lines that are not their posting, and postings to a pro without a line."""
    return await _mismatches(
        conn,
        """
        SELECT 'payout ' || p.id AS subject, p.amount_cents AS stands,
               (SELECT -sum(amount_cents) FROM posted
                WHERE key = p.ledger_key AND pro_id = p.pro_id) AS should
        FROM payouts p
        UNION ALL
        SELECT 'ledger transaction ' || t.id || ' (' || t.key || ') without a payout line', 0,
               -sum(t.amount_cents)
        FROM posted t WHERE t.account = 'pro_payable' AND t.kind NOT IN ('payout', 'payout_reversed')
          AND NOT EXISTS (SELECT FROM payouts p WHERE p.ledger_key = t.key) GROUP BY t.id, t.key
        """,
    )


async def owed(conn: Connection) -> list[Mismatch]:
    """Pros to whom the ledger owes something else than their unpaid lines come to."""
    return await _mismatches(
        conn,
        """
        SELECT 'pro ' || s.id AS subject,
               (SELECT sum(amount_cents) FROM payouts WHERE pro_id = s.id AND status <> 'paid') AS stands,
               (SELECT -sum(amount_cents) FROM ledger_entries WHERE pro_id = s.id) AS should
        FROM people s WHERE s.role = 'pro'
        """,
    )


async def transfers(conn: Connection) -> list[Mismatch]:
    """Transfers that the ledger has otherwise, and transfers whose lines do not come to their amount."""
    return await _mismatches(
        conn,
        """
        SELECT 'transfer ' || s.id AS subject,
               CASE WHEN s.status IN ('paid', 'reversed')
                    THEN s.amount_cents - s.reversed_cents END AS stands,
               t.cents AS should
        FROM transfers s LEFT JOIN (
            SELECT split_part(key, ':', 2)::bigint AS number, sum(amount_cents) AS cents FROM posted
            WHERE kind IN ('payout', 'payout_reversed') AND account = 'pro_payable' GROUP BY 1) t
          ON t.number = s.id
        UNION ALL
        SELECT 'transfer ' || s.id || ', lines', s.amount_cents,
               (SELECT sum(amount_cents) FROM payouts p WHERE p.transfer_no = s.id)
        FROM transfers s WHERE s.status IN ('asked', 'paid')
        """,
    )


async def job_events(conn: Connection) -> list[Mismatch]:
    """Captures that the job's record tells otherwise, or not at all."""
    return await _mismatches(
        conn,
        """
        SELECT 'job ' || p.job_id || ', event of the capture of payment ' || p.id AS subject,
               p.captured_cents AS stands,
               (SELECT sum((e.data->>'amount_cents')::bigint) FROM job_events e
                WHERE e.job_id = p.job_id AND e.kind = 'captured'
                  AND (e.data->>'payment')::bigint = p.id) AS should
        FROM payments p
        """,
    )


async def odd_jobs(conn: Connection, *, before: datetime) -> list[str]:
    """Jobs that are paid and should not be, or the other way round since `before`, in words."""
    rows = await conn.fetch(
        """
        SELECT 'job ' || j.id || ' is paid, and no payout line of it ever was' AS odd FROM jobs j
        WHERE j.status = 'paid' AND NOT EXISTS (SELECT FROM payouts p WHERE p.job_id = j.id)
        UNION ALL
        SELECT 'job ' || j.id || ' is completed, though all of its payout lines are paid' FROM jobs j
        WHERE j.status = 'completed'
          AND (SELECT bool_and(p.status = 'paid' AND p.paid_at < $1) FROM payouts p WHERE p.job_id = j.id)
        ORDER BY 1 LIMIT $2
        """,
        before,
        LIMIT,
    )
    return [row["odd"] for row in rows]


async def calls_in_the_dark(conn: Connection, *, before: datetime) -> list[str]:
    """Calls that move money, tried before this moment, of which nobody knows what came, in words."""
    rows = await conn.fetch(
        "SELECT key FROM money_calls WHERE outcome IS NULL AND tried_at < $1 ORDER BY key LIMIT $2",
        before,
        LIMIT,
    )
    return [f"call {row['key']} was tried, and what came of it is not known" for row in rows]


async def payments_to_compare(
    conn: Connection, provider: str, *, since: datetime, after: int, limit: int
) -> list[int]:
    """Numbers of payments with an intent that changed `since`, or are not at their end, after a number."""
    rows = await conn.fetch(
        """
        SELECT id FROM payments WHERE provider = $1 AND intent_id IS NOT NULL AND id > $3
          AND (updated_at >= $2 OR status IN ('asked', 'authorized') OR dispute = 'open') ORDER BY id LIMIT $4
        """,
        provider,
        since,
        after,
        limit,
    )
    return [row["id"] for row in rows]


async def transfers_to_compare(
    conn: Connection, provider: str, *, since: datetime, after: int, limit: int
) -> list[int]:
    """Numbers of transfers that were sent and ended `since`, after a number."""
    rows = await conn.fetch(
        "SELECT id FROM transfers WHERE provider = $1 AND transfer_id IS NOT NULL AND id > $3"
        " AND ended_at >= $2 ORDER BY id LIMIT $4",
        provider,
        since,
        after,
        limit,
    )
    return [row["id"] for row in rows]


async def unknown_intents(conn: Connection, intent_ids: list[str]) -> list[str]:
    """Those of these intents that are no payment's."""
    return await _unknown(conn, "payments", "intent_id", intent_ids)


async def unknown_transfers(conn: Connection, transfer_ids: list[str]) -> list[str]:
    """Those of these transfers that are none of ours."""
    return await _unknown(conn, "transfers", "transfer_id", transfer_ids)


async def _unknown(conn: Connection, table: str, column: str, ids: list[str]) -> list[str]:
    rows = await conn.fetch(
        "SELECT asked.id FROM unnest($1::text[]) AS asked (id)"
        f" WHERE NOT EXISTS (SELECT FROM {table} t WHERE t.{column} = asked.id) ORDER BY asked.id",
        ids,
    )
    return [row["id"] for row in rows]
