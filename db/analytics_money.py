"""Money, ratings and messages by day; days are what `db/analytics.py` says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from db.analytics import RANGE, Days, by_day
from db.pool import Connection

FLOWS = ("captured", "refunded", "disputed", "fees", "tips", "paid_out", "pros")


@dataclass(frozen=True, slots=True)
class MoneyFigures:
    """Cents, from the ledger, by the day of posting. Revenue is what was captured less what was refunded.

    `disputed_cents` left for disputes, less what came back. `fees_cents` is the platform's share of it all,
    `pros_cents` the pros', tips included. `tips_cents` is part of what was captured and wholly the pros'.
    """

    captured_cents: int = 0
    refunded_cents: int = 0
    revenue_cents: int = 0
    disputed_cents: int = 0
    fees_cents: int = 0
    tips_cents: int = 0
    paid_out_cents: int = 0
    pros_cents: int = 0


@dataclass(frozen=True, slots=True)
class RatingFigures:
    """Customers' reviews of pros, by the day they were written; without hidden ones."""

    count: int = 0
    mean: float | None = None


@dataclass(frozen=True, slots=True)
class MessageFigures:
    """Messages by the day they were to go out, as they stand now; costs in millionths of a dollar.

    `jobs` are those that messages were about, and `cost_per_job_micros` is what each of them cost.
    """

    queued: int = 0
    sending: int = 0
    sent: int = 0
    delivered: int = 0
    failed: int = 0
    suppressed: int = 0
    expired: int = 0
    cost_micros: int = 0
    jobs: int = 0
    cost_per_job_micros: int | None = None


async def owed_to_pros(conn: Connection) -> int:
    """What the ledger says that all pros together are owed now, in cents."""
    cents: int = await conn.fetchval(
        "SELECT coalesce(-sum(amount_cents), 0)::bigint FROM ledger_entries WHERE account = 'pro_payable'"
    )
    return cents


async def money_figures(conn: Connection, starts: list[datetime], end: datetime) -> Days[MoneyFigures]:
    """What came in, went back, and went out. Debits are positive: what the provider holds for us grows.

    The ledger does not tell a tip from a share, so tips are those of the payments whose capture was posted.
    """
    sums = {flow: f"coalesce(sum(cents) FILTER (WHERE flow = '{flow}'), 0)::bigint" for flow in FLOWS}
    sums["revenue"] = f"{sums['captured']} - {sums['refunded']}"
    columns = ", ".join(f"{value} AS {flow}_cents" for flow, value in sums.items())
    rows = await conn.fetch(
        f"""
        WITH posted AS (
            SELECT id, key, kind, width_bucket(posted_at, $1) AS day
            FROM ledger_transactions WHERE {RANGE.format("posted_at")}),
        daily AS (
            SELECT p.day, p.kind, e.account, sum(e.amount_cents) AS cents
            FROM posted p JOIN ledger_entries e ON e.transaction_id = p.id
            WHERE e.account IN ('provider_balance', 'platform_revenue', 'pro_payable')
            GROUP BY p.day, p.kind, e.account
            UNION ALL
            SELECT p.day, 'tip', '', sum(y.tip_cents)
            FROM posted p JOIN payments y ON y.id = substring(p.key FROM '^payment:([0-9]+):')::bigint
            WHERE p.kind = 'capture' GROUP BY p.day),
        flows AS (
            SELECT day, CASE WHEN kind = 'tip' THEN 'tips'
                             WHEN account = 'platform_revenue' THEN 'fees'
                             WHEN account = 'pro_payable' AND kind NOT LIKE 'payout%' THEN 'pros'
                             WHEN account = 'pro_payable' THEN NULL
                             WHEN kind IN ('deposit', 'capture') THEN 'captured'
                             WHEN kind LIKE 'refund%' THEN 'refunded'
                             WHEN kind LIKE 'dispute%' THEN 'disputed'
                             WHEN kind LIKE 'payout%' THEN 'paid_out' END AS flow,
                   CASE WHEN kind = 'tip' OR account = 'provider_balance' AND kind IN ('deposit', 'capture')
                        THEN cents ELSE -cents END AS cents
            FROM daily)
        SELECT day, {columns} FROM flows GROUP BY GROUPING SETS ((day), ())
        """,
        starts,
        end,
    )
    return by_day(MoneyFigures, rows)


async def rating_figures(conn: Connection, starts: list[datetime], end: datetime) -> Days[RatingFigures]:
    """What customers thought."""
    rows = await conn.fetch(
        f"""
        SELECT day, count(*) AS count, avg(rating)::float8 AS mean
        FROM (SELECT width_bucket(created_at, $1) AS day, rating FROM reviews
              WHERE {RANGE.format("created_at")} AND direction = 'customer_to_pro' AND hidden_at IS NULL) r
        GROUP BY GROUPING SETS ((day), ())
        """,
        starts,
        end,
    )
    return by_day(RatingFigures, rows)


async def message_figures(conn: Connection, starts: list[datetime], end: datetime) -> Days[MessageFigures]:
    """What became of messages, and what they cost."""
    counts = ", ".join(
        f"count(*) FILTER (WHERE status = '{status}') AS {status}"
        for status in ("queued", "sending", "sent", "delivered", "failed", "suppressed", "expired")
    )
    rows = await conn.fetch(
        f"""
        SELECT day, {counts}, coalesce(sum(cost_micros), 0)::bigint AS cost_micros,
               count(DISTINCT job_id) AS jobs,
               round(coalesce(sum(cost_micros) FILTER (WHERE job_id IS NOT NULL), 0)
                     / nullif(count(DISTINCT job_id), 0))::bigint AS cost_per_job_micros
        FROM (SELECT width_bucket(d.send_after, $1) AS day, d.status, d.cost_micros, n.job_id
              FROM deliveries d JOIN notifications n ON n.id = d.notification_id
              WHERE {RANGE.format("d.send_after")}) m
        GROUP BY GROUPING SETS ((day), ())
        """,
        starts,
        end,
    )
    return by_day(MessageFigures, rows)
