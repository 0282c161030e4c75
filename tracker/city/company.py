"""What a pro's app asks the server, each call in one place."""

from __future__ import annotations

import logging
from asyncio import to_thread
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from zlib import crc32

from tracker.city.photos import photo, signature
from tracker.http_client import HttpClient, HttpRefused

log = logging.getLogger(__name__)

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


async def show_work(http: HttpClient, errand: Errand, *, done: bool, at: datetime) -> None:
    """Take a photo before or after the work, and have the customer sign what is done.

    A picture that is refused does not hold up the work. Raises HttpUnavailable.
    """
    kind, seed = ("after" if done else "before"), crc32(errand.job_id.encode())
    take = partial(photo, done=done, lat=errand.lat, lng=errand.lng, at=at, seed=seed)
    path = f"/api/jobs/{errand.job_id}/evidence"
    try:
        await http.upload(
            path, {"kind": kind, "upload_key": f"{kind}-1"}, await to_thread(take), "image/jpeg"
        )
        if done:
            await http.post(f"{path}/signature", {"upload_key": "signature-1", **signature(seed)})
    except HttpRefused as refused:
        log.info("no picture of %s: %s", errand.job_id, refused.reason)
