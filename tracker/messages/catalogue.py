"""What a catalogue of texts holds: per kind its texts, and the phrases they are put together from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tracker.messages.kinds import Kind


@dataclass(frozen=True, slots=True)
class Texts:
    """One kind's texts: the bell, push and mail show title and body; `sms` for kinds that may go by SMS."""

    title: str
    body: str
    sms: str | None = None


@dataclass(frozen=True, slots=True)
class ReceiptWords:
    """The words of a receipt."""

    tip: str
    total: str
    charged: str
    refunded: str
    open: str  # not charged (yet)
    sandbox: str
    thanks: str
    job: str  # the heading over what was done, where and when
    address: str
    done_by: str
    started: str
    finished: str
    labour: str
    minutes: str
    before: str
    after: str
    reference: str
    moment: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One language."""

    texts: Mapping[Kind, Texts]
    when: str  # appended where an appointment is known
    eta: str  # appended where a time of arrival is known
    window: str
    days: tuple[str, ...]  # Monday first
    months: tuple[str, ...]
    open_page: str  # the button of a mail that has a page to open
    receipt: ReceiptWords
