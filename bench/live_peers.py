"""The servers of the live bench: how each is started, pinned, ended, and its processor time read."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench.app import CORES, HOST, ROOT, START_PATIENCE_S, free_port
from bench.harness import cpu_us
from bench.live_build import NODE, PEERS, compiled

PR_SET_PDEATHSIG = 1  # linux/prctl.h


@dataclass
class Peer:
    """One kind of server, and its running processes: one, or nodes that share a Redis."""

    name: str
    words: Callable[[int, int, str], list[str | Path]]  # (port, ping_s, Redis URL) → command
    nodes: int = 1
    on_cluster: bool = False  # the nodes share a Redis Cluster, not one Redis
    ports: list[int] = field(default_factory=list)
    pids: list[int] = field(default_factory=list)
    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @contextmanager
    def running(self, ping_s: int, redis_url: str = "") -> Iterator[Peer]:
        """All nodes, on the first core, listening."""
        try:
            for _ in range(self.nodes):
                port = free_port()
                words = self.words(port, ping_s, redis_url)
                process = subprocess.Popen(words, cwd=ROOT, preexec_fn=die_with_parent)
                self._processes.append(process)
                os.sched_setaffinity(process.pid, {CORES[0]})
                _wait_for(port, process)
                self.ports.append(port)
                self.pids.append(process.pid)
            yield self
        finally:
            self.kill()
            self._processes.clear()
            self.ports.clear()
            self.pids.clear()

    def kill(self) -> None:
        """End it now. Before its sockets go: nobody wants 8000 goodbyes worked off (and Node's client of a
        Redis Cluster, redis 5.9.0, throws when the last room of a server is left)."""
        for process in self._processes:
            process.kill()
            process.wait()

    def cpu_us(self, *nodes: int) -> float:
        """Processor time of some nodes (all without arguments) so far."""
        return sum(cpu_us(self.pids[node]) for node in nodes or range(self.nodes))

    def settled_cpu_us(self, *nodes: int, within_s: float = 20.0) -> float:
        """The same once they have nothing left to do."""
        before, deadline = self.cpu_us(*nodes), time.monotonic() + within_s
        while True:
            time.sleep(0.3)
            after = self.cpu_us(*nodes)
            if after - before < 10_000 or time.monotonic() > deadline:
                return after
            before = after


FLOOR, NODE_JS, STOCK, OURS = "C `send()` loop", "Node", "stock", "ours"
REDIS_ADAPTER, SHARDED = "Node + redis-adapter", "Node + sharded adapter"
STOCK_REDIS, OURS_REDIS = "stock + Redis", "ours + bus"
SHARDED_CLUSTER, OURS_CLUSTER = "Node + sharded adapter, Redis Cluster", "ours + bus, Redis Cluster"
NODES = 3  # of a peer that has several


def single_peers() -> list[Peer]:
    """Those of one process. The floor is missing where nothing compiles C."""
    peers = [_node(NODE_JS, "plain", 1), _stock(STOCK, 1), _ours(OURS, 1)]
    floor = compiled("floor")
    if floor is not None:
        program = floor
        peers.insert(0, Peer(FLOOR, lambda port, _ping_s, _url: [program, str(port)]))
    return peers


def peers_of_three() -> list[Peer]:
    """Three nodes each, on one Redis."""
    return [
        _node(REDIS_ADAPTER, "redis-adapter", NODES),
        _node(SHARDED, "sharded-adapter", NODES),
        _stock(STOCK_REDIS, NODES),
        _ours(OURS_REDIS, NODES),
    ]


def peers_on_cluster() -> list[Peer]:
    """Three nodes each, on a Redis Cluster: those who speak sharded pub/sub."""
    return [
        _node(SHARDED_CLUSTER, "sharded-adapter", NODES, on_cluster=True),
        _ours(OURS_CLUSTER, NODES, on_cluster=True),
    ]


def _node(name: str, kind: str, nodes: int, *, on_cluster: bool = False) -> Peer:
    script = PEERS / "node.js"
    return Peer(
        name, lambda port, ping_s, url: [NODE, script, str(port), kind, str(ping_s), url], nodes, on_cluster
    )


def _stock(name: str, nodes: int) -> Peer:
    return Peer(name, lambda port, ping_s, url: _python("stock", port, ping_s, url), nodes)


def _ours(name: str, nodes: int, *, on_cluster: bool = False) -> Peer:
    return Peer(name, lambda port, ping_s, url: _python("ours", port, ping_s, url), nodes, on_cluster)


def _python(module: str, port: int, ping_s: int, url: str) -> list[str | Path]:
    return [sys.executable, "-m", f"bench.peers.{module}", str(port), str(ping_s), *([url] if url else [])]


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection((HOST, port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"a peer did not start: {process.args!r}")


def die_with_parent() -> None:
    """In a child before it starts: end with the bench, whatever happens to it (Linux)."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
