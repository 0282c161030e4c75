"""PostgreSQL servers for tests: the shared one's making, and a private one that a test may mistreat."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from tests.aside import run_aside
from tracker.local_place import find_place
from tracker.local_postgres import PostgresServer

# A crash of the machine may cost a test run its data; a crash of a process never does.
FAST = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "64MB"}

MEMORY_WANTED = 4 * 1024**3  # bytes free: far more than a run needs


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
        """Start it, or start it again after `kill` or `stop`; returns when it accepts connections."""
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
    files = (place.home / "postgres", place.run, place.logs / "postgres.log", place.account, FAST)
    if other := os.environ.get(
        "TEST_POSTGRES"
    ):  # another version's installation, like /usr/lib/postgresql/15
        return PostgresServer(Path(other), *files, locale=("--locale=C.UTF-8",))
    return PostgresServer(place.postgres, *files)


def quick_parent() -> Path:
    """Where PostgreSQL's files of a test run go: memory, where there is enough of it, else the disk.

    Every database is some three hundred files, made and removed again for each test: on ext4 that was a tenth
    of the processor time of a whole run.
    """
    memory = Path("/dev/shm")  # what is made in it is an unguessable folder of our own
    if memory.is_dir() and os.access(memory, os.W_OK):
        runs_programs = not os.statvfs(memory).f_flag & os.ST_NOEXEC
        if runs_programs and shutil.disk_usage(memory).free > MEMORY_WANTED:
            return memory
    return Path("/tmp")


def named(url: str, database: str) -> str:
    """The same server's URL for another database."""
    return url.replace("/postgres?", f"/{database}?")


@contextmanager
def database_like(template: str, postgres: PostgresServer) -> Iterator[str]:
    """The URL of a new database with what `template` holds; dropped afterwards, whoever is still connected.

    It is copied file by file: PostgreSQL's own choice, through its log, takes seven times as long.
    """
    name = f"test_{uuid.uuid4().hex}"
    execute(postgres.url, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    try:
        yield named(postgres.url, name)
    finally:
        execute(postgres.url, f"DROP DATABASE {name} WITH (FORCE)")


def execute(url: str, statement: str) -> None:
    """One statement, on a connection of its own."""

    async def connected() -> None:
        connection = await asyncpg.connect(url, timeout=10)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    run_aside(connected())


def ask(url: str, question: str) -> object:
    """The answer to one question, on a connection of its own."""

    async def connected() -> object:
        connection = await asyncpg.connect(url, timeout=5)
        try:
            return await connection.fetchval(question)
        finally:
            await connection.close()

    return run_aside(connected())


@contextmanager
def open_folder(parent: Path = Path("/tmp")) -> Iterator[Path]:
    """A folder that other users can enter, unlike `tmp_path`; removed afterwards with what it links to."""
    folder = Path(tempfile.mkdtemp(prefix="tracker-test-", dir=parent))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        for link in filter(Path.is_symlink, folder.rglob("*")):
            shutil.rmtree(link.readlink(), ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
