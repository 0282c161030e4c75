"""The live path beside its peers: Node socket.io and its adapters, stock python-socketio, a C floor, ours.

Every line of the table in one run, in turns: processor time of the server per delivery, heartbeat or
connection, memory, and latency. One tiny relay, written for each peer (`peers/`), and the whole product.
Servers have one core, the load generator (C, counting and ordering every delivery) has another.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from bench.harness import REPORTS, Report, Turns, Way, machine, take_turns
from bench.live_build import NODE, PEERS, compiler, install_node_peers
from bench.live_crowd import STOCK_TURNS, take_crowds
from bench.live_figures import Figures
from bench.live_peers import NODE_JS, OURS, STOCK
from bench.live_plot import plot
from bench.live_redis import a_cluster, one_redis
from bench.live_report import compare, hold_against_targets
from bench.live_traffic import Size, Stage, stages, stalled_growth_mb, way
from bench.live_whole import WHOLE, Whole, running_whole
from bench.redis_program import RedisProgram, redis_program

WARM_UP_S = 0.4  # a phase of the turn that only warms compilers and caches


def options(parser: argparse.ArgumentParser) -> None:
    """What the command line may set."""
    group = parser.add_argument_group("live")
    group.add_argument("--live-pairs", type=int, default=5, help="turns of every peer under traffic")
    group.add_argument("--live-crowds", type=int, default=5, help="turns of every peer with idle connections")
    group.add_argument("--live-jobs", type=int, default=2000, help="jobs, each with a pro and a watcher")
    group.add_argument("--live-watchers", type=int, default=1000, help="watchers of the one big room")
    group.add_argument("--live-phase", type=float, default=1.0, help="seconds of one measurement")
    group.add_argument("--live-connections", type=int, default=5000, help="idle connections")
    group.add_argument("--live-idle", type=float, default=25.0, help="seconds of doing nothing")
    group.add_argument("--live-stalled", type=int, default=40_000, help="messages behind the stalled reader")


async def run(arguments: argparse.Namespace) -> Report:
    """All of it. Raises Wrong when a delivery is missing or late for its turn: no figure would mean much."""
    report = Report("live", "The live path beside its peers")
    install_node_peers()
    _allow_many_sockets()
    crowds = take_crowds(arguments.live_crowds, arguments.live_connections, arguments.live_idle)
    size = Size(arguments.live_jobs, arguments.live_watchers, arguments.live_phase, arguments.live_stalled)
    redis = redis_program()
    with one_redis(redis.path) as server, a_cluster(redis.path) as cluster:
        async with running_whole(size.jobs, size.seconds, server.url) as whole:
            with stages(size, server, cluster) as peers:
                await take_turns(_ways(peers, whole, replace(size, seconds=WARM_UP_S)), 1)
                traffic = await take_turns(_ways(peers, whole, size), arguments.live_pairs)
                stalled = _stalled(peers)
            bytes_per_position = await whole.bytes_per_position()
            database = whole.database_version
    figures = Figures(traffic, crowds, stalled, bytes_per_position)
    _introduce(report, arguments, database, redis)
    compare(report, figures)
    hold_against_targets(report, figures)
    if arguments.write:
        _keep(report, figures, arguments)
    return report


def _ways(peers: dict[str, Stage], whole: Whole, size: Size) -> dict[str, Way]:
    ways = {name: way(replace(stage, size=size)) for name, stage in peers.items()}
    return ways | {WHOLE: replace(whole, seconds=size.seconds).sample}


def _allow_many_sockets() -> None:
    """As many open files as the machine lets an ordinary user have; children inherit it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _stalled(peers: dict[str, Stage]) -> Turns:
    names = [NODE_JS, STOCK, OURS]
    return Turns({name: [{"stalled": stalled_growth_mb(peers[name])}] for name in names})


def _introduce(report: Report, arguments: argparse.Namespace, database: str, redis: RedisProgram) -> None:
    node = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    packages = json.loads((PEERS / "package-lock.json").read_text())["packages"]
    npm = ", ".join(
        f"{name} {packages[f'node_modules/{name}']['version']}"
        for name in ("socket.io", "@socket.io/redis-adapter", "redis")
    )
    pip = ", ".join(f"{name} {version(name)}" for name in ("python-socketio", "uvicorn", "uvloop"))
    generator = "C" if compiler() else "Python, for want of a C compiler; there is no floor either"
    report.say(
        f"Every peer runs the same tiny relay on one core; the load generator ({generator}) is on another,"
        " counts every delivery and checks the order of each watcher's. Figures are processor time of the"
        " server's processes unless said otherwise. *ours* is the engine with that relay, *ours + bus* also"
        f" publishes on the project's bus, *{WHOLE}* is `tracker serve`: authorised, validated, judged,"
        f" committed to {database}, then acked, broadcast and published."
    )
    report.say()
    report.say(
        f"Versions: Node {node} with {npm}; Python {sys.version.split()[0]} with {pip}; {redis.name}, one"
        " server and a cluster of three masters with a replica each."
        f" {arguments.live_pairs} interleaved pairs under traffic, {arguments.live_crowds} with idle"
        f" connections; {arguments.live_jobs} jobs, {arguments.live_phase:g} s each phase,"
        " three for the fan-out, after one that is not counted, since a turn finds everybody cold;"
        f" {arguments.live_connections} idle connections (stock, which no target needs there, in the first"
        f" {STOCK_TURNS} turns of those only)."
    )


def _keep(report: Report, figures: Figures, arguments: argparse.Namespace) -> None:
    REPORTS.mkdir(parents=True, exist_ok=True)
    picture: Path = REPORTS / "live.svg"
    picture.write_text(plot(figures), encoding="utf-8")
    report.say()
    report.say("![Processor time beside the peers](live.svg)")
    numbers = figures.as_json()
    numbers["size"] = {
        name: getattr(arguments, f"live_{name}")
        for name in ("jobs", "watchers", "connections", "pairs", "crowds")
    }
    numbers["machine"] = machine()
    text = json.dumps(numbers, indent=1, sort_keys=True) + "\n"
    (REPORTS / "live.json").write_text(text, encoding="utf-8")
