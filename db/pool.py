"""The connection pool: every wait has an end, and a database that is away is one typed error.

`Database` wraps an asyncpg pool. Its two ways in are `connection()` for reads and single statements
and `transaction()` for changes. Both raise `Unavailable` (retryable, 503) within two seconds when
PostgreSQL does not answer.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TypeAlias, TypeVar

import asyncpg

from db.errors import Unavailable

Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
T = TypeVar("T")

log = logging.getLogger("tracker.db")
ACQUIRE_TIMEOUT_S = 1.0
STATEMENT_TIMEOUT_S = 2.0  # enforced by the server
EARLIER_S = 0.25  # that much sooner we give up by ourselves: a frozen server enforces nothing

# What asyncpg raises when the server is away, starting, stopping, full or wedged.
AWAY = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the pool, when a connection that we cut is gone before it is given back
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.DiskFullError,
    asyncpg.ReadOnlySQLTransactionError,
)
# Two transactions met; one of them has to go again.
COLLIDED = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)


class Database:
    """A pool with deadlines. Make one per process with `await Database.connect(dsn)`."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], dsn: str) -> None:
        self._pool = pool
        self.dsn = dsn

    @classmethod
    async def connect(
        cls, dsn: str, *, size: int = 10, statement_timeout_s: float = STATEMENT_TIMEOUT_S
    ) -> Database:
        """Open a pool of at most `size` connections. Raises Unavailable when nobody answers.

        `plan_cache_mode` is fixed because the feed's plan must be the generic one (docs/feed.md).
        """
        try:
            pool = await asyncpg.create_pool(
                dsn,
                min_size=0,  # else asyncpg restores the floor by itself, with a traceback per attempt
                max_size=size,
                timeout=ACQUIRE_TIMEOUT_S,
                command_timeout=statement_timeout_s - EARLIER_S,
                max_inactive_connection_lifetime=300,
                reset=_leave_clean,
                server_settings={
                    "application_name": "tracker",
                    "statement_timeout": str(round(statement_timeout_s * 1000)),
                    "lock_timeout": "1500",
                    "idle_in_transaction_session_timeout": "5000",
                    "plan_cache_mode": "force_generic_plan",
                    "jit": "off",
                    "timezone": "UTC",
                },
            )
        except AWAY as error:
            raise Unavailable from error
        database = cls(pool, dsn)
        if not await database.answers():
            pool.terminate()
            raise Unavailable
        return database

    @classmethod
    async def connect_patiently(cls, dsn: str, *, size: int = 10, patience_s: float = 30.0) -> Database:
        """`connect`, waited for: at a machine's start a process may come before PostgreSQL.

        Raises Unavailable.
        """
        deadline = time.monotonic() + patience_s
        while True:
            try:
                return await cls.connect(dsn, size=size)
            except Unavailable:
                if time.monotonic() >= deadline:
                    raise Unavailable(f"The database did not answer for {patience_s:.0f} s.") from None
                log.warning("the database does not answer yet")
                await asyncio.sleep(0.5)

    async def close(self) -> None:
        """Close the pool; connections still in use after three seconds are cut."""
        try:
            await asyncio.wait_for(self._pool.close(), 3)
        except TimeoutError:
            self._pool.terminate()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for reads and single statements. Raises Unavailable."""
        try:
            async with self._pool.acquire(timeout=ACQUIRE_TIMEOUT_S) as conn:
                with _cut_when_stuck(conn):
                    yield conn
        except AWAY as error:
            raise Unavailable from error

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection inside a READ COMMITTED transaction. Raises Unavailable."""
        async with self.connection() as conn, conn.transaction():
            with _cut_when_stuck(conn):
                yield conn

    async def in_transaction(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Run `work` in a transaction, again (at most twice more) when it collided with another."""
        for attempt in range(3):
            try:
                async with self.transaction() as conn:
                    return await work(conn)
            except COLLIDED as error:
                if attempt == 2:
                    raise Unavailable from error
                await asyncio.sleep(random.uniform(0.005, 0.05) * (attempt + 1))
        raise AssertionError("unreachable")

    async def answers(self) -> bool:
        """Whether the database answers a trivial question right now (for /readyz)."""
        try:
            async with self.connection() as conn:
                return bool(await conn.fetchval("SELECT true"))
        except Unavailable:
            return False


async def _leave_clean(_conn: asyncpg.Connection[asyncpg.Record]) -> None:
    """What a connection needs before its next user beyond asyncpg's own roll-back: nothing.

    No code here sets session state (locks and settings are a transaction's own), so asyncpg's default, a
    round trip of about 0.2 ms per release, would find nothing to undo.
    """


@contextmanager
def _cut_when_stuck(conn: Connection) -> Iterator[None]:
    """Close a connection whose statement was not answered in time.

    Else the rollback and the pool's reset would wait on it as well, which made five seconds of two.
    """
    try:
        yield
    except TimeoutError:
        conn.terminate()
        raise
