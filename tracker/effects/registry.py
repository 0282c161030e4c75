"""Which executor carries out which effect. A test holds every declared effect to exactly one."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tracker.effects.announce import announce
from tracker.effects.check_schedule import check_schedule
from tracker.effects.handle_stripe_event import handle_stripe_event
from tracker.effects.keep_house import keep_house
from tracker.effects.nightly_home_scores import nightly_home_scores
from tracker.effects.reverse_transfer import reverse_transfer
from tracker.effects.score_home import score_home
from tracker.effects.send_transfer import send_transfer
from tracker.effects.task import Executor
from tracker.effects.weekly_payouts import weekly_payouts
from tracker.jobs.consequences import Effect

EXECUTORS: Mapping[Effect, Executor] = MappingProxyType(
    {
        Effect.ANNOUNCE: announce,
        Effect.CHECK_SCHEDULE: check_schedule,
        Effect.SCORE_HOME: score_home,
        Effect.NIGHTLY_HOME_SCORES: nightly_home_scores,
        Effect.KEEP_HOUSE: keep_house,
        Effect.SEND_TRANSFER: send_transfer,
        Effect.REVERSE_TRANSFER: reverse_transfer,
        Effect.HANDLE_STRIPE_EVENT: handle_stripe_event,
        Effect.WEEKLY_PAYOUTS: weekly_payouts,
    }
)
