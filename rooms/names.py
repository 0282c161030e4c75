"""Names of rooms, which are also the bus's channel names. A client never chooses one."""

from __future__ import annotations

from math import floor
from uuid import UUID

FINE_DEG = 0.25  # about 28 km: a city is a handful of cells
COARSE_DEG = 8.0  # a continent is a handful of cells
MAX_FINE_CELLS = 64


def job_room(job_id: UUID) -> str:
    """Everybody who may follow this job; status changes, contact, revocation."""
    return f"job:{job_id}"


def dot_room(job_id: UUID) -> str:
    """The members of a job's room who may see the pro's position just now. Local, not a channel."""
    return f"dot:{job_id}"


def crew_room(job_id: UUID) -> str:
    """The pro and the dispatchers among a job's members. Local, not a channel."""
    return f"crew:{job_id}"


def person_room(person_id: str) -> str:
    """All sockets of one person."""
    return f"person:{person_id}"


BOARD = "board"  # every dispatcher's screen that shows the board: which jobs changed


def _cell(level: str, size_deg: float, row: int, column: int) -> str:
    return f"fleet:{level}:{row}:{column % round(360 / size_deg)}"


def _row_column(size_deg: float, lat: float, lng: float) -> tuple[int, int]:
    return floor((lat + 90) / size_deg), floor((lng + 180) / size_deg)


def fleet_cells_of(lat: float, lng: float) -> tuple[str, str]:
    """The fine and the coarse fleet cell that hold a point (degrees)."""
    return (
        _cell("f", FINE_DEG, *_row_column(FINE_DEG, lat, lng)),
        _cell("c", COARSE_DEG, *_row_column(COARSE_DEG, lat, lng)),
    )


def fleet_cells_over(west: float, south: float, east: float, north: float) -> list[str]:
    """The cells that cover a viewport (degrees; east < west crosses the antimeridian).

    Fine ones while they are at most 64, else coarse ones (at most 1,080, the whole world).
    """
    if east < west:
        east += 360
    for level, size in (("f", FINE_DEG), ("c", COARSE_DEG)):
        bottom, left = _row_column(size, south, west)
        top, right = _row_column(size, north, east)
        right = min(right, left + round(360 / size) - 1)
        if level == "c" or (top - bottom + 1) * (right - left + 1) <= MAX_FINE_CELLS:
            return sorted(
                {
                    _cell(level, size, row, column)
                    for row in range(bottom, top + 1)
                    for column in range(left, right + 1)
                }
            )
    raise AssertionError("unreachable")
