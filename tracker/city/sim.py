"""Simulated pros: they drive, arrive, work, finish and claim the next job, for hours.

They use only the public interfaces: heartbeats over Socket.IO, status taps, feed and claims over
HTTP. The server's word on a job is the truth: before each step a pro reads the job again, so that a
dispatcher, a customer or a visitor of the demo may interfere at any time.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from db.errors import Unavailable
from tracker.city import company
from tracker.city.company import Errand
from tracker.city.drive import Drive, Spot, advance, has_arrived, prepare, where
from tracker.city.office import Office
from tracker.city.reporter import TICK_S, Coverage, Reporter
from tracker.city.routes import find_route
from tracker.city.seed import City
from tracker.http_client import HttpClient, HttpRefused, patiently
from tracker.replay.device import Device

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Assignment:
    """One simulated pro. `start` is (lat, lng), their home when None; `job_id` the job they are on."""

    pro_id: str
    token: str
    job_id: str | None = None
    start: tuple[float, float] | None = None


GOES_AND_COMES = Coverage()


@dataclass(frozen=True, slots=True)
class Tempo:
    """How life goes, in seconds (pairs: from, to). `pace` is seconds of driving per second."""

    pace: float = 1.0
    unload_s: tuple[float, float] = (30, 90)  # from arriving to beginning
    work_s: tuple[float, float] = (180, 480)
    rest_s: tuple[float, float] = (3, 15)  # between jobs
    unlucky: int = 1  # which pro has bad coverage
    coverage: Coverage = GOES_AND_COMES  # theirs
    patience_s: float = 3600.0  # how long a server may be away


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
    """Let all pros live until cancelled. One of them has bad coverage."""
    http = HttpClient(base_url, dispatcher_token)
    office = Office(http, city, random.Random(seed))
    tempo = tempo or Tempo()
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(office.keep_books())
            for number, assignment in enumerate(assignments):
                pro = _Pro(
                    base_url,
                    city,
                    assignment,
                    office,
                    tempo,
                    seed * 1000 + number,
                    unlucky=number == tempo.unlucky,
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
        self._spot = Spot(*city.network.plane.to_metres(lat, lng), speed_mps=0.0, heading_deg=0.0)
        self._unwanted = False  # the server does not take heartbeats for this job any more
        self._device = Device(base_url, assignment.token, on_refused=self._take_refusal)
        coverage = tempo.coverage if unlucky else None
        self._reporter = Reporter(self._device, city.network.plane, seed, tempo.pace, coverage)

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
                await patiently(partial(self._office.take_order, self._skills), self._tempo.patience_s)
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
                await self._photograph(errand, done=False)
                return "in_progress"
            case "in_progress":
                await self._stand_at(errand, self._rng.uniform(*self._tempo.work_s))
                await self._photograph(errand, done=True)
                return "completed"
            case _:
                return None

    async def _drive_to(self, errand: Errand) -> None:
        start = self._network.nearest(*self._lat_lng())
        goal = self._network.nearest(errand.lat, errand.lng)
        trip = prepare(find_route(self._network, start, goal), self._rng.randrange(2**32))
        drive = Drive()
        self._spot = where(trip, drive)
        self._reporter.begin()
        before = time.monotonic()
        while not (self._unwanted or has_arrived(trip, drive)):
            await self._reporter.report(self._spot, errand.job_id)
            await asyncio.sleep(TICK_S / self._tempo.pace)
            now = time.monotonic()
            drive = advance(trip, drive, min(now - before, LONGEST_STEP_S) * self._tempo.pace)
            self._spot = where(trip, drive)
            before = now
        await self._reporter.end()

    async def _stand_at(self, errand: Errand, seconds: float) -> None:
        x, y = self._network.plane.to_metres(errand.lat, errand.lng)
        self._spot = Spot(x, y, 0.0, self._spot.heading_deg)
        self._reporter.begin()
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._unwanted:
            await self._reporter.report(self._spot, errand.job_id)
            await asyncio.sleep(TICK_S / self._tempo.pace)
        await self._reporter.end()

    async def _photograph(self, errand: Errand, *, done: bool) -> None:
        take = partial(company.show_work, self._device.http, errand, done=done, at=datetime.now(UTC))
        await patiently(take, self._tempo.patience_s)

    # --- small things ----------------------------------------------------------------------------

    def _take_refusal(self, reason: str) -> None:
        log.info("%s: a heartbeat was not kept: %s", self._id, reason)
        self._unwanted = self._unwanted or reason in NOT_OURS

    def _lat_lng(self) -> tuple[float, float]:
        lat, lng = self._network.plane.to_degrees(self._spot.x, self._spot.y)
        return round(lat, 6), round(lng, 6)
