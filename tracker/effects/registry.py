"""Which executor carries out which effect. A test holds every declared effect to exactly one."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tracker.effects.announce import announce
from tracker.effects.ask_for_payment import ask_for_payment
from tracker.effects.ask_for_review import ask_for_review
from tracker.effects.capture_hold import capture_hold
from tracker.effects.charge_saved import charge_saved
from tracker.effects.check_schedule import check_schedule
from tracker.effects.handle_stripe_event import handle_stripe_event
from tracker.effects.handle_twilio_event import handle_twilio_event
from tracker.effects.keep_house import keep_house
from tracker.effects.make_refund import make_refund
from tracker.effects.nightly_home_scores import nightly_home_scores
from tracker.effects.place_hold import place_hold
from tracker.effects.reconcile_money import reconcile_money
from tracker.effects.release_hold import release_hold
from tracker.effects.reverse_transfer import reverse_transfer
from tracker.effects.ring_bell import ring_bell
from tracker.effects.score_home import score_home
from tracker.effects.send_email import send_email
from tracker.effects.send_push import send_push
from tracker.effects.send_receipt import send_receipt
from tracker.effects.send_sms import send_sms
from tracker.effects.send_transfer import send_transfer
from tracker.effects.task import Executor
from tracker.effects.tell_both_cancelled import tell_both_cancelled
from tracker.effects.tell_customer_appointment import tell_customer_appointment
from tracker.effects.tell_customer_arrived import tell_customer_arrived
from tracker.effects.tell_customer_on_the_way import tell_customer_on_the_way
from tracker.effects.tell_customer_who_comes import tell_customer_who_comes
from tracker.effects.tell_pro_job_lost import tell_pro_job_lost
from tracker.effects.tell_pro_job_won import tell_pro_job_won
from tracker.effects.tell_pro_paid import tell_pro_paid
from tracker.effects.watch_holds import watch_holds
from tracker.effects.weekly_payouts import weekly_payouts
from tracker.jobs.consequences import Effect

EXECUTORS: Mapping[Effect, Executor] = MappingProxyType(
    {
        Effect.ANNOUNCE: announce,
        Effect.TELL_PRO_JOB_WON: tell_pro_job_won,
        Effect.TELL_PRO_JOB_LOST: tell_pro_job_lost,
        Effect.TELL_CUSTOMER_WHO_COMES: tell_customer_who_comes,
        Effect.TELL_CUSTOMER_APPOINTMENT: tell_customer_appointment,
        Effect.CHECK_SCHEDULE: check_schedule,
        Effect.TELL_CUSTOMER_ON_THE_WAY: tell_customer_on_the_way,
        Effect.TELL_CUSTOMER_ARRIVED: tell_customer_arrived,
        Effect.CAPTURE_HOLD: capture_hold,
        Effect.SCORE_HOME: score_home,
        Effect.SEND_RECEIPT: send_receipt,
        Effect.ASK_FOR_REVIEW: ask_for_review,
        Effect.TELL_PRO_PAID: tell_pro_paid,
        Effect.RELEASE_HOLD: release_hold,
        Effect.TELL_BOTH_CANCELLED: tell_both_cancelled,
        Effect.RING_BELL: ring_bell,
        Effect.SEND_SMS: send_sms,
        Effect.SEND_EMAIL: send_email,
        Effect.SEND_PUSH: send_push,
        Effect.ASK_FOR_PAYMENT: ask_for_payment,
        Effect.PLACE_HOLD: place_hold,
        Effect.CHARGE_SAVED: charge_saved,
        Effect.MAKE_REFUND: make_refund,
        Effect.SEND_TRANSFER: send_transfer,
        Effect.REVERSE_TRANSFER: reverse_transfer,
        Effect.HANDLE_STRIPE_EVENT: handle_stripe_event,
        Effect.HANDLE_TWILIO_EVENT: handle_twilio_event,
        Effect.WEEKLY_PAYOUTS: weekly_payouts,
        Effect.NIGHTLY_HOME_SCORES: nightly_home_scores,
        Effect.WATCH_HOLDS: watch_holds,
        Effect.RECONCILE_MONEY: reconcile_money,
        Effect.KEEP_HOUSE: keep_house,
    }
)
