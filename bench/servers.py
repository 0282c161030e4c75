"""Private database servers: the embedded PostgreSQL, or Debian's when it has PostGIS beside it.

They keep their data in a temporary folder, commit durably (`fsync` and `synchronous_commit` on), do
not vacuum on their own in the middle of a measurement, and are ended with the benchmark.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from db.migrate import migrate
from tracker.local_place import find_place
from tracker.local_postgres import PostgresServer
from tracker.local_process import Account, ServerFailed, run_as

DEBIAN = Path("/usr/lib/postgresql")
DEBIAN_EXTENSIONS = Path("/usr/share/postgresql")
SETTINGS = {"autovacuum": "off", "shared_buffers": "512MB", "max_wal_size": "4GB", "min_wal_size": "2GB"}
WAL_SEGMENTS = 60  # of 16 MB


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; `url` is a migrated, empty database on it."""

    url: str
    has_postgis: bool


@contextmanager
def private_server(*, want_postgis: bool = False) -> Iterator[Server]:
    """Start a server in a temporary folder; with PostGIS when that is wanted and installed."""
    folder = Path(tempfile.mkdtemp(prefix="tracker-bench-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        place = find_place(folder)
        debian = debian_with_postgis() if want_postgis else None
        data = place.home / "postgres"
        if debian:
            _make_debian_cluster(debian, data, place.account)
        server = PostgresServer(
            debian or place.postgres, data, place.run, place.logs / "postgres.log", place.account, SETTINGS
        )
        try:
            server.start()
            yield Server(server.url, debian is not None)
        finally:
            server.stop()
    finally:
        for link in filter(Path.is_symlink, folder.rglob("*")):
            shutil.rmtree(link.readlink(), ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


def _make_debian_cluster(programs: Path, data: Path, account: Account | None) -> None:
    """initdb in the words of the older releases (the embedded one has a newer locale provider)."""
    data.mkdir(mode=0o700)
    if account:
        os.chown(data, account.uid, account.gid)
    words = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C")
    made = run_as(account, programs / "bin" / "initdb", f"--pgdata={data}", *words)
    if made.returncode != 0:
        raise ServerFailed(made.stderr)


async def server_version(url: str) -> str:
    """Like `PostgreSQL 18.6`."""
    conn = await asyncpg.connect(url)
    try:
        return "PostgreSQL " + str(await conn.fetchval("SHOW server_version")).split(" ")[0]
    finally:
        await conn.close()


async def prepared(url: str) -> str:
    """Migrate the database at `url`, make the server one that has run for a while, and return `url`.

    A new server makes and flushes a 16 MB file whenever its write-ahead log grows; an old one recycles.
    """
    await migrate(url)
    conn = await asyncpg.connect(url)
    try:
        for _ in range(WAL_SEGMENTS):
            await conn.execute("SELECT pg_logical_emit_message(false, 'bench', ''), pg_switch_wal()")
        await conn.execute("CHECKPOINT")
    finally:
        await conn.close()
    return url


def debian_with_postgis() -> Path | None:
    """The newest Debian PostgreSQL that has PostGIS, as a folder with `bin` in it."""
    controls = sorted(DEBIAN_EXTENSIONS.glob("*/extension/postgis.control"))
    found = [DEBIAN / control.parent.parent.name for control in controls]
    return next((path for path in reversed(found) if (path / "bin" / "initdb").exists()), None)
