"""What an executor is given, and the two ways in which it may end other than well."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from db.pool import Database
from rooms.broadcast import Broadcaster
from tracker.jobs.consequences import Effect
from tracker.providers import Providers
from tracker.settings import Settings


@dataclass(frozen=True, slots=True)
class Tools:
    """What executors work with: the process's parts."""

    settings: Settings
    database: Database
    say: Broadcaster
    providers: Providers


@dataclass(frozen=True, slots=True)
class Task:
    """One effect to carry out. It is caused by event `version` of a job, or else names its `subject`.

    `attempts` counts this try. `now` is the moment it began, UTC.
    """

    effect: Effect
    job_id: UUID | None
    version: int | None
    subject: str | None
    attempts: int
    now: datetime

    def job_event(self) -> tuple[UUID, int]:
        """The job event that caused it. Raises GiveUp for an effect that no job event caused."""
        if self.job_id is None or self.version is None:
            raise GiveUp(f"{self.effect.value} needs a job event")
        return self.job_id, self.version

    def number(self) -> int:
        """The subject as a row's number. Raises GiveUp when it is none."""
        try:
            return int(self.subject or "")
        except ValueError:
            raise GiveUp(f"{self.effect.value} needs a number, not {self.subject!r}") from None


class Postpone(Exception):
    """Not yet: try again in `retry_in_s` seconds. This try does not count; nothing is wrong."""

    def __init__(self, reason: str, retry_in_s: float) -> None:
        super().__init__(reason)
        self.retry_in_s = retry_in_s


class GiveUp(Exception):
    """No retry can help: put it aside as a dead letter with this reason."""


# Done when it returns. Any other exception means: try again later, with a growing pause.
Executor: TypeAlias = Callable[[Tools, Task], Awaitable[None]]
