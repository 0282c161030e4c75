"""Where a job's money is, in one word, worked out in SQL so that the board can be filtered by it.

The words are those of `tracker.money.terms.state_of`, with two that the board adds: a payout that failed and
a pro who has been paid. `MONEY_OF_JOB` tells the word of a few jobs, `is_in` finds the jobs of a word among
all; tests hold the three against each other.
"""

from __future__ import annotations

from collections.abc import Collection

_DISPUTED = "EXISTS (SELECT FROM payments WHERE job_id = j.id AND dispute IN ('open', 'lost'))"
_OUT_FAILED = "EXISTS (SELECT FROM payouts WHERE job_id = j.id AND status = 'failed')"
_BACK = "EXISTS (SELECT FROM payments WHERE job_id = j.id AND refunded_cents > 0)"
_ALL_BACK = "(SELECT sum(refunded_cents) = sum(captured_cents) FROM payments WHERE job_id = j.id)"
_TAKEN = "EXISTS (SELECT FROM payments WHERE job_id = j.id AND captured_cents > 0)"
_OUT = "EXISTS (SELECT FROM payouts WHERE job_id = j.id AND status = 'paid')"
_OWED = "EXISTS (SELECT FROM payouts WHERE job_id = j.id AND status <> 'paid')"
_HELD, _WAITING, _FAILED, _RELEASED = (
    f"EXISTS (SELECT FROM payments WHERE job_id = j.id AND status = '{status}')"
    for status in ("authorized", "asked", "failed", "released")
)
_QUIET = f"NOT {_DISPUTED} AND NOT {_OUT_FAILED}"
_KEPT = f"{_QUIET} AND NOT {_BACK}"
_UNTAKEN = f"NOT {_TAKEN} AND {_QUIET}"

# Each word and the condition on `jobs j` that it stands for; no two are true of one job. Nothing but plain
# questions of existence, so that a common word stops reading at the page's end and a rare one begins with it.
_MEANS = {
    "disputed": _DISPUTED,
    "payout_failed": f"{_OUT_FAILED} AND NOT {_DISPUTED}",
    "refunded": f"{_BACK} AND {_ALL_BACK} AND {_QUIET}",
    "partly_refunded": f"{_BACK} AND NOT {_ALL_BACK} AND {_QUIET}",
    "paid_out": f"{_TAKEN} AND {_OUT} AND NOT {_OWED} AND {_KEPT}",
    "captured": f"{_TAKEN} AND ({_OWED} OR NOT {_OUT}) AND {_KEPT}",
    "held": f"{_HELD} AND {_UNTAKEN}",
    "waiting": f"{_WAITING} AND NOT {_HELD} AND {_UNTAKEN}",
    "failed": f"{_FAILED} AND NOT {_WAITING} AND NOT {_HELD} AND {_UNTAKEN}",
    "released": f"{_RELEASED} AND NOT {_FAILED} AND NOT {_WAITING} AND NOT {_HELD} AND {_UNTAKEN}",
    "none": "NOT EXISTS (SELECT FROM payments WHERE job_id = j.id)",
}
MONEY_STATES = tuple(_MEANS)

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


def is_in(states: Collection[str]) -> str:
    """Whether the money of a job `j` is in one of these states. Raises KeyError for no state."""
    return "(" + " OR ".join(f"({_MEANS[state]})" for state in dict.fromkeys(states)) + ")"
