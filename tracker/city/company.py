"""What a pro's app and the dispatch office ask the server, each call in one place."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from tracker.city.seed import City
from tracker.http_client import HttpClient, HttpRefused

FEED_RADIUS_MILES = 20


@dataclass(frozen=True, slots=True)
class Errand:
    """A job as its pro sees it."""

    job_id: str
    status: str
    lat: float
    lng: float


@dataclass(frozen=True, slots=True)
class Offer:
    """An open job in the feed."""

    job_id: str
    distance_miles: float


async def read_errand(http: HttpClient, job_id: str, pro_id: str) -> Errand | None:
    """The job, or None when it is not (or no longer) this pro's. Raises HttpUnavailable."""
    try:
        job = await http.get(f"/api/jobs/{job_id}")
    except HttpRefused:
        return None
    if (job.get("pro") or {}).get("id") != pro_id:
        return None
    return Errand(job["id"], job["status"], job["lat"], job["lng"])


async def read_feed(http: HttpClient, lat: float, lng: float) -> list[Offer]:
    """Open jobs this pro may claim, nearest first. Raises HttpRefused, HttpUnavailable."""
    feed = await http.get("/api/hauler/feed", {"lat": lat, "lng": lng, "radius": FEED_RADIUS_MILES})
    return [Offer(job["id"], job["distance_miles"]) for job in feed["jobs"]]


async def claim(http: HttpClient, job_id: str) -> bool:
    """Try to get an open job; False when somebody else was quicker. Raises HttpUnavailable."""
    try:
        await http.post(f"/api/jobs/{job_id}/accept")
    except HttpRefused:
        return False
    return True


async def move_to(http: HttpClient, job_id: str, status: str, lat: float, lng: float) -> bool:
    """Tap the next status; False when it is refused. Raises HttpUnavailable."""
    try:
        await http.post(f"/api/jobs/{job_id}/status", {"status": status, "lat": lat, "lng": lng})
    except HttpRefused:
        return False
    return True


class Office:
    """The dispatch office: it takes in new orders, so that the pros never run out of work."""

    def __init__(self, http: HttpClient, city: City, rng: random.Random) -> None:
        self._http = http
        self._skills = {skill.code: skill for skill in city.skills}
        self._customers = [person for person in city.people if person.role == "customer"]
        self._rng = rng

    async def create_job(self, skills: tuple[str, ...]) -> str:
        """A new open job that needs one of these skills; its id. Raises HttpRefused, HttpUnavailable."""
        skill = self._skills[self._rng.choice(skills)]
        service = self._rng.choice(skill.services)
        customer = self._rng.choice(self._customers)
        order: dict[str, Any] = {
            "customer_id": customer.id,
            "skill": skill.code,
            "service": service.name,
            "lat": customer.home.lat,
            "lng": customer.home.lng,
            "address": customer.home.text,
            "approximate_address": customer.home.approximate,
            "price_cents": self._rng.randrange(service.low_cents, service.high_cents + 1, 500),
            "open": True,
        }
        return str((await self._http.post("/api/jobs", order))["id"])
