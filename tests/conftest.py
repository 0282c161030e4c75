"""What every test may ask for: databases, a private PostgreSQL to mistreat, a Valkey, a port, a Chromium.

`database_url` is a fresh, migrated database, copied from a template that is made once per run, so that no
test sees another's rows. `postgres_server` is a whole server for tests that kill or freeze it.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import socket
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from db.migrate import migrate
from tracker.local_place import find_place
from tracker.local_postgres import PostgresServer

# A crash of the machine may cost a test run its data; a crash of a process never does.
FAST = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "64MB"}
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class PrivatePostgres:
    """A PostgreSQL server with a migrated database, for one test alone to kill, freeze and restart."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._frozen: list[int] = []

    @property
    def url(self) -> str:
        """The migrated database; the same before and after a restart."""
        return self._server.url

    def start(self) -> None:
        """Start it again after `kill` or `stop`; returns when it accepts connections."""
        self._server.start()

    def stop(self) -> None:
        """End it in order, as a planned restart does; clients are told."""
        self.thaw()
        self._server.stop()

    def kill(self) -> None:
        """Kill -9 of all its processes at once; clients are not told."""
        for pid in self._pids():
            os.kill(pid, signal.SIGKILL)
        self._frozen = []
        self._server.stop()

    def restart(self) -> None:
        """Kill and start: what an immediate restart looks like to clients."""
        self.kill()
        self.start()

    def freeze(self) -> None:
        """Stop the clock of all its processes: connections stay open and nothing answers."""
        self._frozen = self._pids()
        for pid in self._frozen:
            os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on after `freeze`."""
        for pid in self._frozen:
            os.kill(pid, signal.SIGCONT)
        self._frozen = []

    def _pids(self) -> list[int]:
        """The postmaster, then its backends (Linux tells; elsewhere only the postmaster is known)."""
        pid = self._server.pid
        if pid is None:
            return []
        children = Path(f"/proc/{pid}/task/{pid}/children")
        return [pid, *(int(word) for word in (children.read_text() if children.exists() else "").split())]


def make_postgres(folder: Path) -> PostgresServer:
    """A PostgreSQL that is quick rather than safe against power loss, with all its files under `folder`."""
    place = find_place(folder)
    return PostgresServer(
        place.postgres, place.home / "postgres", place.run, place.logs / "postgres.log", place.account, FAST
    )


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that other users can enter, unlike `tmp_path`; removed afterwards with what it links to."""
    yield from _folder()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The one server that all databases of this run live on."""
    for folder in _folder():
        server = make_postgres(folder)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def template_database(postgres: PostgresServer) -> str:
    """The name of a migrated, empty database, made once per run."""

    async def make() -> None:
        await _execute(postgres.url, "CREATE DATABASE template_tracker")
        await migrate(named(postgres.url, "template_tracker"))

    asyncio.run(make())
    return "template_tracker"


@pytest.fixture
def database_url(postgres: PostgresServer, template_database: str) -> Iterator[str]:
    """A fresh, migrated database for one test; dropped afterwards, whoever is still connected."""
    name = f"test_{uuid.uuid4().hex}"
    asyncio.run(_execute(postgres.url, f"CREATE DATABASE {name} TEMPLATE {template_database}"))
    yield named(postgres.url, name)
    asyncio.run(_execute(postgres.url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def empty_database_url(postgres: PostgresServer) -> Iterator[str]:
    """A fresh database without any tables."""
    name = f"test_{uuid.uuid4().hex}"
    asyncio.run(_execute(postgres.url, f"CREATE DATABASE {name}"))
    yield named(postgres.url, name)
    asyncio.run(_execute(postgres.url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def postgres_server(folder: Path) -> Iterator[PrivatePostgres]:
    """A server of one's own, running and migrated."""
    server = PrivatePostgres(make_postgres(folder))
    try:
        server.start()
        asyncio.run(migrate(server.url))
        yield server
    finally:
        server.stop()


@pytest.fixture
def free_port() -> Callable[[], int]:
    """A function that returns a TCP port nobody listens on, outside the range of outgoing connections."""
    return pick_free_port


def pick_free_port() -> int:
    """A free port on 127.0.0.1 below 32768, where the kernel takes no source ports from."""
    while True:
        port = random.randint(10_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """An installed Chromium or Chrome; `make test` sees to it that there is one."""
    found = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    assert found, "no chromium or google-chrome on this machine; `make test` as root installs Debian's"
    return found


def named(url: str, database: str) -> str:
    """The same server's URL for another database."""
    return url.replace("/postgres?", f"/{database}?")


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="tracker-test-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        for link in filter(Path.is_symlink, folder.rglob("*")):
            shutil.rmtree(link.readlink(), ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
