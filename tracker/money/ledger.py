"""The ledger's rules: which accounts there are, and that a posting sums to zero. Debits are positive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from db.ledger import insert_transaction
from db.pool import Connection


class Account(StrEnum):
    """Where money is, or whose it is."""

    PROVIDER_BALANCE = "provider_balance"  # asset: what the payment provider holds for us
    PRO_PAYABLE = "pro_payable"  # liability: what we owe a pro; positive, a pro owes us
    PLATFORM_REVENUE = "platform_revenue"  # income: our fee
    DEPOSITS = "deposits"  # liability: taken before the work was done, still the customer's
    DISPUTED = "disputed"  # asset: taken from us while a dispute is open
    LOSSES = "losses"  # expense: what nobody else bears


@dataclass(frozen=True, slots=True)
class Entry:
    """Signed cents in an account; `pro_id` for `pro_payable`, and only there."""

    account: Account
    amount_cents: int
    pro_id: str | None = None


async def post(
    conn: Connection,
    *,
    key: str,
    kind: str,
    entries: Sequence[Entry],
    job_id: UUID | None,
    memo: str = "",
) -> bool:
    """Post a transaction once per `key`, in the caller's transaction; False when it was posted before.

    Entries of zero cents say nothing and are left out. Raises ValueError when the entries do not sum to
    zero, or when fewer than two say something.
    """
    said = [entry for entry in entries if entry.amount_cents]
    total = sum(entry.amount_cents for entry in said)
    if total or len(said) < 2:
        raise ValueError(f"posting {key} has {len(said)} entries that sum to {total} cents")
    return await insert_transaction(
        conn,
        key=key,
        kind=kind,
        job_id=job_id,
        memo=memo,
        entries=[(entry.account.value, entry.pro_id, entry.amount_cents) for entry in said],
    )
