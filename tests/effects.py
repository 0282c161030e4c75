"""Carrying out effects in a test: tools without outside services, and a worker that does what is due."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from db.pool import Database
from rooms.broadcast import Broadcaster, nobody
from rooms.bus import LocalBus
from tests.company import found_company, with_database
from tests.postgres import database_like
from tracker.effects.task import Tools
from tracker.local_postgres import PostgresServer
from tracker.providers import Providers
from tracker.settings import Settings
from tracker.worker import Worker

SECRET = "a secret that only the tests know, 32+"


def settings_of(database: Database, **changed: Any) -> Settings:
    """Settings as a worker has them; `changed` by field name."""
    return Settings(
        **{
            "database_url": database.dsn,
            "redis_url": "memory://",
            "tracker_secret": SECRET,
            "public_url": "http://127.0.0.1:8080",
            **changed,
        }
    )


def tools_of(
    database: Database,
    *,
    settings: Settings | None = None,
    providers: Providers | None = None,
    say: Broadcaster | None = None,
) -> Tools:
    """What executors work with. Without `providers`, those of the settings (their sandboxes)."""
    settings = settings or settings_of(database)
    return Tools(
        settings,
        database,
        say or Broadcaster(LocalBus(), nobody),
        providers or Providers.open(settings, database),
    )


async def carry_out_due(tools: Tools) -> int:
    """Carry out everything that is due, and what follows from it; returns how many tries that took."""
    worker = Worker(tools)
    tries = 0
    while begun := await worker.run_due():
        tries += begun
    return tries


async def waiting_effects(database: Database) -> list[tuple[str, str | None]]:
    """(effect, subject) of everything that is neither done nor dead nor expired, in the order of queueing."""
    async with database.connection() as conn:
        rows = await conn.fetch(
            "SELECT effect, subject FROM outbox"
            " WHERE done_at IS NULL AND dead_at IS NULL AND expired_at IS NULL ORDER BY id"
        )
    return [cast("tuple[str, str | None]", (row["effect"], row["subject"])) for row in rows]


def shared_company(postgres: PostgresServer, template: str) -> Iterator[str]:
    """A database with a company for a whole file of tests, which empty it by `emptied`."""
    with database_like(template, postgres) as url:
        with_database(url, found_company)
        yield url


def emptied(url: str) -> str:
    """The same database without effects and notifications."""

    async def empty(database: Database) -> None:
        async with database.connection() as conn:
            await conn.execute("TRUNCATE outbox, notifications, deliveries CASCADE")

    with_database(url, empty)
    return url
