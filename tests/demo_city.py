"""A demo without its own process: the seeded city, its server, and who tries it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from pyproj import Geod

from db.pool import Database
from tests.company import with_database
from tests.running import SECRET, Process, serving
from tracker.city.seed import build_city
from tracker.demo_seed import seed_city
from tracker.settings import Settings

CITY = build_city()
EARTH = Geod(ellps="WGS84")


@contextmanager
def demo(folder: Path, database_url: str) -> Iterator[Process]:
    """A demo's server, its database seeded."""

    async def seed(database: Database) -> None:
        assert await seed_city(database, CITY, datetime.now(UTC))

    with_database(database_url, seed)
    with serving(folder, database_url, DEMO_CITY="1") as web:
        yield web


def visitor_of(web: Process) -> Settings:
    """The settings that the demo's own process has."""
    settings = Settings.from_env({"DATABASE_URL": "postgresql://x/x", "TRACKER_SECRET": SECRET})
    return replace(settings, public_url=web.url, demo_city=1)


def metres(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Between two places (lat, lng)."""
    return float(EARTH.inv(a[1], a[0], b[1], b[0])[2])
