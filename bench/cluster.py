"""A server of the Redis Cluster is killed under three nodes of ours that speak in rooms on all of them.

Every message is numbered and every node notes what it heard and when (`cluster_node.py`), so the gaps are
measured to the message: rooms on the other servers, rooms of the dead one, and whether anything was lost
without the node being told to read it again.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import msgspec

from bench.cluster_node import Told
from bench.cluster_round import Round
from bench.harness import Report, spread
from bench.node_process import NodeProcess
from bench.redis_program import redis_program
from rooms.redis_bus.joined import PREFIX
from rooms.redis_bus.layout import slot_of
from tests.redis_cluster import MASTERS, NODE_TIMEOUT_MS, RedisCluster, redis_cluster
from tests.servers import Valkey

NODES = 3
ROOMS = 300
PERIOD_S = 0.05
STEADY_S = 2.0
AFTERWARDS_S = 3.0
LAST_MESSAGES_S = 0.5
LOOK_EVERY_S = 0.005
FAILOVER_PATIENCE_S = 30.0

FIGURES = {
    "failover": "kill to failover, s",
    "gap_before": "largest gap of any room before the kill, ms",
    "gap_others": "of the other servers' rooms afterwards, ms",
    "heard": "its rooms heard again, s after the failover",
    "read": "their nodes told to read again",
    "heard_since_kill": "its rooms heard again, s after the kill",
    "deaf": "nodes know it, s after the kill",
    "missing": "messages its rooms missed",
}
BACK_S = 2.0
GAP_MS = 250.0  # five messages of a room: nobody who watches a dot sees it


def options(parser: argparse.ArgumentParser) -> None:
    """What the command line may set."""
    parser.add_argument_group("cluster").add_argument(
        "--cluster-rounds", type=int, default=5, help="servers killed, one after the other"
    )


async def run(arguments: argparse.Namespace) -> Report:
    """Kill them in turn, and hold what the nodes told against the promises."""
    report = Report("cluster", "A server of the Redis Cluster is killed")
    redis = redis_program()
    report.say(
        f"{redis.name}: three masters with a replica each, node timeout {NODE_TIMEOUT_MS} ms (how long the"
        f" cluster takes to fail over follows from that, not from us). {NODES} nodes of ours, as processes,"
        f" hear all of {ROOMS} rooms and speak in a third of them each, one message a room every"
        f" {PERIOD_S * 1e3:g} ms, {ROOMS / PERIOD_S:g} messages/s in all. After {STEADY_S:g} s one master is"
        " killed with kill -9; the failover is the moment when its replica's CLUSTER SLOTS names a new owner."
        " Figures are the worst of all rooms and nodes of a round."
    )
    with redis_cluster(redis.path) as cluster, _nodes(cluster) as nodes:
        rounds = [_round(cluster, nodes, number) for number in range(arguments.cluster_rounds)]
    report.rows(
        ["round", "its rooms", *FIGURES.values()],
        [
            [str(number), str(len(found.its)), *(spread([found.figures[figure]]) for figure in FIGURES)]
            for number, found in enumerate(rounds, 1)
        ],
    )
    _hold(report, rounds)
    return report


@contextmanager
def _nodes(cluster: RedisCluster) -> Iterator[list[NodeProcess]]:
    with ExitStack() as stack:
        nodes = []
        for number in range(NODES):
            nodes.append(NodeProcess("bench.cluster_node", cluster.url, number, NODES, ROOMS))
            stack.callback(nodes[-1].stop)
        yield nodes


def _round(cluster: RedisCluster, nodes: list[NodeProcess], number: int) -> Round:
    victim = cluster.masters()[number % MASTERS]
    heir = cluster.replica_of(victim)
    owned = _slots_of(cluster, victim)
    for order in ("listen", f"talk {PERIOD_S}"):
        for node in nodes:
            node.order(order)
    time.sleep(STEADY_S)
    killed_at = time.monotonic()
    victim.kill()
    failed_over_at = _wait_for_heir(heir)
    time.sleep(AFTERWARDS_S)
    for node in nodes:
        node.order("hush")
    time.sleep(LAST_MESSAGES_S)
    told = [msgspec.json.decode(node.order("tell"), type=Told) for node in nodes]
    cluster.mend()
    return Round.of(told, lambda room: slot_of(PREFIX + room.encode()) in owned, killed_at, failed_over_at)


def _slots_of(cluster: RedisCluster, server: Valkey) -> set[int]:
    return {
        slot
        for first, last, owner, *_ in cluster.slots()
        if owner[1] == server.port
        for slot in range(first, last + 1)
    }


def _wait_for_heir(heir: Valkey) -> float:
    """When the replica said that the slots are its own. Raises TimeoutError."""
    deadline = time.monotonic() + FAILOVER_PATIENCE_S
    while time.monotonic() < deadline:
        if any(owner[1] == heir.port for _, _, owner, *_ in heir.command("CLUSTER", "SLOTS")):
            return time.monotonic()
        time.sleep(LOOK_EVERY_S)
    raise TimeoutError("no replica took over")


def _hold(report: Report, rounds: list[Round]) -> None:
    """Every promise."""
    figures = {figure: [found.figures[figure] for found in rounds] for figure in rounds[0].figures}
    report.target(
        "rooms of the dead server heard again and their nodes told to read, s after the failover",
        [max(pair) for pair in zip(figures["heard"], figures["read"], strict=True)],
        most=BACK_S,
    )
    report.target("largest gap of rooms on the other servers, ms", figures["gap_others"], most=GAP_MS)
    for what, figure in (
        ("messages lost in rooms on the other servers, of all rounds", "lost_others"),
        ("rooms on the other servers that nodes were told to read again", "read_others"),
        ("messages lost of which no node was told afterwards", "silent"),
        ("messages out of order, twice, stale or forged", "wrong"),
    ):
        report.target(what, [sum(figures[figure])], most=0)
    due, arrived = (f"{sum(figures[figure]):,.0f}".replace(",", " ") for figure in ("due", "arrived"))
    report.say()
    report.say(
        f"Of {due} deliveries due in all rounds, {arrived} arrived. The others are those of the dead servers'"
        " rooms until the failover, which the nodes were told to read from the database."
    )
