"""Lists of messages stay quick: each filter is answered by an index, on many rows."""

from __future__ import annotations

from typing import Any

from db.deliveries import known_provider_ids
from db.messages import list_messages
from db.notifications import list_notifications, unread_count
from db.pool import Database
from tests.company import add_job, with_company
from tests.messaging import run

MANY = 20_000


async def fill(database: Database) -> Any:
    """Many notifications of four people with a delivery each; some about one job, few failed."""
    job_id = await add_job(database, "open")
    await run(
        database,
        "INSERT INTO notifications (event_key, kind, person_id, job_id, title, body, read_at)"
        " SELECT 'k' || n, 'alert', (ARRAY['pat', 'quinn', 'cleo', 'zoe'])[1 + n % 4],"
        " CASE WHEN n % 500 = 0 THEN $1::uuid END, 't', 'b', now() FROM generate_series(1, $2) n",
        job_id,
        MANY,
    )
    await run(
        database,
        "INSERT INTO deliveries (notification_id, channel, recipient, status, provider, provider_id,"
        " first_tried_at) SELECT id, 'sms', '+1555' || id,"
        " CASE WHEN id % 5000 = 0 THEN 'failed' ELSE 'sent' END, 'twilio', 'SM' || id, now()"
        " FROM notifications",
    )
    await run(database, "ANALYZE notifications, deliveries")
    return job_id


class Reads:
    """A connection that explains each query before it runs it, and keeps the tables it scans whole."""

    def __init__(self, conn: Any) -> None:
        self._conn = conn
        self.scanned: list[str] = []

    async def _explain(self, query: str, args: tuple[Any, ...]) -> None:
        plan = "\n".join(row[0] for row in await self._conn.fetch(f"EXPLAIN {query}", *args))
        self.scanned += [line for line in plan.splitlines() if "Seq Scan" in line and "people" not in line]

    async def fetch(self, query: str, *args: Any) -> Any:
        await self._explain(query, args)
        return await self._conn.fetch(query, *args)

    async def fetchval(self, query: str, *args: Any) -> Any:
        await self._explain(query, args)
        return await self._conn.fetchval(query, *args)


def test_no_list_of_messages_reads_a_whole_table(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id = await fill(database)
        nothing: dict[str, Any] = dict.fromkeys(("job_id", "person_id", "status", "channel", "before"))
        async with database.connection() as conn:
            for chosen, expected in (
                ({}, 50),
                ({"before": MANY // 2}, 50),
                ({"job_id": job_id}, MANY // 500),
                ({"status": "failed"}, 4),
                ({"person_id": "pat"}, 50),
            ):
                reads = Reads(conn)
                found = await list_messages(reads, **{**nothing, **chosen}, limit=50)  # type: ignore[arg-type]
                assert (len(found), reads.scanned) == (expected, []), chosen
            reads = Reads(conn)
            assert len(await list_notifications(reads, "pat", before=None, limit=30)) == 30  # type: ignore[arg-type]
            assert await unread_count(reads, "pat") == 0  # type: ignore[arg-type]
            long_ago = found[-1].created_at.replace(year=2020)
            assert await known_provider_ids(reads, "+15557", long_ago) == {"SM7"}  # type: ignore[arg-type]
            assert reads.scanned == []

    with_company(database_url, story)
