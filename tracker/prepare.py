"""Making a database ready to serve: migrations and the partitions of the days ahead."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from db.migrate import migrate
from db.pool import Database
from tracker.effects.keep_house import make_partitions


def prepare_database(dsn: str) -> None:
    """Bring the schema and the partitions up to date. Raises MigrationError, Unavailable."""

    async def prepare() -> None:
        await migrate(dsn)
        database = await Database.connect(dsn, size=1, statement_timeout_s=60)
        try:
            await make_partitions(database, datetime.now(UTC))
        finally:
            await database.close()

    asyncio.run(prepare())
