"""An open job as it travels between nodes; `feed.offer_seen_from` cuts it to what one pro may see of it."""

from __future__ import annotations

from typing import Any

from db.jobs import Job
from db.times import iso


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
