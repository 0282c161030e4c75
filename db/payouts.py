"""Payout lines: what a pro is owed, one row per ledger posting; approved, bound to a transfer, paid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from db.pool import Connection

STATUSES = ("pending", "approved", "paid", "failed")
UNPAID = "unpaid"  # all of them but the paid, in lists
DISPUTED = "dispute"  # the first word of `held_for` while a dispute is open


@dataclass(frozen=True, slots=True)
class Payout:
    """One line. Negative amounts are corrections, which later lines make good for."""

    id: int
    pro_id: str
    job_id: UUID
    ledger_key: str
    kind: str
    amount_cents: int
    status: str
    held_for: str | None
    approved_by: str | None
    approved_at: datetime | None
    transfer_no: int | None
    problem: str | None
    created_at: datetime
    paid_at: datetime | None


_COLUMNS = (
    "id, pro_id, job_id, ledger_key, kind, amount_cents, status, held_for, approved_by, approved_at,"
    " transfer_no, problem, created_at, paid_at"
)


def _payout(row: asyncpg.Record) -> Payout:
    return Payout(**dict(row.items()))


# Why a job's lines are held now: its open dispute, if it has one.
_HELD = f"""
    (SELECT '{DISPUTED} ' || min(d.dispute_id) FROM disputes d JOIN payments y ON y.id = d.payment_id
     WHERE y.job_id = {{job}} AND d.status = 'open')
"""


async def add_payout(
    conn: Connection, *, pro_id: str, job_id: UUID, ledger_key: str, kind: str, amount_cents: int
) -> None:
    """Write down what a posting owes a pro; once per posting. Zero is no line.

    `kind`: 'job', 'tip', 'overage' or 'correction'. A negative line is approved by itself: nobody is asked
    whether a refund counts. While a dispute of the job is open, its lines are born held, so the caller must
    have locked the job's row.
    """
    if amount_cents == 0:
        return
    await conn.execute(
        f"""
        INSERT INTO payouts (pro_id, job_id, ledger_key, kind, amount_cents,
                             status, approved_by, approved_at, held_for)
        SELECT $1, $2, $3, $4, $5::bigint,
               CASE WHEN $5 < 0 THEN 'approved' ELSE 'pending' END,
               CASE WHEN $5 < 0 THEN 'system' END, CASE WHEN $5 < 0 THEN now() END,
               CASE WHEN $5 > 0 THEN {_HELD.format(job="$2")} END
        ON CONFLICT (ledger_key) DO NOTHING
        """,
        pro_id,
        job_id,
        ledger_key,
        kind,
        amount_cents,
    )


async def payout_by_id(conn: Connection, number: int) -> Payout | None:
    """One line, or None."""
    row = await conn.fetchrow(f"SELECT {_COLUMNS} FROM payouts WHERE id = $1", number)
    return _payout(row) if row else None


async def list_payouts(
    conn: Connection,
    *,
    status: str | None = None,
    pro_id: str | None = None,
    job_id: UUID | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    before: int | None = None,
    limit: int = 50,
    skip: int = 0,
) -> list[Payout]:
    """Lines, newest first, from just below `before` (an id); those written from `start` until before `end`.

    `status` is one of STATUSES, or `unpaid` for all but the paid. Raises ValueError for one that is none.
    """
    where: list[str] = ["true"]
    args: list[object] = []
    for condition, value in (
        ("pro_id =", pro_id),
        ("job_id =", job_id),
        ("created_at >=", start),
        ("created_at <", end),
        ("id <", before),
    ):
        if value is not None:
            args.append(value)
            where.append(f"{condition} ${len(args)}")
    if status == UNPAID:
        where.append("status <> 'paid'")
    elif status is not None:  # spelled out, so that the partial index serves a generic plan
        where.append(f"status = '{STATUSES[STATUSES.index(status)]}'")
    rows = await conn.fetch(
        f"SELECT {_COLUMNS} FROM payouts WHERE {' AND '.join(where)} ORDER BY id DESC"
        f" LIMIT ${len(args) + 1} OFFSET {int(skip)}",
        *args,
        limit,
    )
    return [_payout(row) for row in rows]


async def lock_payouts(conn: Connection, numbers: list[int]) -> list[Payout]:
    """Those of these lines that exist, locked, in the order of their ids."""
    rows = await conn.fetch(
        f"SELECT {_COLUMNS} FROM payouts WHERE id = ANY($1::bigint[]) ORDER BY id FOR NO KEY UPDATE", numbers
    )
    return [_payout(row) for row in rows]


async def approve_payouts(conn: Connection, numbers: list[int], *, by: str, at: datetime) -> set[int]:
    """Approve those of these lines that are pending; returns which."""
    rows = await conn.fetch(
        "UPDATE payouts SET status = 'approved', approved_by = $2, approved_at = $3, problem = NULL"
        " WHERE id = ANY($1::bigint[]) AND status = 'pending' RETURNING id",
        numbers,
        by,
        at,
    )
    return {row["id"] for row in rows}


# What may be paid now: approved, unheld, in no transfer, and its money is in (a line is born by the capture).
# A correction waits for its own job's lines: it must not eat up what the pro earned elsewhere while the money
# that it corrects has not been paid out.
PAYABLE = """
    p.status = 'approved' AND p.held_for IS NULL AND p.transfer_no IS NULL
    AND (p.amount_cents > 0 OR NOT EXISTS (
        SELECT FROM payouts o WHERE o.job_id = p.job_id AND o.pro_id = p.pro_id AND o.amount_cents > 0
          AND (o.status IN ('pending', 'failed') OR o.held_for IS NOT NULL)))
"""


async def pros_to_pay(conn: Connection) -> list[str]:
    """Pros who have something that may be paid now, by id."""
    rows = await conn.fetch(f"SELECT DISTINCT p.pro_id FROM payouts p WHERE {PAYABLE} ORDER BY p.pro_id")
    return [row["pro_id"] for row in rows]


async def lock_payable(conn: Connection, pro_id: str) -> list[Payout]:
    """A pro's lines that may be paid now, locked in the order of their ids. The pro's row must be locked.

    Two statements on purpose: what another transaction held for a dispute while this one waited for the
    lock is judged by what it is now.
    """
    await conn.execute(
        "SELECT id FROM payouts WHERE pro_id = $1 AND status <> 'paid' ORDER BY id FOR NO KEY UPDATE", pro_id
    )
    rows = await conn.fetch(
        f"SELECT {_COLUMNS} FROM payouts p WHERE p.pro_id = $1 AND {PAYABLE} ORDER BY id", pro_id
    )
    return [_payout(row) for row in rows]


async def bind_payouts(conn: Connection, numbers: list[int], transfer_no: int) -> None:
    """Put locked lines into a transfer."""
    await conn.execute(
        "UPDATE payouts SET status = 'approved', transfer_no = $2, problem = NULL"
        " WHERE id = ANY($1::bigint[])",
        numbers,
        transfer_no,
    )


async def explain_payouts(conn: Connection, numbers: list[int], problem: str) -> None:
    """Say why these lines were not paid, though they might have been."""
    await conn.execute(
        "UPDATE payouts SET problem = $2 WHERE id = ANY($1::bigint[]) AND problem IS DISTINCT FROM $2",
        numbers,
        problem,
    )


async def payouts_of_transfer(conn: Connection, transfer_no: int) -> list[Payout]:
    """The lines that a transfer carries, locked in the order of their ids."""
    rows = await conn.fetch(
        f"SELECT {_COLUMNS} FROM payouts WHERE transfer_no = $1 ORDER BY id FOR NO KEY UPDATE", transfer_no
    )
    return [_payout(row) for row in rows]


async def mark_payouts_paid(conn: Connection, transfer_no: int, at: datetime) -> None:
    """The transfer arrived: so did its lines."""
    await conn.execute(
        "UPDATE payouts SET status = 'paid', paid_at = $2, problem = NULL WHERE transfer_no = $1",
        transfer_no,
        at,
    )


async def mark_payouts_failed(conn: Connection, transfer_no: int, problem: str) -> None:
    """The transfer was refused: its lines wait for a person to try again."""
    await conn.execute(
        "UPDATE payouts SET status = 'failed', problem = $2 WHERE transfer_no = $1", transfer_no, problem
    )


async def unbind_payouts(conn: Connection, transfer_no: int, problem: str | None, *, ask_again: bool) -> None:
    """Take locked lines out of a transfer that will not be, or is no more.

    With `ask_again` each needs a person's approval anew; corrections never do. What was paid and is not any
    longer is held while a dispute of its job is open.
    """
    await conn.execute(
        f"""
        UPDATE payouts SET
            transfer_no = NULL, paid_at = NULL, problem = $2,
            held_for = CASE WHEN amount_cents > 0
                            THEN coalesce(held_for, {_HELD.format(job="payouts.job_id")}) END,
            status = CASE WHEN $3 AND amount_cents > 0 THEN 'pending' ELSE 'approved' END,
            approved_by = CASE WHEN $3 AND amount_cents > 0 THEN NULL ELSE approved_by END,
            approved_at = CASE WHEN $3 AND amount_cents > 0 THEN NULL ELSE approved_at END
        WHERE transfer_no = $1
        """,
        transfer_no,
        problem,
        ask_again,
    )


async def hold_payouts(conn: Connection, job_id: UUID, dispute_id: str) -> None:
    """A dispute was opened: what of this job is not paid yet is not to be paid now."""
    await _lock_of_job(conn, job_id)
    await conn.execute(
        "UPDATE payouts SET held_for = coalesce(held_for, $2)"
        " WHERE job_id = $1 AND status <> 'paid' AND amount_cents > 0",
        job_id,
        f"{DISPUTED} {dispute_id}",
    )


async def unhold_payouts(conn: Connection, job_id: UUID) -> None:
    """The job's last open dispute was closed."""
    await _lock_of_job(conn, job_id)
    await conn.execute(
        "UPDATE payouts SET held_for = NULL WHERE job_id = $1 AND held_for LIKE $2", job_id, f"{DISPUTED} %"
    )


async def _lock_of_job(conn: Connection, job_id: UUID) -> None:
    """Lock a job's lines in the order of their ids, as everybody does.

    A statement of its own: the one that follows judges them as they are when all locks are there.
    """
    await conn.execute("SELECT id FROM payouts WHERE job_id = $1 ORDER BY id FOR NO KEY UPDATE", job_id)


async def cents_for_paid_jobs(conn: Connection, transfer_no: int) -> int:
    """What of a transfer is for jobs that are paid already: later tips, corrections, what was taken back."""
    cents: int = await conn.fetchval(
        "SELECT coalesce(sum(p.amount_cents), 0)::bigint FROM payouts p JOIN jobs j ON j.id = p.job_id"
        " WHERE p.transfer_no = $1 AND j.status = 'paid'",
        transfer_no,
    )
    return cents


async def jobs_paid_by(conn: Connection, transfer_no: int) -> list[UUID]:
    """Jobs with a line in this transfer of which nothing is left to pay."""
    rows = await conn.fetch(
        """
        SELECT DISTINCT p.job_id FROM payouts p WHERE p.transfer_no = $1 AND p.status = 'paid'
          AND NOT EXISTS (SELECT FROM payouts o WHERE o.job_id = p.job_id AND o.status <> 'paid')
        ORDER BY p.job_id
        """,
        transfer_no,
    )
    return [row["job_id"] for row in rows]
