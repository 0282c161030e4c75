"""An open job as pros hear of it live: what travels between nodes, and what one pro may see of it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from db.jobs import Job
from db.times import iso
from tracker.jobs.feed import matches_feed


def offer_of(job: Job) -> dict[str, Any]:
    """What the nodes need to match an offer with watchers; the exact place never leaves the servers."""
    return {
        "id": str(job.id),
        "skill": job.skill,
        "service": job.service,
        "approximate_address": job.approximate_address,
        "price_cents": job.price_cents,
        "window_start": iso(job.window_start) if job.window_start else None,
        "window_end": iso(job.window_end) if job.window_end else None,
        "opened_at": iso(job.opened_at) if job.opened_at else None,
        "lat": job.lat,
        "lng": job.lng,
    }


def offer_for(
    offer: dict[str, Any], *, lat: float, lng: float, radius_miles: float, skills: Collection[str]
) -> dict[str, Any] | None:
    """The offer as a feed entry for a pro who looks around (lat, lng), or None when it does not suit."""
    miles = matches_feed(
        job_lat=offer["lat"],
        job_lng=offer["lng"],
        job_skill=offer["skill"],
        lat=lat,
        lng=lng,
        radius_miles=radius_miles,
        skills=skills,
    )
    if miles is None:
        return None
    entry = {key: value for key, value in offer.items() if key not in ("lat", "lng")}
    entry["approximate_lat"] = round(offer["lat"], 2)
    entry["approximate_lng"] = round(offer["lng"], 2)
    entry["distance_miles"] = round(miles, 2)
    return entry
