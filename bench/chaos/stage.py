"""What chaos happens to: two web processes, a worker, a PostgreSQL and a Valkey, all private and mortal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from db.migrate import migrate
from db.pool import Database
from db.seeding import SeedPerson
from tests.company import add_job, found_company
from tests.postgres import PrivatePostgres, make_postgres, open_folder
from tests.running import Process, serving, working
from tests.servers import Valkey, start_valkey

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that runs. `hand` does what blocks; a server ends with the thread that started it."""

    a: Process
    b: Process
    worker: Process
    postgres: PrivatePostgres
    valkey: Valkey
    hand: Executor

    @property
    def webs(self) -> list[Process]:
        """The two web processes."""
        return [self.a, self.b]

    async def do(self, work: Callable[[], T]) -> T:
        """Run what blocks, beside the traffic."""
        return await asyncio.get_running_loop().run_in_executor(self.hand, work)

    def words(self) -> list[str]:
        """What each process of ours has logged."""
        return [process.words() for process in (*self.webs, self.worker)]

    async def fetch(self, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        """Rows of one query, with more patience than the application has."""
        database = await Database.connect(self.postgres.url, size=1, statement_timeout_s=60)
        try:
            async with database.connection() as conn:
                return [tuple(row) for row in await conn.fetch(query, *arguments)]
        finally:
            await database.close()


@asynccontextmanager
async def running(
    people: list[SeedPerson], jobs: dict[str, str]
) -> AsyncIterator[tuple[Stage, dict[str, str]]]:
    """Everything started, with `people` and a job for each pro in `jobs` (pro → status).

    Yields the stage, and pro → job id.
    """
    with open_folder() as folder, ThreadPoolExecutor(1) as hand:
        loop = asyncio.get_running_loop()
        postgres = PrivatePostgres(make_postgres(folder))
        try:
            await loop.run_in_executor(hand, postgres.start)
            await migrate(postgres.url)
            ids = await _found(postgres.url, people, jobs)
            with start_valkey() as valkey:
                a, b = (serving(folder, postgres.url, valkey.url, LOG_LEVEL="ERROR") for _ in range(2))
                worker = working(folder, postgres.url, valkey.url, LOG_LEVEL="INFO")
                a.launch()
                with worker, b, a:
                    yield Stage(a, b, worker, postgres, valkey, hand), ids
        finally:
            await loop.run_in_executor(hand, postgres.stop)


async def _found(url: str, people: list[SeedPerson], jobs: dict[str, str]) -> dict[str, str]:
    database = await Database.connect(url, size=4)
    try:
        await found_company(database, people)
        ids: dict[str, UUID] = {pro: await add_job(database, status, pro=pro) for pro, status in jobs.items()}
    finally:
        await database.close()
    return {pro: str(job_id) for pro, job_id in ids.items()}
