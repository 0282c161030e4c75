"""The real server under load: a prepared database with one running job per pro, and its processes.

With two cores or more the server is pinned to the first and the load generator to the last, so that the
figures are those of one core.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from bench.servers import prepared, private_server, server_version
from db.pool import Database
from rooms.principal import Role
from tracker.effects.keep_house import make_partitions
from tracker.identity.tokens import mint

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
SECRET = "a secret of the benchmark, made of forty-odd characters"
START_PATIENCE_S = 30.0
CORES = sorted(os.sched_getaffinity(0))

PEOPLE_AND_JOBS = """
INSERT INTO skills (code, name) VALUES ('gutters', 'Gutters') ON CONFLICT DO NOTHING;
INSERT INTO people (id, role, name)
    SELECT 'customer' || n, 'customer', 'C' FROM generate_series(1, {n}) n ON CONFLICT DO NOTHING;
INSERT INTO people (id, role, name)
    SELECT 'pro' || n, 'pro', 'P' FROM generate_series(1, {n}) n ON CONFLICT DO NOTHING;
INSERT INTO pro_skills SELECT 'pro' || n, 1 FROM generate_series(1, {n}) n ON CONFLICT DO NOTHING;
INSERT INTO jobs (customer_id, pro_id, status, version, skill_no, service, lat, lng, address,
                  approximate_address, price_cents, en_route_at)
    SELECT 'customer' || n, 'pro' || n, 'en_route', 1, 1, 'Gutters', 53.5, -2.9, n || ' Some Street',
           'Some Town', 12000, now() FROM generate_series(1, {n}) n;
INSERT INTO job_events (job_id, version, kind, to_status, actor_id, actor_role, occurred_at)
    SELECT id, 1, 'created', status, 'bench', 'admin', now() FROM jobs;
ANALYZE;
"""


@dataclass(frozen=True, slots=True)
class App:
    """A running `tracker serve` with one worker."""

    pid: int
    port: int
    database_url: str
    database_version: str


@asynccontextmanager
async def running_app(people: int, log: Path | None = None, **settings: str) -> AsyncIterator[App]:
    """A new database with `people` customers, to each of whom a pro is on the way, and the server on it.

    What the server says goes to `log`, or to the terminal; `settings` are more of the server's environment.
    """
    with private_server() as server:
        await prepared(server.url)
        await _seed(server.url, people)
        port = free_port()
        process = _serve(server.url, port, log, settings)
        try:
            if len(CORES) > 1:
                os.sched_setaffinity(process.pid, {CORES[0]})
            wait_until_ready(port, process)
            yield App(process.pid, port, server.url, await server_version(server.url))
        finally:
            process.terminate()
            process.wait(30)


async def _seed(url: str, people: int) -> None:
    database = await Database.connect(url, size=1, statement_timeout_s=60)
    try:
        await make_partitions(database, datetime.now(UTC))
        async with database.connection() as conn:
            await conn.execute(PEOPLE_AND_JOBS.format(n=people))
    finally:
        await database.close()


def _serve(
    database_url: str, port: int, log: Path | None, settings: dict[str, str]
) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "REDIS_URL": "memory://",
        "TRACKER_SECRET": SECRET,
        "HOST": HOST,
        "PORT": str(port),
        "LOG_LEVEL": "WARNING",
        **settings,
    }
    with ExitStack() as stack:
        out = stack.enter_context(log.open("ab")) if log else None
        command = [sys.executable, "-m", "tracker.cli", "serve"]
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)


def wait_until_ready(port: int, process: subprocess.Popen[Any]) -> None:
    """Until /readyz says so. Raises RuntimeError when the process ends or takes too long."""
    deadline = time.monotonic() + START_PATIENCE_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with exit code {process.returncode}")
        try:
            if httpx.get(f"http://{HOST}:{port}/readyz", timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise RuntimeError(f"the server was not ready after {START_PATIENCE_S:.0f} s")


class Crowd:
    """The load generator's process (crowd.py); use it as a context manager."""

    def __init__(self, port: int, sockets: list[dict[str, Any]], **plan: Any) -> None:
        self._plan = {"host": HOST, "port": port, "sockets": sockets, **plan}

    def __enter__(self) -> Crowd:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.crowd"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if len(CORES) > 1:
            os.sched_setaffinity(self._process.pid, {CORES[-1]})
        self._say(json.dumps(self._plan))
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._say("")
        self._process.wait(30)

    def hear(self, event: str) -> dict[str, Any]:
        """The generator's next line, which must be this event."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        heard: dict[str, Any] = json.loads(line or '{"event": "nothing: it ended"}')
        if heard["event"] != event:
            raise RuntimeError(f"expected {event} of the load generator, heard {heard}")
        return heard

    def _say(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()


def token(role: Role, person_id: str) -> str:
    """A token for an hour."""
    return mint(SECRET, person_id, role, ttl_s=3600)


def free_port() -> int:
    """A free TCP port on 127.0.0.1 below the range that outgoing connections take theirs from."""
    for port in range(18_000 + os.getpid() % 5_000, 30_000):
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port")


async def fetch(url: str, query: str, *arguments: Any) -> list[asyncpg.Record]:
    """One query on a connection of its own."""
    conn = await asyncpg.connect(url)
    try:
        return await conn.fetch(query, *arguments)
    finally:
        await conn.close()
