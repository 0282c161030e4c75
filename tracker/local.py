"""Local servers: a PostgreSQL and a Valkey from wheels, for a machine that has neither.

    with LocalServers(Path(".tracker")) as urls: ...
    async with local_servers(Path(".tracker")) as urls: ...

Read on in `local_place.py` (which user, which folders), `local_postgres.py`, `local_valkey.py` and
`local_process.py` (how a process is started, recognised and ended).
"""

from __future__ import annotations

import asyncio
import fcntl
import json
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

from tracker.local_place import data_dir_locked, find_place
from tracker.local_postgres import PostgresServer
from tracker.local_valkey import ValkeyServer

DATA_DIR = Path(".tracker")


@dataclass(frozen=True, slots=True)
class LocalUrls:
    """How to reach the local servers, in the form of the settings of the same names."""

    database_url: str
    redis_url: str


class LocalServers:
    """Both servers on one data folder, ended on exit in the reverse order of their start.

    Enter it from a thread that lives as long as the servers shall: on Linux they end with that thread.
    Entering raises LocalProblem: DataDirInUse, DiskFull or ServerFailed.
    """

    def __init__(self, data_dir: Path = DATA_DIR) -> None:
        self._data_dir = data_dir.resolve()
        self._undo = ExitStack()

    def __enter__(self) -> LocalUrls:
        with ExitStack() as undo:
            lock = undo.enter_context(data_dir_locked(self._data_dir))
            place = find_place(self._data_dir)
            postgres = PostgresServer(
                place.postgres, place.home / "postgres", place.run, place.logs / "postgres.log", place.account
            )
            undo.callback(postgres.stop)
            postgres.start()
            valkey = ValkeyServer(place.valkey, place.run, place.logs / "valkey.log", place.account)
            undo.callback(valkey.stop)
            valkey.start()
            urls = LocalUrls(postgres.url, valkey.url)
            lock.write_text(json.dumps(json.loads(lock.read_text()) | asdict(urls)), encoding="utf-8")
            self._undo = undo.pop_all()
        return urls

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.close()


@asynccontextmanager
async def local_servers(data_dir: Path = DATA_DIR) -> AsyncIterator[LocalUrls]:
    """`LocalServers` that do not block the event loop while they start and stop."""
    servers = LocalServers(data_dir)
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1, "local-servers") as thread:
        starting = loop.run_in_executor(thread, servers.__enter__)
        try:
            yield await asyncio.shield(starting)
        finally:
            await loop.run_in_executor(thread, servers.__exit__, None, None, None)


def running_urls(data_dir: Path = DATA_DIR) -> LocalUrls | None:
    """The URLs of the local servers that another process runs on `data_dir` just now, if one does."""
    path = data_dir / "lock"
    try:
        with path.open(encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                facts = json.load(lock)
                return LocalUrls(facts["database_url"], facts["redis_url"])
    except (OSError, ValueError, KeyError):
        return None
    return None
