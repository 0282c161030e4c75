"""Payout lines as people look at them: for which work, and what each pro is owed now."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from db.payouts import PAYABLE
from db.pool import Connection


@dataclass(frozen=True, slots=True)
class Label:
    """What a line's numbers mean to people."""

    pro_name: str
    service: str
    reference: str | None


@dataclass(frozen=True, slots=True)
class Heap:
    """Unpaid lines that wait for the same thing."""

    lines: int = 0
    cents: int = 0


@dataclass(frozen=True, slots=True)
class Due:
    """What one pro is owed; every unpaid line is in one heap.

    `pending` waits for a person's approval, `due` goes with the next run, `waiting` are corrections that
    wait for the lines of their own job, `held` waits for a dispute, `sending` is in a transfer, `failed` was
    refused.
    """

    pro_id: str
    name: str
    has_account: bool
    pending: Heap
    due: Heap
    waiting: Heap
    held: Heap
    sending: Heap
    failed: Heap


HEAPS = ("pending", "due", "waiting", "held", "sending", "failed")


async def label_payouts(conn: Connection, numbers: Collection[int]) -> dict[int, Label]:
    """Whose these lines are, and for which work, by the lines' ids."""
    rows = await conn.fetch(
        """
        SELECT p.id, e.name AS pro_name, j.service, j.reference
        FROM payouts p JOIN people e ON e.id = p.pro_id JOIN jobs j ON j.id = p.job_id
        WHERE p.id = ANY($1::bigint[])
        """,
        list(numbers),
    )
    return {row["id"]: Label(row["pro_name"], row["service"], row["reference"]) for row in rows}


async def payouts_due(conn: Connection) -> list[Due]:
    """Every pro with an unpaid line, by name. One statement, so one moment."""
    rows = await conn.fetch(
        f"""
        SELECT h.pro_id, e.name, e.payout_account IS NOT NULL AS has_account,
               array_agg(h.heap ORDER BY h.heap) AS heaps, array_agg(h.lines ORDER BY h.heap) AS lines,
               array_agg(h.cents ORDER BY h.heap) AS cents
        FROM (SELECT pro_id, heap, count(*)::int AS lines, sum(amount_cents)::bigint AS cents
              FROM (SELECT p.pro_id, p.amount_cents,
                           CASE WHEN p.status = 'failed' THEN 'failed'
                                WHEN p.transfer_no IS NOT NULL THEN 'sending'
                                WHEN p.held_for IS NOT NULL THEN 'held'
                                WHEN p.status = 'pending' THEN 'pending'
                                WHEN {PAYABLE} THEN 'due'
                                ELSE 'waiting' END AS heap
                    FROM payouts p WHERE p.status <> 'paid') l
              GROUP BY pro_id, heap) h
        JOIN people e ON e.id = h.pro_id
        GROUP BY h.pro_id, e.name, has_account ORDER BY e.name, h.pro_id
        """
    )
    found: list[Due] = []
    for row in rows:
        sums = {
            name: Heap(lines, cents)
            for name, lines, cents in zip(row["heaps"], row["lines"], row["cents"], strict=True)
        }
        heaps = {name: sums.get(name, Heap()) for name in HEAPS}
        found.append(Due(row["pro_id"], row["name"], row["has_account"], **heaps))
    return found
