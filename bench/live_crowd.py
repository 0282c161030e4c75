"""Connections that do nothing: what accepting, keeping and losing them costs.

Every peer starts anew for each sample, so that memory is that of a fresh process. While all wait they
wait together: an idle server's cost does not depend on the others, and half a minute is half a minute.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass

from bench.harness import Sample, Turns, resident_kb
from bench.live_peers import STOCK, Peer, single_peers
from bench.live_swarm import Socket, Swarm

PING_S = 25  # what Socket.IO servers use
WARM_UP = 200  # sockets that pay for what all share
FEW = 1000  # gone first, to see whether many cost more each
SETTLE_S = 1.0
STOCK_TURNS = 2  # of the stock server: its crowd takes as long to leave as all others together


@dataclass
class Crowd:
    """One peer's sockets and figures."""

    peer: Peer
    swarm: Swarm
    figures: dict[str, float]


def take_crowds(pairs: int, connections: int, idle_s: float) -> Turns:
    """Samples of every peer, `pairs` times (fewer of stock), forwards and backwards in turn."""
    samples: dict[str, list[Sample]] = {peer.name: [] for peer in single_peers()}
    for turn in range(pairs):
        peers = [peer for peer in single_peers() if peer.name != STOCK or turn < STOCK_TURNS]
        for crowd in _together(peers if turn % 2 == 0 else peers[::-1], connections, idle_s):
            samples[crowd.peer.name].append(crowd.figures)
    return Turns(samples)


def _together(peers: list[Peer], connections: int, idle_s: float) -> list[Crowd]:
    with ExitStack() as stack:
        crowds = []
        for peer in peers:
            stack.enter_context(peer.running(PING_S))
            crowds.append(_open(stack, peer, connections))
        before = [crowd.peer.cpu_us() for crowd in crowds]
        time.sleep(idle_s)
        for crowd, cpu in zip(crowds, before, strict=True):
            crowd.figures["idle"] = (crowd.peer.cpu_us() - cpu) / idle_s / 1e4
        for crowd in crowds:
            _leave(crowd, connections)
    return crowds


def _open(stack: ExitStack, peer: Peer, connections: int) -> Crowd:
    port = peer.ports[0]
    rooms = [Socket(port, n, f'{{"watch":["job:{n}"]}}') for n in range(WARM_UP + connections)]
    first = stack.enter_context(Swarm(rooms[:WARM_UP]))
    first.open()
    cpu = peer.settled_cpu_us()
    time.sleep(SETTLE_S)
    memory = resident_kb(peer.pids[0])
    swarm = stack.enter_context(Swarm(rooms[WARM_UP:]))
    swarm.open()
    figures = {"accept": (peer.settled_cpu_us() - cpu) / connections}
    time.sleep(SETTLE_S)
    figures["memory"] = (resident_kb(peer.pids[0]) - memory) / connections
    return Crowd(peer, swarm, figures)


def _leave(crowd: Crowd, connections: int) -> None:
    few = min(FEW, connections // 5)
    cpu = crowd.peer.cpu_us()
    crowd.swarm.gone(0, few)
    after = crowd.peer.settled_cpu_us()
    crowd.swarm.gone(few, connections - few)
    crowd.figures["few_gone"] = (after - cpu) / few
    crowd.figures["gone"] = (crowd.peer.settled_cpu_us() - after) / (connections - few)
