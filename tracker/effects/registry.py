"""Which executor runs for which effect. A test holds every declared effect to exactly one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias
from uuid import UUID

from db.pool import Database
from rooms.broadcast import Broadcaster
from tracker.effects.announce import announce
from tracker.jobs.consequences import Effect

# (database, say, job_id, version) → done; an exception means: try again later
Executor: TypeAlias = Callable[[Database, Broadcaster, UUID, int], Awaitable[None]]

EXECUTORS: Mapping[Effect, Executor] = MappingProxyType({Effect.ANNOUNCE: announce})
