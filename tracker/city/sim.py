"""Simulated pros: they drive, arrive, work, finish and claim the next job, for hours.

They use only the public interfaces: heartbeats over Socket.IO, status taps, feed and claims over
HTTP. The server's word on a job is the truth: before each step a pro reads the job again, so that a
dispatcher, a customer or a visitor of the demo may interfere at any time.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from db.errors import Unavailable
from tracker.city import company
from tracker.city.company import Errand, Office
from tracker.city.drive import Drive, Spot, advance, has_arrived, prepare, where
from tracker.city.phone import Phone, read_fix
from tracker.city.routes import find_route
from tracker.city.seed import City
from tracker.http_client import HttpClient, HttpRefused, patiently
from tracker.replay.device import Device, Policy

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Assignment:
    """One simulated pro. `start` is (lat, lng), their home when None; `job_id` the job they are on."""

    pro_id: str
    token: str
    job_id: str | None = None
    start: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Tempo:
    """How life goes, in seconds (pairs: from, to). `pace` is seconds of driving per second."""

    pace: float = 1.0
    unload_s: tuple[float, float] = (30, 90)  # from arriving to beginning
    work_s: tuple[float, float] = (180, 480)
    rest_s: tuple[float, float] = (3, 15)  # between jobs
    coverage_s: float = 420.0  # the unlucky pro loses the network after this long on the road
    loss_s: float = 60.0  # and has it back after this
    patience_s: float = 3600.0  # how long a server may be away


TICK_S = 1.0  # how often a phone looks where it is; it never sends more often
POLICY = Policy(interval_s=5, min_displacement_m=10)  # until the server has said otherwise
LONGEST_STEP_S = 30.0  # a computer that slept must not make a car jump
WORTH_DRIVING_MILES = 1.0
NOT_OURS = ("not_your_job", "forbidden", "not_found")  # why a heartbeat is refused when the job is gone
ENOUGH_OFFERS = 6  # with fewer in the feed a new order comes in


async def simulate(
    base_url: str,
    city: City,
    assignments: Sequence[Assignment],
    *,
    dispatcher_token: str,
    seed: int = 1,
    tempo: Tempo | None = None,
) -> None:
    """Let all pros live until cancelled. The first one is the unlucky one with the bad coverage."""
    http = HttpClient(base_url, dispatcher_token)
    office = Office(http, city, random.Random(seed))
    tempo = tempo or Tempo()
    try:
        async with asyncio.TaskGroup() as group:
            for number, assignment in enumerate(assignments):
                pro = _Pro(
                    base_url, city, assignment, office, tempo, seed * 1000 + number, unlucky=number == 0
                )
                group.create_task(pro.live())
    finally:
        await http.aclose()


class _Pro:
    """One pro: where they are, and their phone."""

    def __init__(
        self,
        base_url: str,
        city: City,
        assignment: Assignment,
        office: Office,
        tempo: Tempo,
        seed: int,
        *,
        unlucky: bool,
    ) -> None:
        person = city.person[assignment.pro_id]
        lat, lng = assignment.start or (person.home.lat, person.home.lng)
        self._network = city.network
        self._id = person.id
        self._skills = person.skills
        self._job_id = assignment.job_id
        self._office = office
        self._tempo = tempo
        self._rng = random.Random(seed)
        self._phone = Phone(seed)
        self._spot = Spot(*city.network.plane.to_metres(lat, lng), speed_mps=0.0, heading_deg=0.0)
        self._unlucky = unlucky
        self._unwanted = False  # the server does not take heartbeats for this job any more
        self._read_at = 0.0  # when and where the phone last told where it is
        self._read_spot = self._spot
        self._device = Device(base_url, assignment.token, on_refused=self._take_refusal)

    async def live(self) -> None:
        """Do jobs for ever, or until the token is refused."""
        async with self._device:
            while self._device.refusal is None:
                try:
                    if self._job_id is None:
                        self._job_id = await self._next_job()
                    await self._do_job(self._job_id)
                except (HttpRefused, Unavailable) as error:
                    log.warning("%s: %s", self._id, error)
                self._job_id = None
                await asyncio.sleep(self._rng.uniform(*self._tempo.rest_s))
            log.warning("%s goes home: %s", self._id, self._device.refusal.detail)

    # --- finding work ----------------------------------------------------------------------------

    async def _next_job(self) -> str:
        """Claim something in the feed that is worth driving to. Raises HttpRefused, Unavailable."""
        http, (lat, lng) = self._device.http, self._lat_lng()
        while True:
            offers = await patiently(partial(company.read_feed, http, lat, lng), self._tempo.patience_s)
            if len(offers) < ENOUGH_OFFERS:
                await patiently(partial(self._office.create_job, self._skills), self._tempo.patience_s)
            worth = [offer for offer in offers if offer.distance_miles >= WORTH_DRIVING_MILES] or offers
            for offer in worth[: 2 * ENOUGH_OFFERS]:
                if await patiently(partial(company.claim, http, offer.job_id), self._tempo.patience_s):
                    log.info("%s claims %s", self._id, offer.job_id)
                    return offer.job_id
            await asyncio.sleep(self._rng.uniform(*self._tempo.rest_s))

    # --- doing it --------------------------------------------------------------------------------

    async def _do_job(self, job_id: str) -> None:
        """Step by step to the end, or until the job is no longer ours. Raises Unavailable."""
        refused_at = ""
        while True:
            errand = await patiently(
                partial(company.read_errand, self._device.http, job_id, self._id), self._tempo.patience_s
            )
            if errand is None or errand.status == refused_at:
                return
            following = await self._act(errand)
            if following is None:
                return
            if self._unwanted:
                await asyncio.sleep(TICK_S)
                continue
            lat, lng = self._lat_lng()
            await self._device.settled(10)
            tap = partial(company.move_to, self._device.http, job_id, following, lat, lng)
            if not await patiently(tap, self._tempo.patience_s):
                refused_at = errand.status

    async def _act(self, errand: Errand) -> str | None:
        """Do what the status asks for; returns the status that follows, or None when there is none."""
        self._unwanted = False
        match errand.status:
            case "accepted" | "scheduled":
                return "en_route"
            case "en_route":
                await self._drive_to(errand)
                return "arrived"
            case "arrived":
                await self._stand_at(errand, self._rng.uniform(*self._tempo.unload_s))
                return "in_progress"
            case "in_progress":
                await self._stand_at(errand, self._rng.uniform(*self._tempo.work_s))
                return "completed"
            case _:
                return None

    async def _drive_to(self, errand: Errand) -> None:
        start = self._network.nearest(*self._lat_lng())
        goal = self._network.nearest(errand.lat, errand.lng)
        trip = prepare(find_route(self._network, start, goal), self._rng.randrange(2**32))
        drive = Drive()
        self._spot = where(trip, drive)
        before = covered_at = time.monotonic()
        self._read_at = 0.0  # whoever watches wants to see the car start
        while not (self._unwanted or has_arrived(trip, drive)):
            covered_at = await self._report(errand.job_id, covered_at)
            await asyncio.sleep(TICK_S / self._tempo.pace)
            now = time.monotonic()
            drive = advance(trip, drive, min(now - before, LONGEST_STEP_S) * self._tempo.pace)
            self._spot = where(trip, drive)
            before = now
        self._device.go_online()
        await self._device.backfill(10)

    async def _stand_at(self, errand: Errand, seconds: float) -> None:
        x, y = self._network.plane.to_metres(errand.lat, errand.lng)
        self._spot = Spot(x, y, 0.0, self._spot.heading_deg)
        self._read_at = 0.0
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._unwanted:
            await self._report(errand.job_id, time.monotonic())
            await asyncio.sleep(TICK_S / self._tempo.pace)

    # --- the phone -------------------------------------------------------------------------------

    async def _report(self, job_id: str, covered_at: float) -> float:
        """Take a reading when the policy wants one, and send it, or keep it while there is no network.

        `covered_at` is since when this trip has had network (monotonic); returns the new value.
        """
        now = time.monotonic()
        if not self._is_due(now):
            return covered_at
        heartbeat = self._read(job_id, now)
        without_s = now - covered_at - self._tempo.coverage_s
        if self._unlucky and 0 <= without_s < self._tempo.loss_s:
            self._device.go_offline()
            self._device.keep(heartbeat)
            return covered_at
        self._device.go_online()
        self._device.send(heartbeat)
        await self._device.backfill(10)
        return covered_at if without_s < 0 else now

    def _is_due(self, now: float) -> bool:
        """Whether the policy's silence is over, or its way is done."""
        policy = self._device.policy or POLICY
        moved_m = math.dist((self._spot.x, self._spot.y), (self._read_spot.x, self._read_spot.y))
        silence_s = (now - self._read_at) * self._tempo.pace
        return silence_s >= policy.interval_s - TICK_S / 2 or moved_m >= policy.min_displacement_m

    def _read(self, job_id: str, now: float) -> dict[str, Any]:
        """What the phone says now, as a numbered heartbeat."""
        elapsed_s = (now - self._read_at) * self._tempo.pace
        self._read_at, self._read_spot = now, self._spot
        self._phone, fix = read_fix(self._phone, self._network.plane, self._spot, elapsed_s)
        told = {"job_id": job_id, **fix.as_heartbeat(), "recorded_at": round(time.time() * 1000)}
        return self._device.numbered(told)

    def _take_refusal(self, reason: str) -> None:
        log.info("%s: a heartbeat was not kept: %s", self._id, reason)
        self._unwanted = self._unwanted or reason in NOT_OURS

    def _lat_lng(self) -> tuple[float, float]:
        lat, lng = self._network.plane.to_degrees(self._spot.x, self._spot.y)
        return round(lat, 6), round(lng, 6)
