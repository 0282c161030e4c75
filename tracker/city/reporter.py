"""The phone in a simulated pro's pocket: it reads, sends as the policy says, and may lose the network."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

from tracker.city.drive import Spot
from tracker.city.phone import Phone, read_fix
from tracker.city.plane import Plane
from tracker.replay.device import Device, Policy

TICK_S = 1.0  # how often a phone looks where it is; it never sends more often
POLICY = Policy(interval_s=5, min_displacement_m=10)  # until the server has said otherwise
BACKFILL_PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Coverage:
    """The network is there for `there_s`, then away for `away_s`, and so on; in seconds of a trip."""

    there_s: float = 420.0
    away_s: float = 60.0


class Reporter:
    """Tells the server where the pro is. `coverage` None: there is network everywhere.

    `pace` is how many seconds pass on the road in one second of ours.
    """

    def __init__(
        self, device: Device, plane: Plane, seed: int, pace: float, coverage: Coverage | None
    ) -> None:
        self._device = device
        self._plane = plane
        self._phone = Phone(seed)
        self._pace = pace
        self._coverage = coverage
        self._told_at: float | None = None  # when and where the last reading was taken (monotonic)
        self._told_spot = Spot(0.0, 0.0, 0.0, 0.0)
        self._covered_at = 0.0  # since when there has been network

    def begin(self) -> None:
        """A trip or a stay begins: the next report is due at once, and there is network."""
        self._told_at = None
        self._covered_at = time.monotonic()

    async def report(self, spot: Spot, job_id: str) -> None:
        """Take a reading if one is due; send it, or keep it while there is no network."""
        now = time.monotonic()
        if not self._is_due(spot, now):
            return
        heartbeat = self._read(spot, job_id, now)
        if self._is_away(now):
            self._device.go_offline()
            self._device.keep(heartbeat)
        else:
            self._device.send(heartbeat)
            await self._back_online()

    async def end(self) -> None:
        """The trip is over: there is network again, and what was kept is sent."""
        await self._back_online()

    async def _back_online(self) -> None:
        self._device.go_online()
        await self._device.backfill(BACKFILL_PATIENCE_S)

    def _is_due(self, spot: Spot, now: float) -> bool:
        """Whether the policy's silence is over, or its way is done."""
        if self._told_at is None:
            return True
        policy = self._device.policy or POLICY
        silence_s = (now - self._told_at) * self._pace
        moved_m = math.dist((spot.x, spot.y), (self._told_spot.x, self._told_spot.y))
        return silence_s >= policy.interval_s - TICK_S / 2 or moved_m >= policy.min_displacement_m

    def _is_away(self, now: float) -> bool:
        if self._coverage is None:
            return False
        without_s = (now - self._covered_at) * self._pace - self._coverage.there_s
        if without_s >= self._coverage.away_s:
            self._covered_at = now
            return False
        return without_s >= 0

    def _read(self, spot: Spot, job_id: str, now: float) -> dict[str, Any]:
        """What the phone says now, as a numbered heartbeat."""
        elapsed_s = 0.0 if self._told_at is None else (now - self._told_at) * self._pace
        self._told_at, self._told_spot = now, spot
        self._phone, fix = read_fix(self._phone, self._plane, spot, elapsed_s)
        told = {"job_id": job_id, **fix.as_heartbeat(), "recorded_at": round(time.time() * 1000)}
        return self._device.numbered(told)
