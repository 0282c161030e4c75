"""Which executor carries out which effect. A test holds every declared effect to exactly one."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tracker.effects.announce import announce
from tracker.effects.check_schedule import check_schedule
from tracker.effects.keep_house import keep_house
from tracker.effects.nightly_home_scores import nightly_home_scores
from tracker.effects.score_home import score_home
from tracker.effects.task import Executor
from tracker.jobs.consequences import Effect

EXECUTORS: Mapping[Effect, Executor] = MappingProxyType(
    {
        Effect.ANNOUNCE: announce,
        Effect.CHECK_SCHEDULE: check_schedule,
        Effect.SCORE_HOME: score_home,
        Effect.NIGHTLY_HOME_SCORES: nightly_home_scores,
        Effect.KEEP_HOUSE: keep_house,
    }
)
