"""What a node pays for messages of rooms in which it has no member: nothing, it never receives them.

Three nodes as processes on one bus: one publishes, one hears every message, the bystander hears none. On one
server and on a Redis Cluster; the processor time is read from /proc.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from bench.harness import Report, Sample, cpu_us, take_turns
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


class NodeProcess:
    """`bench.bus_node` and the lines it answers."""

    def __init__(self, url: str, first_room: int, rooms: int) -> None:
        words = [sys.executable, "-m", "bench.bus_node", url, str(first_room), str(rooms)]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        answer = self._answer()
        if answer != "ready up":
            self.stop()
            raise RuntimeError(f"a node of the bench does not start: {answer}")

    @property
    def cpu_us(self) -> float:
        """Processor time that it has used so far, in microseconds."""
        return cpu_us(self._process.pid)

    def order(self, words: str) -> int:
        """Give an order; returns how many messages it has heard once that is done."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{words}\n")
        self._process.stdin.flush()
        return int(self._answer())

    def stop(self) -> None:
        """End it."""
        self._process.communicate()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


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
        heard = self.hearer.order("count")
        order = f"say 0 {ROOMS} {messages} {PER_SECOND}"
        await asyncio.to_thread(self.publisher.order, order)
        await asyncio.sleep(LAST_MESSAGES_S)
        if self.hearer.order("count") != heard + messages:
            raise RuntimeError("the hearer did not hear everything")
        used = {name: (node.cpu_us - used[name]) / messages for name, node in nodes.items()}
        if self.bystander.order("count"):
            raise RuntimeError("the bystander heard something")
        return used | {"idle": idle / messages}


@contextmanager
def three_nodes(url: str) -> Iterator[Three]:
    """Three started nodes, ended on the way out."""
    with ExitStack() as stack:
        nodes = []
        for first, rooms in ((0, 0), (0, ROOMS), (ROOMS, ROOMS)):
            nodes.append(NodeProcess(url, first, rooms))
            stack.callback(nodes[-1].stop)
        yield Three(*nodes)


def options(parser: argparse.ArgumentParser) -> None:
    """Nothing to set."""


async def run(arguments: argparse.Namespace) -> Report:  # noqa: ARG001
    """One server and a cluster of three, in turns."""
    report = Report("bystander", "What a node pays for the rooms of others")
    report.say(
        f"Three processes on one bus: one publishes {PER_SECOND} messages a second to {ROOMS} rooms, one"
        f" hears them all, the bystander holds {ROOMS} others. {SECONDS} s each, every message counted at"
        " the hearer; the bystander's own canaries are included. Valkey: one server, or three masters with a"
        " replica each."
    )
    with (
        start_valkey() as server,
        redis_cluster() as cluster,
        three_nodes(server.url) as one,
        three_nodes(cluster.url) as many,
    ):
        turns = await take_turns({"one server": one.sample, "cluster": many.sample}, PAIRS)
    report.table(turns, FIGURES)
    for way in turns.samples:
        report.target(f"bystander, µs per message of others, {way}", turns.values(way, "bystander"), most=2)
    return report
