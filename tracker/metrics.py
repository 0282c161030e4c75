"""What this process counts, for Prometheus, and a sampler of the event loop's lag.

One `Metrics` per process with a registry of its own, so that tests and processes do not share counts. No
label ever holds an id, a place or a person: each has a handful of values.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, StateSetMetricFamily
from prometheus_client.registry import Collector

from db.outbox import Backlog

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
LAG_EVERY_S = 0.1
BUS_STATES = ("up", "deaf", "local")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Seconds; fine around the targets (ack p50 10 ms, p99 30 ms; loop lag p99 100 ms).
_FINE = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

BACKLOG = {
    "waiting": "Effects in the database that wait for their turn, in any process.",
    "failing": "Those of them that have failed and wait for another try.",
    "dead": "Effects that were put aside; a person decides.",
    "late_seconds": "For how long the oldest due effect has been due.",
}

# The members of a stats dict that go up and down; all others only grow.
_GAUGES = frozenset({"sockets", "ready", "closing", "rooms", "slow_readers", "tasks", "channels"})

Stats = Callable[[], Mapping[str, object]]


class Metrics:
    """This process's counts. `text()` is the answer of `/metrics`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._heartbeats = Counter(
            "tracker_heartbeats",
            "Positions received, by what became of them.",
            ["verdict"],
            registry=self.registry,
        )
        self._commit_seconds = Histogram(
            "tracker_commit_seconds",
            "Time of one group commit of positions, from its first row's arrival to durable.",
            buckets=_FINE,
            registry=self.registry,
        )
        self._requests = Counter(
            "tracker_http_requests",
            "HTTP requests, by declared route.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._request_seconds = Histogram(
            "tracker_http_request_seconds",
            "Time to answer an HTTP request.",
            ["route"],
            buckets=_FINE,
            registry=self.registry,
        )
        self._loop_lag_seconds = Histogram(
            "tracker_loop_lag_seconds",
            "How late the event loop wakes a sleeper.",
            buckets=_FINE,
            registry=self.registry,
        )

        self._effects = Counter(
            "tracker_effects",
            "Tries of effects by this process, by what became of them: done, waits, failed, dead, expired.",
            ["effect", "outcome"],
            registry=self.registry,
        )
        self._backlog = {
            name: Gauge(f"tracker_outbox_{name}", meaning, ["effect"], registry=self.registry)
            for name, meaning in BACKLOG.items()
        }

    def count_effect(self, effect: str, outcome: str) -> None:
        """One try of an effect ended (`tracker.outbox.endings.outcome_of`)."""
        self._effects.labels(effect, outcome).inc()

    def show_backlog(self, kinds: Sequence[Backlog], now: datetime) -> None:
        """What the outbox holds, for all processes; a kind of which nothing is left is shown no more."""
        for gauge in self._backlog.values():
            gauge.clear()
        for kind in kinds:
            late_s = (now - kind.oldest).total_seconds() if kind.oldest else 0.0
            values = {
                "waiting": kind.waiting,
                "failing": kind.failing,
                "dead": kind.dead,
                "late_seconds": late_s,
            }
            for name, value in values.items():
                self._backlog[name].labels(kind.effect).set(max(0.0, value))

    def count_heartbeats(self, verdicts: Mapping[str, int]) -> None:
        """Count positions by verdict (the names of `positions.filters.Verdict`)."""
        for verdict, number in verdicts.items():
            self._heartbeats.labels(verdict).inc(number)

    def observe_commit(self, seconds: float) -> None:
        """One group commit of positions took `seconds`."""
        self._commit_seconds.observe(seconds)

    def observe_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """One HTTP request was answered; `route` is the declared path, never the asked one."""
        self._requests.labels(method if method in _METHODS else "other", route, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def watch(self, *, engine: Stats | None = None, bus: Stats | None = None) -> None:
        """Read sockets and bus from their own stats whenever somebody scrapes."""
        if engine is not None:
            self.registry.register(_StatsCollector("tracker_sockets", engine))
        if bus is not None:
            self.registry.register(_StatsCollector("tracker_bus", bus))

    def text(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self.registry)

    async def sample_loop_lag(self, every_s: float = LAG_EVERY_S) -> None:
        """Measure for ever how late the loop is; run it as a task."""
        while True:
            before = time.perf_counter()
            await asyncio.sleep(every_s)
            self._loop_lag_seconds.observe(max(0.0, time.perf_counter() - before - every_s))


class _StatsCollector(Collector):
    """Turns a stats dict into metrics: `{"published": 3}` → `tracker_bus_published_total 3`."""

    def __init__(self, prefix: str, stats: Stats) -> None:
        self._prefix = prefix
        self._stats = stats

    def describe(self) -> Iterable[Metric]:
        """Nothing: the names are known when the stats are read."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """One metric per member; `state` becomes a set of which one member is 1."""
        for name, value in self._stats().items():
            full = f"{self._prefix}_{name}" if name not in ("sockets", "rooms") else f"tracker_{name}"
            if name == "state":
                yield StateSetMetricFamily(
                    full, "Whether this process hears the others.", {s: s == value for s in BUS_STATES}
                )
            elif not isinstance(value, int | float):
                continue
            elif name in _GAUGES:
                yield GaugeMetricFamily(full, f"Now: {name.replace('_', ' ')}.", value=value)
            else:
                yield CounterMetricFamily(full, f"Since the start: {name.replace('_', ' ')}.", value=value)
