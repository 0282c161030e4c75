"""Who hears what the receiver finds out. The composition root connects these to the rooms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tracker.positions.contact import Contact
from tracker.positions.live_pro import ActiveJob


@dataclass(frozen=True, slots=True)
class Outputs:
    """All are called synchronously, must not wait, and must not raise.

    Who may see a position is not decided here: `position` is called for every active job.
    """

    # (job, `location_update` without `version`): the dot moved
    position: Callable[[ActiveJob, dict[str, Any]], None]
    # (pro id, {pro_id, name, lat, lng, …}): for the dispatchers' map, also between jobs
    fleet: Callable[[str, dict[str, Any]], None]
    # (pro id, latitude, longitude): off duty and without a job; the map forgets who was seen there
    left_fleet: Callable[[str, float, float], None]
    # (job id): late points filled the trail
    trail_changed: Callable[[UUID], None]
    # (job id, contact, when the last position came, ISO 8601)
    contact_changed: Callable[[UUID, Contact, str], None]
    # (pro id, job id): ask the pro whether this is the arrival
    arrival_suggested: Callable[[str, UUID], None]
    # (pro id, {interval_s, min_displacement_m}): the pro's phone should send at another pace
    policy: Callable[[str, dict[str, int]], None]
    # (job id) → whether somebody looks at the job's map now
    watched: Callable[[UUID], bool]
