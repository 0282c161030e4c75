"""What a node pays for messages of rooms in which it has no member: nothing, it never receives them.

Three nodes as processes on one bus: one publishes, one hears every message, the bystander hears none. On one
server and on a Redis Cluster; the processor time is read from /proc.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from bench.harness import Report, Sample, take_turns
from bench.node_process import NodeProcess
from bench.redis_program import redis_program
from tests.redis_cluster import redis_cluster
from tests.servers import start_valkey

ROOMS = 1000  # that the hearer holds; the bystander holds as many others
PER_SECOND = 5000
SECONDS = 4
PAIRS = 5
LAST_MESSAGES_S = 0.5

FIGURES = {
    "publisher": "publisher, µs per message",
    "hearer": "hearer",
    "bystander": "bystander",
    "idle": "the same bystander when nobody speaks",
}


@dataclass
class Three:
    """Three nodes on one bus."""

    publisher: NodeProcess
    hearer: NodeProcess
    bystander: NodeProcess

    async def sample(self) -> Sample:
        """Processor time per message of each while messages flow, and of the bystander while none do."""
        messages = PER_SECOND * SECONDS
        before = self.bystander.cpu_us
        await asyncio.sleep(SECONDS)
        idle = self.bystander.cpu_us - before
        nodes = {"publisher": self.publisher, "hearer": self.hearer, "bystander": self.bystander}
        used = {name: node.cpu_us for name, node in nodes.items()}
        heard = int(self.hearer.order("count"))
        order = f"say 0 {ROOMS} {messages} {PER_SECOND}"
        await asyncio.to_thread(self.publisher.order, order)
        await asyncio.sleep(LAST_MESSAGES_S)
        if int(self.hearer.order("count")) != heard + messages:
            raise RuntimeError("the hearer did not hear everything")
        used = {name: (node.cpu_us - used[name]) / messages for name, node in nodes.items()}
        if int(self.bystander.order("count")):
            raise RuntimeError("the bystander heard something")
        return used | {"idle": idle / messages}


@contextmanager
def three_nodes(url: str) -> Iterator[Three]:
    """Three started nodes, ended on the way out."""
    with ExitStack() as stack:
        nodes = []
        for first, rooms in ((0, 0), (0, ROOMS), (ROOMS, ROOMS)):
            nodes.append(NodeProcess("bench.bus_node", url, first, rooms))
            stack.callback(nodes[-1].stop)
        yield Three(*nodes)


def options(parser: argparse.ArgumentParser) -> None:
    """Nothing to set."""


async def run(arguments: argparse.Namespace) -> Report:  # noqa: ARG001
    """One server and a cluster of three, in turns."""
    report = Report("bystander", "What a node pays for the rooms of others")
    redis = redis_program()
    report.say(
        f"Three processes on one bus: one publishes {PER_SECOND} messages a second to {ROOMS} rooms, one"
        f" hears them all, the bystander holds {ROOMS} others. {SECONDS} s each, every message counted at"
        f" the hearer; the bystander's own canaries are included. {redis.name}: one server, or a cluster of"
        " three masters with a replica each."
    )
    with (
        start_valkey(program=redis.path) as server,
        redis_cluster(redis.path) as cluster,
        three_nodes(server.url) as one,
        three_nodes(cluster.url) as many,
    ):
        turns = await take_turns({"one server": one.sample, "cluster": many.sample}, PAIRS)
    report.table(turns, FIGURES)
    for way in turns.samples:
        report.target(f"bystander, µs per message of others, {way}", turns.values(way, "bystander"), most=2)
    return report
