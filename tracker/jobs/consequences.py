"""What a step in a job's life causes outside the database: one row per status.

The effects are queued in the step's own transaction (`transition.py`) and carried out by the worker.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from tracker.jobs.lifecycle import Status


class Effect(StrEnum):
    """A consequence outside the database; each has one executor in `tracker/effects/`, in a file of its name.

    The first ones follow from a job event (`EFFECTS` below); the others name a subject and are queued by
    those, by a webhook, by a person's request, or by the calendar.
    """

    ANNOUNCE = "announce"  # tell the rooms, the feeds and the bus
    TELL_PRO_JOB_WON = "tell_pro_job_won"  # "You got the job": service, customer, address
    TELL_PRO_JOB_LOST = "tell_pro_job_lost"  # dispatch gave it to somebody else, or took it back
    TELL_CUSTOMER_WHO_COMES = "tell_customer_who_comes"  # the pro's name
    TELL_CUSTOMER_APPOINTMENT = "tell_customer_appointment"  # date and window
    CHECK_SCHEDULE = "check_schedule"  # flag jobs of one pro that overlap, clear those that no longer do
    TELL_CUSTOMER_ON_THE_WAY = "tell_customer_on_the_way"  # makes the tracking link and texts it
    TELL_CUSTOMER_ARRIVED = "tell_customer_arrived"  # push, or SMS without one
    CAPTURE_HOLD = "capture_hold"  # take the final price and the tip; ledger entries, payout
    SCORE_HOME = "score_home"  # compute the home's score anew
    SEND_RECEIPT = "send_receipt"  # by mail, once the money is taken
    ASK_FOR_REVIEW = "ask_for_review"  # both sides
    TELL_PRO_PAID = "tell_pro_paid"  # the payout arrived
    RELEASE_HOLD = "release_hold"  # let the money go
    TELL_BOTH_CANCELLED = "tell_both_cancelled"  # customer and pro

    RING_BELL = "ring_bell"  # a notification's number: tell the person's open pages
    SEND_SMS = "send_sms"  # a delivery's number
    SEND_EMAIL = "send_email"  # a delivery's number
    SEND_PUSH = "send_push"  # a delivery's number
    ASK_FOR_PAYMENT = "ask_for_payment"  # a payment's number: open a checkout page and send its address
    PLACE_HOLD = "place_hold"  # a payment's number: hold on a saved method
    CHARGE_SAVED = "charge_saved"  # a payment's number: a tip or an overage, taken at once
    MAKE_REFUND = "make_refund"  # a refund's number
    SEND_TRANSFER = "send_transfer"  # a transfer's number: pay a pro
    REVERSE_TRANSFER = "reverse_transfer"  # a transfer's number and when it was asked for: take it back
    HANDLE_STRIPE_EVENT = "handle_stripe_event"  # a stored webhook's id
    HANDLE_TWILIO_EVENT = "handle_twilio_event"  # a stored callback's id

    WEEKLY_PAYOUTS = "weekly_payouts"  # one per week: pay every pro what is approved
    NIGHTLY_HOME_SCORES = "nightly_home_scores"  # one per night: points fade
    WATCH_HOLDS = "watch_holds"  # one per hour: holds that expire within a day
    RECONCILE_MONEY = "reconcile_money"  # one per night: our books against the provider's
    KEEP_HOUSE = "keep_house"  # one per hour: partitions, retention


# What entering a status causes. To learn what completing a job does, read its row.
EFFECTS: Mapping[Status, tuple[Effect, ...]] = MappingProxyType(
    {
        Status.PENDING: (Effect.ANNOUNCE,),
        Status.PENDING_SCHEDULING: (Effect.ANNOUNCE,),
        Status.OPEN: (Effect.ANNOUNCE, Effect.TELL_PRO_JOB_LOST, Effect.CHECK_SCHEDULE),
        Status.ACCEPTED: (
            Effect.ANNOUNCE,
            Effect.TELL_PRO_JOB_WON,
            Effect.TELL_PRO_JOB_LOST,
            Effect.TELL_CUSTOMER_WHO_COMES,
            Effect.CHECK_SCHEDULE,
        ),
        Status.SCHEDULED: (
            Effect.ANNOUNCE,
            Effect.TELL_PRO_JOB_LOST,
            Effect.TELL_CUSTOMER_APPOINTMENT,
            Effect.CHECK_SCHEDULE,
        ),
        Status.EN_ROUTE: (Effect.ANNOUNCE, Effect.TELL_CUSTOMER_ON_THE_WAY),
        Status.ARRIVED: (Effect.ANNOUNCE, Effect.TELL_CUSTOMER_ARRIVED),
        Status.IN_PROGRESS: (Effect.ANNOUNCE,),
        Status.COMPLETED: (
            Effect.ANNOUNCE,
            Effect.CAPTURE_HOLD,
            Effect.SCORE_HOME,
            Effect.SEND_RECEIPT,
            Effect.ASK_FOR_REVIEW,
            Effect.CHECK_SCHEDULE,
        ),
        Status.PAID: (Effect.ANNOUNCE, Effect.TELL_PRO_PAID),
        Status.CANCELLED: (
            Effect.ANNOUNCE,
            Effect.RELEASE_HOLD,
            Effect.TELL_BOTH_CANCELLED,
            Effect.CHECK_SCHEDULE,
        ),
    }
)

# Too late to be of use: such an effect is not begun after this long.
EXPIRES_AFTER: Mapping[Effect, timedelta] = MappingProxyType(
    {
        Effect.TELL_PRO_JOB_WON: timedelta(hours=12),
        Effect.TELL_PRO_JOB_LOST: timedelta(hours=12),
        Effect.TELL_CUSTOMER_WHO_COMES: timedelta(hours=12),
        Effect.TELL_CUSTOMER_ON_THE_WAY: timedelta(hours=1),
        Effect.TELL_CUSTOMER_ARRIVED: timedelta(minutes=30),
        Effect.ASK_FOR_REVIEW: timedelta(days=3),
        Effect.RING_BELL: timedelta(hours=1),
    }
)
