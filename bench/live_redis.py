"""The Redis of the live bench, one server and a cluster, away from the core of the measured servers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.app import CORES
from bench.harness import cpu_us
from tests.redis_cluster import redis_cluster
from tests.servers import Valkey, start_valkey


@dataclass(frozen=True, slots=True)
class Redis:
    """Where it is, and the processor time of all its processes so far."""

    url: str
    cpu_us: Callable[[], float]


@contextmanager
def one_redis(program: Path) -> Iterator[Redis]:
    """One server."""
    with start_valkey(program=program) as server:
        yield _pinned(server.url, [server])


@contextmanager
def a_cluster(program: Path) -> Iterator[Redis]:
    """Three masters with a replica each."""
    with redis_cluster(program) as cluster:
        yield _pinned(cluster.url, cluster.servers)


def _pinned(url: str, servers: list[Valkey]) -> Redis:
    for server in servers:
        os.sched_setaffinity(server.pid, {CORES[-1]})
    return Redis(url, lambda: sum(cpu_us(server.pid) for server in servers))
