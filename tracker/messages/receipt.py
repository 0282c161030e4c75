"""The receipt: lines, tip, total, what was charged, where, when, and the photos. A rule module.

It is made when it is sent, from what the database says then; the mail and its text say the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from db.jobs import Job
from db.payments import Payment
from tracker.messages import pages
from tracker.messages.channels import Picture
from tracker.messages.plain_words import harmless
from tracker.messages.texts import Voice, moment_text, money
from tracker.money.books import price_of


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo that the receipt shows: from before the work or after it."""

    after: bool
    picture: Picture


@dataclass(frozen=True, slots=True)
class Bill:
    """What a job cost and what was paid for it, in cents. `sandbox`: by no real provider."""

    price_cents: int
    tip_cents: int
    charged_cents: int
    refunded_cents: int
    sandbox: bool

    @property
    def total_cents(self) -> int:
        """Price and tip."""
        return self.price_cents + self.tip_cents

    @property
    def open_cents(self) -> int:
        """What was not charged (yet)."""
        return max(0, self.total_cents - self.charged_cents)


def bill_of(job: Job, payments: Sequence[Payment]) -> Bill:
    """The bill by what the payments say now."""
    return Bill(
        price_cents=price_of(job),
        tip_cents=job.tip_cents,
        charged_cents=sum(one.captured_cents for one in payments),
        refunded_cents=sum(one.refunded_cents for one in payments),
        sandbox=any(one.provider == "sandbox" for one in payments),
    )


def receipt_text(job: Job, bill: Bill, voice: Voice) -> str:
    """The receipt as plain text."""
    words = voice.catalogue.receipt
    rows = [*bill_rows(job, bill, voice), ("", ""), *job_rows(job, voice)]
    told = [f"{label}: {value}" if label else "" for label, value in rows]
    note = [words.sandbox, ""] if bill.sandbox else []
    thanks = words.thanks.format(customer=harmless(job.customer_name))
    return "\n".join([thanks, "", *told, "", *note, voice.company]) + "\n"


def receipt_html(job: Job, bill: Bill, photos: Sequence[Photo], title: str, voice: Voice) -> str:
    """The receipt as a page for mail programs."""
    words, rows = voice.catalogue.receipt, bill_rows(job, bill, voice)
    until_total = 2 + (bill.tip_cents > 0)
    inner = [
        pages.paragraph(words.thanks.format(customer=harmless(job.customer_name))),
        pages.lines(rows[:until_total], total=True),
        pages.lines(rows[until_total:]) if rows[until_total:] else "",
        pages.warning(words.sandbox) if bill.sandbox else "",
        pages.heading(words.job),
        pages.lines(job_rows(job, voice), wrap=True),
    ]
    for after, label in ((False, words.before), (True, words.after)):
        shown = [(f"cid:{one.picture.name}", label) for one in photos if one.after is after]
        if shown:
            inner += [pages.heading(label), pages.pictures(shown)]
    return pages.page(title, voice.company, "".join(inner), language=voice.language)


def bill_rows(job: Job, bill: Bill, voice: Voice) -> list[tuple[str, str]]:
    """The money, line by line: service, tip, total, then what became of it."""
    words, service = voice.catalogue.receipt, harmless(job.service)
    rows = [
        (service, bill.price_cents, True),
        (words.tip, bill.tip_cents, False),
        (words.total, bill.total_cents, True),
        (words.charged, bill.charged_cents, False),
        (words.open, bill.open_cents, False),
        (words.refunded, -bill.refunded_cents, False),
    ]
    return [(label, money(cents, voice.currency)) for label, cents, always in rows if cents or always]


def job_rows(job: Job, voice: Voice) -> list[tuple[str, str]]:
    """Where, who, when, and how long."""
    words = voice.catalogue.receipt
    rows = [
        (words.address, harmless(job.address)),
        (words.done_by, harmless(job.pro_name or "")),
        (words.started, moment_text(job.started_at, voice) if job.started_at else None),
        (words.finished, moment_text(job.finished_at, voice) if job.finished_at else None),
        (
            words.labour,
            None if job.labour_minutes is None else words.minutes.format(minutes=job.labour_minutes),
        ),
        (words.reference, job.reference or str(job.id)[:8]),
    ]
    return [(label, value) for label, value in rows if value]
