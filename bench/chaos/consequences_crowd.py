"""Who uses the company, what they were told, and how they ask: until they are answered, as an app does."""

from __future__ import annotations

import asyncio
import itertools
import random
from dataclasses import dataclass, field
from typing import Any

import httpx

from bench.chaos.consequences_stage import Company
from rooms.principal import Role
from tests.running import token

AGAIN_S = 0.1
LOOK_S = 0.25
LATER = (429, 503)  # "slow down" and "not just now": the same again is right


class AnsweredWrongly(Exception):
    """A request was refused that nobody may refuse: the company, or this traffic, has a bug."""


class Stopped(Exception):
    """The traffic has ended; nobody begins another step."""


@dataclass
class Life:
    """One job and what its people were told."""

    number: int
    price_cents: int
    customer_id: str = ""
    job_id: str = ""
    steps: list[str] = field(default_factory=lambda: ["open"])
    tips_cents: int = 0
    refunds_cents: int = 0


@dataclass
class Crowd:
    """Everybody who uses the company, and what all of them were told."""

    company: Company
    http: httpx.AsyncClient
    lives: list[Life] = field(default_factory=list)
    repeats: int = 0
    wrong: list[str] = field(default_factory=list)
    links_opened: int = 0
    links_closed: list[str] = field(default_factory=list)
    stopped: bool = False
    numbers: Any = field(default_factory=lambda: itertools.count(1))
    runs: Any = field(default_factory=lambda: itertools.count(1))
    busy: set[str] = field(default_factory=set)
    looks: int = 0
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    desk: asyncio.Lock = field(default_factory=asyncio.Lock)  # new customers come one after the other

    async def ask(
        self, role: Role, who: str, method: str, path: str, body: object = None, *, done_by: str = ""
    ) -> dict[str, Any]:
        """The answer, however often it takes. `done_by`: the code that says it was done before.

        Raises AnsweredWrongly for another refusal.
        """
        headers = {"Authorization": f"Bearer {token(role, who)}"}
        while True:
            url = f"{random.choice(self.company.webs).url}{path}"
            try:
                answer = await self.http.request(method, url, json=body, headers=headers)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code < 500 and answer.status_code not in LATER:
                found: dict[str, Any] = answer.json()
                if answer.is_success or found.get("code") == done_by:
                    return found
                raise AnsweredWrongly(f"{method} {path}: {answer.status_code} {answer.text}")
            if answer is not None and answer.status_code not in LATER:
                self.wrong.append(f"{method} {path}: {answer.status_code} {answer.text}")
            self.repeats += 1
            await asyncio.sleep(AGAIN_S)

    async def staff(self, method: str, path: str, body: object = None, **more: Any) -> dict[str, Any]:
        """The same by the dispatcher."""
        return await self.ask(Role.DISPATCHER, "dee", method, path, body, **more)

    async def calm(self, life: Life) -> None:
        """Wait until a job's messages are out and its money is settled. Raises Stopped."""
        seen = self.looks + 2  # a look that began after the last step
        while self.looks < seen or life.job_id in self.busy:
            if self.stopped:
                raise Stopped
            await asyncio.sleep(LOOK_S / 2)

    async def rest(self) -> None:
        """Nobody begins another step; returns when everybody has heard the answer to their last one."""
        self.stopped = True
        await asyncio.gather(*self.tasks)

    async def look(self) -> None:
        """Look after what is under way, for ever."""
        while True:
            self.busy = {str(row["job_id"]) for row in await self.company.fetch(BUSY)}
            self.looks += 1
            await asyncio.sleep(LOOK_S)


BUSY = r"""
SELECT job_id FROM outbox
WHERE done_at IS NULL AND dead_at IS NULL AND expired_at IS NULL AND job_id IS NOT NULL
  AND (effect LIKE 'tell\_%' OR effect IN ('capture_hold', 'release_hold'))
UNION
SELECT n.job_id FROM deliveries d JOIN notifications n ON n.id = d.notification_id
WHERE d.status IN ('queued', 'sending') AND d.channel <> 'email' AND n.job_id IS NOT NULL
UNION
SELECT job_id FROM payments WHERE status = 'asked'
"""
