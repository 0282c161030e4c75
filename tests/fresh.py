"""One database for a file of tests (`effects.shared_company`), as good as new for each of them.

Five times quicker than a database per test.
"""

from __future__ import annotations

from db.pool import Database
from tests.company import PEOPLE, with_database

# All that a job may leave behind; what refers to these goes with them.
TABLES = (
    "jobs, outbox, notifications, reviews, home_scores, ledger_transactions, loose_files, sandbox_objects"
)
POINTS = "('pressure_washing', 10), ('gutter_cleaning', 15), ('junk_removal', 5)"  # migration 0008


def freshened(url: str) -> str:
    """The same database with nothing but its company, as it was founded."""

    async def freshen(database: Database) -> None:
        async with database.transaction() as conn:
            await conn.execute("SET LOCAL session_replication_role = replica")  # the ledger refuses otherwise
            await conn.execute(f"TRUNCATE {TABLES} CASCADE")
            founders = [person.id for person in PEOPLE]
            await conn.execute("DELETE FROM people WHERE id <> ALL($1::text[])", founders)
            await conn.execute("UPDATE people SET rating_count = 0, rating_sum = 0, rating_low = false")
            await conn.execute("DELETE FROM score_catalogue")
            await conn.execute(f"INSERT INTO score_catalogue (skill, points) VALUES {POINTS}")

    with_database(url, freshen)
    return url
