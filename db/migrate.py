"""Plain-SQL migrations: numbered, run once, under a lock, with a checksum so history cannot drift.

`migrations/0001_base.sql` is number 1. Every file runs in a transaction of its own. Two servers that
start at once take turns through an advisory lock.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from db.errors import OperatorError

FOLDER = Path(__file__).parent / "migrations"
LOCK_KEY = 7_262_355_101  # any number, the same in every process


class MigrationError(OperatorError):
    """The database's migration history and the files of this release do not agree."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered SQL file."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def read_migrations(folder: Path = FOLDER) -> list[Migration]:
    """All migrations in order. Raises MigrationError when the numbers have a gap or a twin."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = re.fullmatch(r"(\d{4})_([a-z0-9_]+)\.sql", path.name)
        if not match:
            raise MigrationError(f"{path.name} is not named like 0001_base.sql")
        found.append(Migration(int(match[1]), match[2], path.read_text(encoding="utf-8")))
    if [m.number for m in found] != list(range(1, len(found) + 1)):
        raise MigrationError("migration numbers must be 1, 2, 3 … without a gap or a twin")
    return found


async def migrate(dsn: str, folder: Path = FOLDER) -> list[str]:
    """Bring the database at `dsn` up to date; returns the names that were applied now.

    Raises MigrationError when an applied file was edited or the database is newer than this release.
    """
    migrations = read_migrations(folder)
    conn = await asyncpg.connect(dsn, timeout=10)
    try:
        await conn.execute("SELECT pg_advisory_lock($1)", LOCK_KEY)
        await conn.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations (number integer PRIMARY KEY, name text NOT NULL,"
            " checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
        )
        applied = {
            row["number"]: row["checksum"]
            for row in await conn.fetch("SELECT number, checksum FROM schema_migrations")
        }
        _check_history(migrations, applied)
        done = []
        for migration in migrations:
            if migration.number in applied:
                continue
            async with conn.transaction():
                await conn.execute(migration.sql)
                await conn.execute(
                    "INSERT INTO schema_migrations (number, name, checksum) VALUES ($1, $2, $3)",
                    migration.number,
                    migration.name,
                    migration.checksum,
                )
            done.append(f"{migration.number:04d}_{migration.name}")
        return done
    finally:
        await conn.close()  # also releases the lock


def _check_history(migrations: list[Migration], applied: dict[int, str]) -> None:
    known = {m.number: m for m in migrations}
    for number, checksum in sorted(applied.items()):
        if number not in known:
            raise MigrationError(f"the database has migration {number}, which this release does not know")
        if known[number].checksum != checksum:
            raise MigrationError(f"migration {number} ({known[number].name}) was edited after it was applied")
