"""Payout lines and transfers as dispatch sees them."""

from __future__ import annotations

from msgspec import structs

from api.shapes import Answer, Instant
from db.payout_lists import Label
from db.payouts import Payout
from db.transfers import Sent


class PayoutEntry(Answer):
    """One line of what a pro is owed. `kind`: job, tip, overage or correction (which may be negative).

    `held_for` says why an unpaid line is not to be paid now, `problem` why it was not paid. `transfer` is the
    number of the transfer that it is in.
    """

    id: int
    pro_id: str
    job_id: str
    kind: str
    amount_cents: int
    status: str
    held_for: str | None
    problem: str | None
    approved_by: str | None
    transfer: int | None
    created_at: Instant
    paid_at: Instant | None


class ListedPayout(PayoutEntry):
    """A line in a list, with what its numbers mean."""

    pro_name: str
    service: str
    reference: str | None


class PayoutPage(Answer):
    """Lines, newest first; `next` is the cursor of the page after this one."""

    payouts: list[ListedPayout]
    next: str | None


class TransferEntry(Answer):
    """Money sent to one pro. `status`: asked, paid, failed or reversed; `provider` says whether it was real.

    `transfer_id` is the provider's own; `reversed_cents` of it were taken back.
    """

    id: int
    pro_id: str
    provider: str
    amount_cents: int
    reversed_cents: int
    currency: str
    status: str
    transfer_id: str | None
    problem: str | None
    run_key: str
    created_at: Instant
    ended_at: Instant | None


class ListedTransfer(TransferEntry):
    """A transfer in a list, with the pro's name."""

    pro_name: str


class TransferPage(Answer):
    """Transfers, newest first; `next` is the cursor of the page after this one."""

    transfers: list[ListedTransfer]
    next: str | None


def payout_entry(line: Payout) -> PayoutEntry:
    """A line for the wire."""
    return PayoutEntry(
        id=line.id,
        pro_id=line.pro_id,
        job_id=str(line.job_id),
        kind=line.kind,
        amount_cents=line.amount_cents,
        status=line.status,
        held_for=line.held_for,
        problem=line.problem,
        approved_by=line.approved_by,
        transfer=line.transfer_no,
        created_at=Instant.of(line.created_at),
        paid_at=Instant.maybe(line.paid_at),
    )


def listed_payout(line: Payout, label: Label) -> ListedPayout:
    """A line of a list for the wire."""
    return ListedPayout(
        **structs.asdict(payout_entry(line)),
        pro_name=label.pro_name,
        service=label.service,
        reference=label.reference,
    )


def transfer_entry(sent: Sent) -> TransferEntry:
    """A transfer for the wire."""
    return TransferEntry(
        id=sent.id,
        pro_id=sent.pro_id,
        provider=sent.provider,
        amount_cents=sent.amount_cents,
        reversed_cents=sent.reversed_cents,
        currency=sent.currency,
        status=sent.status,
        transfer_id=sent.transfer_id,
        problem=sent.problem,
        run_key=sent.run_key,
        created_at=Instant.of(sent.created_at),
        ended_at=Instant.maybe(sent.ended_at),
    )


def listed_transfer(sent: Sent, pro_name: str) -> ListedTransfer:
    """A transfer of a list for the wire."""
    return ListedTransfer(**structs.asdict(transfer_entry(sent)), pro_name=pro_name)
