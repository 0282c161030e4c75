"""Which executor carries out which effect. A test holds every declared effect to exactly one."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tracker.effects.announce import announce
from tracker.effects.task import Executor
from tracker.jobs.consequences import Effect

EXECUTORS: Mapping[Effect, Executor] = MappingProxyType(
    {
        Effect.ANNOUNCE: announce,
    }
)
