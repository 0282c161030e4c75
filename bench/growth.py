"""How cost grows, from what the live bench measured: `python -m bench.growth [--write]`.

Reads docs/bench/live.json, which `python -m bench live --write` leaves, and works out what one core holds,
what a million pros would take, and what gives way first. Nothing is typed in but the assumptions below.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from dataclasses import dataclass, fields
from typing import Any, Final

from bench.harness import REPORTS, short
from bench.live_figures import LINES
from bench.live_peers import OURS, OURS_REDIS
from bench.live_whole import WHOLE
from rooms.limits import Limits
from tracker.settings import Settings

PAGE = REPORTS.parent / "growth.md"
INTERVAL_S: Final = 5.0  # between two heartbeats of a pro
BUSY: Final = 0.6  # how full a core may be, so that bursts and a lost neighbour fit
SCALES: Final = (10_000, 100_000, 1_000_000)
TITLES = {line.figure: line.title for line in LINES}
NOT_LINES = {
    "database": "PostgreSQL's processor time a heartbeat",
    "wal": "write-ahead log a heartbeat",
    "bytes_per_position": "table and indexes a position",
}


@dataclass(frozen=True, slots=True)
class Coefficients:
    """What the bench measured: microseconds of a core, unless the name says otherwise."""

    heartbeat: float  # the whole path, one watcher on the same node
    watcher: float  # each further delivery to a watcher of a full room
    elsewhere: float  # more, when the watcher is on another node: both nodes
    bystander: float  # on a node where nobody watches
    redis: float
    database: float
    wal_bytes: float
    position_bytes: float
    connection_kb: float
    connection_idle: float  # a second
    accept: float

    @classmethod
    def of(cls, found: dict[str, Any]) -> Coefficients:
        """From live.json."""
        whole, ours, bus = (found["medians"][peer] for peer in (WHOLE, OURS, OURS_REDIS))
        return cls(
            heartbeat=whole["ack"],
            watcher=ours["fan_out"],
            elsewhere=max(0.0, bus["across"] - bus["relay"]),
            bystander=bus["bystander"],
            redis=bus["redis"],
            database=whole["database"],
            wal_bytes=whole["wal"],
            position_bytes=found["bytes_per_position"],
            connection_kb=ours["memory"],
            connection_idle=ours["idle"] * 1e4 / found["size"]["connections"],
            accept=ours["accept"],
        )


SOURCES: Final = {
    "heartbeat": ("µs a heartbeat, whole", f"{TITLES['ack']}; {WHOLE}"),
    "watcher": ("µs for each further watcher", f"{TITLES['fan_out']}; {OURS}"),
    "elsewhere": (
        "µs more when the watcher is on another node",
        f"across two nodes − one watcher a job; {OURS_REDIS}",
    ),
    "bystander": ("µs on a node where nobody watches", f"{TITLES['bystander']}; {OURS_REDIS}"),
    "redis": ("µs of Redis a heartbeat", f"{TITLES['redis']}; {OURS_REDIS}"),
    "database": ("µs of PostgreSQL a heartbeat", f"{NOT_LINES['database']}; {WHOLE} (live.json)"),
    "wal_bytes": ("bytes of write-ahead log a heartbeat", f"{NOT_LINES['wal']}; {WHOLE} (live.json)"),
    "position_bytes": ("bytes a position kept", f"{NOT_LINES['bytes_per_position']}; {WHOLE} (live.json)"),
    "connection_kb": ("KB a connection", f"{TITLES['memory']}; {OURS}"),
    "connection_idle": ("µs a second for a silent connection", f"idle CPU ÷ connections; {OURS}"),
    "accept": ("µs to accept a connection", f"{TITLES['accept']}; {OURS}"),
}


@dataclass(frozen=True, slots=True)
class Need:
    """What so many pros, each watched by one customer on another node, take."""

    pros: int
    heartbeats: float  # a second
    cores: float
    nodes: int  # processes of one core each
    memory_gb: float
    redis: float  # threads
    database_cores: float
    wal_mb: float  # a second
    rows_day: float
    gb_day: float
    kept_tb: float

    @classmethod
    def of(cls, pros: int, c: Coefficients, kept_days: int) -> Need:
        """By the formulas of the page."""
        heartbeats = pros / INTERVAL_S
        micros = heartbeats * (c.heartbeat + c.elsewhere) + 2 * pros * c.connection_idle
        gb_day = heartbeats * 86_400 * c.position_bytes / 1e9
        return cls(
            pros=pros,
            heartbeats=heartbeats,
            cores=micros / 1e6,
            nodes=math.ceil(micros / 1e6 / BUSY),
            memory_gb=2 * pros * c.connection_kb / 1e6,
            redis=heartbeats * c.redis / 1e6 / BUSY,
            database_cores=heartbeats * c.database / 1e6 / BUSY,
            wal_mb=heartbeats * c.wal_bytes / 1e6,
            rows_day=heartbeats * 86_400,
            gb_day=gb_day,
            kept_tb=gb_day * kept_days / 1e3,
        )


def main() -> int:
    """Print the page, or keep it."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("--write", action="store_true", help="keep the page in docs/growth.md")
    arguments = parser.parse_args()
    found = json.loads((REPORTS / "live.json").read_text(encoding="utf-8"))
    text = page(found, _kept_days())
    print(text)
    if arguments.write:
        PAGE.write_text(text, encoding="utf-8")
    return 0


def _kept_days() -> int:
    (retention,) = (field for field in fields(Settings) if field.name == "trail_retention_days")
    return int(retention.default)  # type: ignore[arg-type]


def page(found: dict[str, Any], kept_days: int) -> str:
    """docs/growth.md."""
    c = Coefficients.of(found)
    needs = [Need.of(pros, c, kept_days) for pros in SCALES]
    return "\n".join(
        [*_head(found), *_coefficients(c), *_one_core(c), *_scales(needs, kept_days), *_breaks(c), ""]
    )


def _head(found: dict[str, Any]) -> list[str]:
    return [
        "# How cost grows",
        "",
        "Written by `python -m bench.growth --write` from [the live bench](bench/live.md), on"
        f" {found['machine']}. Every figure is measured there or follows from it; another machine has other"
        " figures and the same shape.",
        "",
    ]


def _coefficients(c: Coefficients) -> list[str]:
    rows = [
        f"| `{name}` | {short(getattr(c, name))} | {title} | {line} |"
        for name, (title, line) in SOURCES.items()
    ]
    return [
        "## What was measured",
        "",
        "| name | value | unit | line of the bench |",
        "|---|---|---|---|",
        *rows,
        "",
        "Per second, with H heartbeats, W deliveries beyond one for each heartbeat, E heartbeats watched from"
        " another node, C connections and A new ones:",
        "",
        "    processor time = H·heartbeat + W·watcher + E·elsewhere + C·connection_idle + A·accept",
        "",
        "- **Rooms** cost nothing by themselves: a heartbeat touches its own room and no other.",
        f"- **Watchers** cost {short(c.watcher)} µs a delivery, one encoding for all of them.",
        "- **Nodes**: a message goes to the nodes that watch its room. One that does not pays"
        f" {short(c.bystander)} µs, so adding nodes adds capacity and no work (the figure holds what an"
        " idle process does anyway).",
        f"- **Heartbeats** are the bill: {short(c.heartbeat)} µs each, and a row each.",
        "",
    ]


def _one_core(c: Coefficients) -> list[str]:
    heartbeats = BUSY * 1e6 / (c.heartbeat + c.elsewhere)
    gigabyte = 1e6 / c.connection_kb
    return [
        "## What one core holds",
        "",
        f"At {BUSY:.0%} busy: {short(heartbeats)} whole heartbeats/s, which are"
        f" {short(heartbeats * INTERVAL_S)} pros at one each {INTERVAL_S:g} s with a customer each; or"
        f" {short(BUSY * 1e6 / c.watcher)} deliveries/s to watchers of full rooms; or {short(gigabyte)}"
        " silent connections in a gigabyte, which cost"
        f" {short(gigabyte * c.connection_idle / 1e4)} % of the core (the engine's share; a"
        " [customer who watches](bench/watcher_memory.md) holds more).",
        "",
    ]


def _scales(needs: list[Need], kept_days: int) -> list[str]:
    rows = {
        "heartbeats/s": [short(n.heartbeats) for n in needs],
        f"processes of one core, {BUSY:.0%} busy": [str(n.nodes) for n in needs],
        "memory of their connections, GB": [short(n.memory_gb) for n in needs],
        f"Redis threads (shards), {BUSY:.0%} busy": [str(math.ceil(n.redis)) for n in needs],
        f"PostgreSQL cores, {BUSY:.0%} busy": [str(math.ceil(n.database_cores)) for n in needs],
        "write-ahead log, MB/s": [short(n.wal_mb) for n in needs],
        "rows a day, millions": [short(n.rows_day / 1e6) for n in needs],
        "a day's partition, GB": [short(n.gb_day) for n in needs],
        f"trail kept {kept_days} days, TB": [short(n.kept_tb) for n in needs],
    }
    return [
        "## What more would take",
        "",
        f"One heartbeat each {INTERVAL_S:g} s from every pro, each watched by one customer who is on another"
        " node, two connections for each pro.",
        "",
        "| pros | " + " | ".join(f"{n.pros:,}".replace(",", " ") for n in needs) + " |",
        "|---|" + "---|" * len(needs),
        *(f"| {title} | {' | '.join(cells)} |" for title, cells in rows.items()),
        "",
        "`positions` has a partition a day, by the device's time, so retention drops a table and never"
        " deletes rows. Where a day's partition or the write-ahead log is more than one server takes, the"
        " fleet is divided: by region, each with its own database, nodes and Redis. Nothing in a heartbeat's"
        " path reads another region's rows.",
        "",
    ]


def _breaks(c: Coefficients) -> list[str]:
    limits = {
        "one process of `tracker serve`, its core full": 1e6 / (c.heartbeat + c.elsewhere),
        "one PostgreSQL core, full": 1e6 / c.database,
        "one Redis thread, full": 1e6 / c.redis,
        "100 MB/s of write-ahead log": 100e6 / c.wal_bytes,
    }
    ordered = sorted(limits.items(), key=lambda item: item[1])
    admitted = Limits().handshakes_per_s
    return [
        "## What breaks first",
        "",
        "In the order in which they are reached:",
        "",
        "| limit | heartbeats/s | pros |",
        "|---|---|---|",
        *(f"| {name} | {short(rate)} | {short(rate * INTERVAL_S)} |" for name, rate in ordered),
        "",
        "More processes answer the first kind of limit. A database has as many cores as its machine; behind"
        " them wait its log and its disks, and then the division by region. One Redis is one thread;"
        " several are a Redis Cluster with sharded pub/sub, since a plain PUBLISH in a cluster goes to every"
        " shard.",
        "",
        f"A process admits {admitted:g} handshakes a second. After a lost node, its clients are back in"
        f" their number ÷ ({admitted:g} × the processes left) seconds, and accepting at that rate takes"
        f" {short(admitted * c.accept / 1e4)} % of each core, so a fuller process would fall behind:"
        f" with {BUSY:.0%} of heartbeats, {short(BUSY * 100 + admitted * c.accept / 1e4)} % is what a"
        " reconnecting crowd makes of it.",
    ]


if __name__ == "__main__":
    sys.exit(main())
