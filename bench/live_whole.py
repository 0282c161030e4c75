"""The product itself in the live bench: `tracker serve` on PostgreSQL and Redis, nothing left out.

Each heartbeat is authorised, validated, judged, committed and then acked, broadcast to the customer who
watches and published for other nodes. The generator's phones move, so every fix is good and newest.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from bench.app import CORES, HOST, ROOT, SECRET, _seed, fetch, free_port, wait_until_ready
from bench.harness import Sample, cpu_us
from bench.live_peers import die_with_parent
from bench.live_swarm import Beat, Socket, Swarm
from bench.servers import prepared, private_server, server_version
from rooms.principal import Role
from tracker.identity.tokens import mint

WHOLE = "ours, whole and durable"
OPENS_PER_S = 400.0  # below the server's admission
TOKEN_S = 7200
POSITIONS = """
    SELECT (SELECT count(*) FROM positions) AS rows, sum(pg_total_relation_size(inhrelid)) AS bytes
    FROM pg_inherits WHERE inhparent = 'positions'::regclass
"""


@dataclass(frozen=True, slots=True)
class Whole:
    """The running product with its sockets open."""

    pid: int
    postmaster: int
    database_url: str
    database_version: str
    swarm: Swarm
    jobs: int
    seconds: float

    async def sample(self) -> Sample:
        """A turn (a `Way`): a heartbeat a second from every phone, then half of what one core could take.

        The first second is not counted, as for every peer.
        """
        self._measure(float(self.jobs))
        database, wal = self._database_cpu_us(), await self._wal_bytes()
        cpu, found = self._measure(float(self.jobs))
        cpu /= found["sent"]
        database = (self._database_cpu_us() - database) / found["sent"]
        wal = (await self._wal_bytes() - wal) / found["sent"]
        rate = 0.5e6 / cpu
        _, half = self._measure(rate)
        return {
            "ack": cpu,
            "database": database,
            "wal": wal,
            "half_rate": rate,
            "half_screen": half["screen_p99"],
            "half_ack": half["ack_p99"],
            "half_late": half["late_p99"],
        }

    async def bytes_per_position(self) -> float:
        """Table and indexes, per row."""
        (row,) = await fetch(self.database_url, POSITIONS)
        return float(row["bytes"]) / float(row["rows"])

    def _measure(self, rate: float) -> tuple[float, dict[str, Any]]:
        beat = Beat(0, self.jobs, rate, self.seconds, ack=True, product=True)
        return self.swarm.measure(lambda: cpu_us(self.pid), beat)

    def _database_cpu_us(self) -> float:
        """The postmaster and its children: connections, writers, checkpointer."""
        family = [pid for entry in Path("/proc").glob("[0-9]*") if self._is_database(pid := int(entry.name))]
        return sum(cpu_us(pid) for pid in family)

    def _is_database(self, pid: int) -> bool:
        return self.postmaster in (pid, _parent(pid))

    async def _wal_bytes(self) -> float:
        (row,) = await fetch(self.database_url, "SELECT pg_current_wal_lsn() - '0/0'::pg_lsn AS bytes")
        return float(row["bytes"])


@asynccontextmanager
async def running_whole(jobs: int, seconds: float, redis_url: str) -> AsyncIterator[Whole]:
    """A database with `jobs` pros on their way, the server on it, a phone and a customer for each."""
    with private_server() as server:
        await prepared(server.url)
        await _seed(server.url, jobs)
        rows = await fetch(server.url, "SELECT customer_id, pro_id, id::text FROM jobs ORDER BY id")
        port = free_port()
        process = _serve(server.url, redis_url, port)
        try:
            os.sched_setaffinity(process.pid, {CORES[0]})
            wait_until_ready(port, process)
            with Swarm(_sockets(port, rows)) as swarm:
                swarm.open(OPENS_PER_S)
                print(f"{WHOLE}: {2 * jobs} sockets", flush=True)
                version = await server_version(server.url)
                postmaster = await _postmaster(server.url)
                yield Whole(process.pid, postmaster, server.url, version, swarm, jobs, seconds)
        finally:
            process.terminate()
            process.wait(30)


def _serve(database_url: str, redis_url: str, port: int) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "TRACKER_SECRET": SECRET,
        "HOST": HOST,
        "PORT": str(port),
        "LOG_LEVEL": "WARNING",
    }
    words = [sys.executable, "-m", "tracker.cli", "serve"]
    return subprocess.Popen(words, cwd=ROOT, env=environment, preexec_fn=die_with_parent)


def _sockets(port: int, rows: list[asyncpg.Record]) -> list[Socket]:
    """The phones, then the customers; a source is a job."""
    phones = [
        Socket(port, n, json.dumps({"token": mint(SECRET, row["pro_id"], Role.PRO, ttl_s=TOKEN_S)}))
        for n, row in enumerate(rows)
    ]
    customers = [
        Socket(
            port,
            n,
            json.dumps({"token": mint(SECRET, row["customer_id"], Role.CUSTOMER, ttl_s=TOKEN_S)}),
            f'421["watch",{{"job_id":"{row["id"]}"}}]',
        )
        for n, row in enumerate(rows)
    ]
    return [*phones, *customers]


async def _postmaster(url: str) -> int:
    conn = await asyncpg.connect(url)
    try:
        return _parent(int(await conn.fetchval("SELECT pg_backend_pid()")))
    finally:
        await conn.close()


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError):
        return 0
