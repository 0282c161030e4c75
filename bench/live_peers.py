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
    ports: list[int] = field(default_factory=list)
    pids: list[int] = field(default_factory=list)

    @contextmanager
    def running(self, ping_s: int, redis_url: str = "") -> Iterator[Peer]:
        """All nodes, on the first core, listening."""
        processes = []
        try:
            for _ in range(self.nodes):
                port = free_port()
                words = self.words(port, ping_s, redis_url)
                process = subprocess.Popen(words, cwd=ROOT, preexec_fn=die_with_parent)
                processes.append(process)
                os.sched_setaffinity(process.pid, {CORES[0]})
                _wait_for(port, process)
                self.ports.append(port)
                self.pids.append(process.pid)
            yield self
        finally:
            for process in processes:
                process.kill()
                process.wait()
            self.ports.clear()
            self.pids.clear()

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
CLUSTER_NODES = 3


def single_peers() -> list[Peer]:
    """Those of one process. The floor is missing where nothing compiles C."""
    peers = [_node(NODE_JS, "plain", 1), _stock(STOCK, 1), _ours(OURS, 1)]
    floor = compiled("floor")
    if floor is not None:
        program = floor
        peers.insert(0, Peer(FLOOR, lambda port, _ping_s, _url: [program, str(port)]))
    return peers


def cluster_peers() -> list[Peer]:
    """Three nodes each, on one Redis."""
    return [
        _node(REDIS_ADAPTER, "redis-adapter", CLUSTER_NODES),
        _node(SHARDED, "sharded-adapter", CLUSTER_NODES),
        _stock(STOCK_REDIS, CLUSTER_NODES),
        _ours(OURS_REDIS, CLUSTER_NODES),
    ]


def _node(name: str, kind: str, nodes: int) -> Peer:
    script = PEERS / "node.js"
    return Peer(name, lambda port, ping_s, url: [NODE, script, str(port), kind, str(ping_s), url], nodes)


def _stock(name: str, nodes: int) -> Peer:
    return Peer(name, lambda port, ping_s, url: _python("stock", port, ping_s, url), nodes)


def _ours(name: str, nodes: int) -> Peer:
    return Peer(name, lambda port, ping_s, url: _python("ours", port, ping_s, url), nodes)


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
