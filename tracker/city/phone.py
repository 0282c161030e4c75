"""The phone in the car: what its GPS says about where it is.

GPS errors wander: two readings a second apart are wrong in the same way. So the error is a
first-order Gauss-Markov process, not fresh noise, and a standing phone drifts instead of jumping.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from tracker.city.drive import Spot
from tracker.city.plane import Plane

ERROR_M = 3.0  # standard deviation of the error along each axis, under open sky
ERROR_MEMORY_S = 40.0  # an error is forgotten after about this time
STILL_MPS = 0.5  # below this a phone gives no heading


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone's present error (metres east and north); `readings` numbers its draws of chance."""

    seed: int
    error_m: tuple[float, float] = (0.0, 0.0)
    readings: int = 0


@dataclass(frozen=True, slots=True)
class Fix:
    """One reading, in the W3C Geolocation API's units. `heading_deg` is None while standing."""

    lat: float
    lng: float
    accuracy_m: float
    speed_mps: float
    heading_deg: float | None

    def as_heartbeat(self) -> dict[str, float | None]:
        """The reading in the words of the `heartbeat` event."""
        return {
            "lat": self.lat,
            "lng": self.lng,
            "accuracy": self.accuracy_m,
            "speed": self.speed_mps,
            "heading": self.heading_deg,
        }


def read_fix(phone: Phone, plane: Plane, spot: Spot, seconds: float) -> tuple[Phone, Fix]:
    """The next reading, `seconds` after the one before, and the phone after it."""
    rng = random.Random(phone.seed * 1_000_003 + phone.readings)
    kept = math.exp(-seconds / ERROR_MEMORY_S)
    fresh_m = ERROR_M * math.sqrt(1 - kept**2)
    east_m = phone.error_m[0] * kept + rng.gauss(0, fresh_m)
    north_m = phone.error_m[1] * kept + rng.gauss(0, fresh_m)
    lat, lng = plane.to_degrees(spot.x + east_m, spot.y + north_m)
    moving = spot.speed_mps >= STILL_MPS
    fix = Fix(
        lat=round(lat, 7),
        lng=round(lng, 7),
        accuracy_m=round(1.5 * ERROR_M + rng.uniform(0, ERROR_M), 1),
        speed_mps=round(max(0.0, spot.speed_mps + rng.gauss(0, 0.2)), 2) if moving else 0.0,
        heading_deg=round((spot.heading_deg + rng.gauss(0, 2.0)) % 360, 1) % 360 if moving else None,
    )
    return Phone(phone.seed, (east_m, north_m), phone.readings + 1), fix
