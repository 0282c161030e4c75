"""Who should be asked to take a job, best first: nearest, and those whose day it fits before the others."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from db.candidates import Candidate
from tracker.positions.geo import geodesic_m

SEEN_WITHIN = timedelta(hours=12)  # an older position says where somebody was yesterday


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate and how far they are from the door; None when nobody knows where they are now."""

    candidate: Candidate
    distance_m: float | None


def rank(candidates: Iterable[Candidate], *, lat: float, lng: float, now: datetime) -> list[Ranked]:
    """On duty before off duty, without a conflict before with one, then nearest, then least busy."""
    ranked = [Ranked(one, _distance_m(one, lat, lng, now)) for one in candidates]
    return sorted(
        ranked,
        key=lambda one: (
            not one.candidate.on_duty,
            one.candidate.conflicts > 0,
            math.inf if one.distance_m is None else one.distance_m,
            one.candidate.active_jobs,
            one.candidate.name,
            one.candidate.id,
        ),
    )


def _distance_m(one: Candidate, lat: float, lng: float, now: datetime) -> float | None:
    if one.lat is None or one.lng is None or one.seen_at is None or one.seen_at < now - SEEN_WITHIN:
        return None
    return geodesic_m(lat, lng, one.lat, one.lng)
