"""Where a job's money is, in one word, worked out in SQL so that the board can be filtered by it.

The words and their order are those of `tracker.money.terms.state_of`, with two that the board adds: a payout
that failed and a pro who has been paid. A test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Collection

# A word and where its jobs are to be found: no other job can have it. The worst news comes first.
_AMONG = {
    "disputed": "SELECT job_id FROM payments WHERE dispute IN ('open', 'lost')",
    "payout_failed": "SELECT job_id FROM payouts WHERE status = 'failed'",
    "refunded": "SELECT job_id FROM payments WHERE refunded_cents > 0",
    "partly_refunded": "SELECT job_id FROM payments WHERE refunded_cents > 0",
    "paid_out": "SELECT job_id FROM payouts WHERE status = 'paid'",
    "captured": "SELECT job_id FROM payments WHERE captured_cents > 0",
    "held": "SELECT job_id FROM payments WHERE status = 'authorized'",
    "waiting": "SELECT job_id FROM payments WHERE status = 'asked'",
    "failed": "SELECT job_id FROM payments WHERE status = 'failed'",
    "released": "SELECT job_id FROM payments WHERE status = 'released'",
}
_NONE = "none"
MONEY_STATES = (*_AMONG, _NONE)

# For FROM, beside jobs as `j`: `m.state`, and `m.cents`, the amount that the word is about.
MONEY_OF_JOB = """
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(captured_cents), 0)::bigint AS captured,
               coalesce(sum(refunded_cents), 0)::bigint AS refunded,
               sum(disputed_cents) FILTER (WHERE dispute IN ('open', 'lost'))::bigint AS disputed,
               sum(authorized_cents) FILTER (WHERE status = 'authorized')::bigint AS held,
               sum(amount_cents) FILTER (WHERE status = 'asked')::bigint AS waiting,
               sum(amount_cents) FILTER (WHERE status = 'failed')::bigint AS failed,
               sum(authorized_cents) FILTER (WHERE status = 'released')::bigint AS released
        FROM payments WHERE job_id = j.id) taken
    CROSS JOIN LATERAL (
        SELECT sum(amount_cents) FILTER (WHERE status = 'failed')::bigint AS failed,
               sum(amount_cents) FILTER (WHERE status = 'paid')::bigint AS paid,
               coalesce(bool_or(status <> 'paid'), false) AS waits
        FROM payouts WHERE job_id = j.id) owed
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN taken.disputed IS NOT NULL THEN 'disputed'
            WHEN owed.failed IS NOT NULL THEN 'payout_failed'
            WHEN taken.captured > 0 AND taken.refunded = taken.captured THEN 'refunded'
            WHEN taken.captured > 0 AND taken.refunded > 0 THEN 'partly_refunded'
            WHEN taken.captured > 0 AND owed.paid IS NOT NULL AND NOT owed.waits THEN 'paid_out'
            WHEN taken.captured > 0 THEN 'captured'
            WHEN taken.held IS NOT NULL THEN 'held'
            WHEN taken.waiting IS NOT NULL THEN 'waiting'
            WHEN taken.failed IS NOT NULL THEN 'failed'
            WHEN taken.released IS NOT NULL THEN 'released'
            ELSE 'none' END AS state) word
    CROSS JOIN LATERAL (
        SELECT word.state, CASE word.state
            WHEN 'disputed' THEN taken.disputed
            WHEN 'payout_failed' THEN owed.failed
            WHEN 'refunded' THEN taken.refunded
            WHEN 'partly_refunded' THEN taken.refunded
            WHEN 'paid_out' THEN owed.paid
            WHEN 'captured' THEN taken.captured
            WHEN 'held' THEN taken.held
            WHEN 'waiting' THEN taken.waiting
            WHEN 'failed' THEN taken.failed
            WHEN 'released' THEN taken.released
            ELSE coalesce(j.final_price_cents, j.price_cents) END AS cents) m
"""


def may_be_in(states: Collection[str]) -> str:
    """What every job `j` in one of these states meets, asked by index. Raises KeyError for no state."""
    lists = dict.fromkeys(_AMONG[state] for state in states if state != _NONE)
    found = [f"j.id IN ({' UNION ALL '.join(lists)})"] if lists else []
    if _NONE in states:
        found.append("NOT EXISTS (SELECT FROM payments WHERE job_id = j.id)")
    return f"({' OR '.join(found)})"
