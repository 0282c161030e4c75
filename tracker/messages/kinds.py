"""Every kind of message: by which channels it goes, whether it can wait, and when it is too late.

A rule module: tables only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from tracker.jobs.lifecycle import Status


class Channel(StrEnum):
    """A way to reach a person beside the bell, which always rings."""

    SMS = "sms"  # to people.phone
    EMAIL = "email"  # to people.email
    PUSH = "push"  # to every browser of theirs that subscribed


class Kind(StrEnum):
    """What a message is about. The facts that its texts are made from are named in `FACTS`."""

    JOB_WON = "job_won"  # the pro has the job
    JOB_LOST = "job_lost"  # dispatch took it away again
    WHO_COMES = "who_comes"  # the customer learns the pro's name
    APPOINTMENT = "appointment"  # date and window
    ON_THE_WAY = "on_the_way"  # with the tracking link
    ARRIVED = "arrived"  # the pro is at the door
    RECEIPT = "receipt"  # what was done and paid
    REVIEW_REQUEST = "review_request"  # how was it?
    PAYOUT_PAID = "payout_paid"  # the pro's money was sent
    CANCELLED = "cancelled"  # the job does not take place
    PAYMENT_REQUEST = "payment_request"  # the customer is asked to pay; `url` opens the page
    ALERT = "alert"  # dispatch has to look at something


# What `Notice.facts` must hold, all texts. Moments are ISO 8601 with a zone, amounts cents; a fact that is
# not known is the empty text where this says so.
FACTS: Mapping[Kind, frozenset[str]] = MappingProxyType(
    {
        Kind.JOB_WON: frozenset(
            {"service", "customer", "address", "window_start", "window_end"}
        ),  # windows: or ""
        Kind.JOB_LOST: frozenset({"service", "window_start", "window_end"}),  # windows: or ""
        Kind.WHO_COMES: frozenset({"pro", "service", "window_start", "window_end"}),  # windows: or ""
        Kind.APPOINTMENT: frozenset({"service", "window_start", "window_end"}),
        Kind.ON_THE_WAY: frozenset(
            {"pro", "service", "eta_s", "version"}
        ),  # eta_s: or ""; version: the step's
        Kind.ARRIVED: frozenset({"pro", "service"}),
        Kind.RECEIPT: frozenset({"service", "amount_cents"}),  # price and tip
        Kind.REVIEW_REQUEST: frozenset({"service", "other"}),  # the other side's name
        Kind.PAYOUT_PAID: frozenset({"service", "amount_cents"}),  # service: or ""
        Kind.CANCELLED: frozenset({"service", "window_start", "window_end"}),  # windows: or ""
        Kind.PAYMENT_REQUEST: frozenset({"service", "amount_cents", "url"}),
        Kind.ALERT: frozenset({"title", "body"}),
    }
)

URGENT = "urgent"  # a fact that `notify` adds to a notice that breaks the quiet hours
PAGE = "page"  # a fact that `alert_dispatch` adds: an AlertPage


class AlertPage(StrEnum):
    """A page of the dispatch portal that an alert leads to."""

    PAYOUTS = "payouts"  # what pros are owed, and transfers
    OUTBOX = "outbox"  # dead letters


@dataclass(frozen=True, slots=True)
class Plan:
    """How a kind travels.

    Each of `ways` is tried by itself: its first channel that can reach the person is used, the next ones are
    its stand-ins. `urgent` ones are not held in quiet hours. After `expires_after` nobody needs it any more;
    `while_status`: nor when the job has another status by then.
    """

    ways: tuple[tuple[Channel, ...], ...]
    expires_after: timedelta
    urgent: bool = False
    while_status: frozenset[Status] | None = None


_HAS_PRO = frozenset({Status.ACCEPTED, Status.SCHEDULED, Status.EN_ROUTE, Status.ARRIVED, Status.IN_PROGRESS})
_COMING = frozenset({Status.ACCEPTED, Status.SCHEDULED})

PLANS: Mapping[Kind, Plan] = MappingProxyType(
    {
        Kind.JOB_WON: Plan(((Channel.SMS,), (Channel.PUSH,)), timedelta(hours=12), True, _HAS_PRO),
        Kind.JOB_LOST: Plan(((Channel.SMS,), (Channel.PUSH,)), timedelta(hours=12)),
        Kind.WHO_COMES: Plan(
            ((Channel.PUSH, Channel.SMS, Channel.EMAIL),), timedelta(hours=12), False, _COMING
        ),
        Kind.APPOINTMENT: Plan(
            ((Channel.PUSH, Channel.SMS), (Channel.EMAIL,)), timedelta(hours=24), False, _COMING
        ),
        Kind.ON_THE_WAY: Plan(
            ((Channel.SMS, Channel.EMAIL), (Channel.PUSH,)),
            timedelta(hours=1),
            True,
            frozenset({Status.EN_ROUTE}),
        ),
        Kind.ARRIVED: Plan(
            ((Channel.PUSH, Channel.SMS),),
            timedelta(minutes=30),
            True,
            frozenset({Status.ARRIVED, Status.IN_PROGRESS}),
        ),
        Kind.RECEIPT: Plan(((Channel.EMAIL,),), timedelta(days=7)),
        Kind.REVIEW_REQUEST: Plan(((Channel.PUSH, Channel.EMAIL),), timedelta(days=3)),
        Kind.PAYOUT_PAID: Plan(((Channel.PUSH,),), timedelta(days=3)),
        Kind.CANCELLED: Plan(((Channel.SMS,), (Channel.EMAIL,)), timedelta(hours=24)),
        Kind.PAYMENT_REQUEST: Plan(((Channel.SMS,), (Channel.EMAIL,)), timedelta(hours=24)),
        Kind.ALERT: Plan(((Channel.PUSH,),), timedelta(hours=24), urgent=True),
    }
)
