"""Heartbeats in flight: all servers run at once with their sockets open, and take turns with the load.

A server that waits costs nothing (its pings are two minutes apart here), so a turn is one peer's phases,
and the next peer's turn is seconds away: what the machine does to one it does to all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from bench.harness import Sample, Way, resident_kb
from bench.live_peers import (
    FLOOR,
    OURS,
    STOCK_REDIS,
    Peer,
    peers_of_three,
    peers_on_cluster,
    single_peers,
)
from bench.live_redis import Redis
from bench.live_swarm import Beat, Socket, Swarm

PING_S = 120
SCREENS = 10
BIG_RATE = 10.0  # heartbeats a second for the room with many watchers
BIG_PHASES = 3  # it lasts so many phases: a few dozen messages, else chance has the word
STALLED_RATE = 4000.0
HALF_SATURATION_MOST = 8000.0  # heartbeats a second: beyond it the generator is measured
A, B, C = range(3)  # nodes


@dataclass(frozen=True, slots=True)
class Size:
    """How much traffic."""

    jobs: int
    watchers: int  # of the big room
    seconds: float  # of one phase
    stalled: int  # messages behind the stalled reader


@dataclass(frozen=True, slots=True)
class Stage:
    """One peer with its sockets open."""

    peer: Peer
    swarm: Swarm
    size: Size
    redis_cpu_us: Callable[[], float]

    @property
    def big(self) -> int:
        """Number of the socket after the pros and their watchers."""
        return 2 * self.size.jobs

    @property
    def rate(self) -> float:
        """A heartbeat a second from every pro; half of it where three nodes would fill the core."""
        return self.size.jobs / (2 if self.peer.name == STOCK_REDIS else 1)

    def relay(self, *, ack: bool, room: str = "job:%d", rate: float | None = None) -> Beat:
        """Heartbeats of every pro in turn, `rate` of them a second in all."""
        rate = rate or self.rate
        return Beat(0, self.size.jobs, rate, self.size.seconds, room, ack=ack)

    def measure(self, beat: Beat, *nodes: int, strict: bool = True) -> tuple[float, dict[str, float]]:
        """Microseconds of some nodes' processor time that a phase cost, and what the generator saw."""
        strict = strict and self.peer.name != STOCK_REDIS  # which loses some when Redis is slow
        return self.swarm.measure(lambda: self.peer.cpu_us(*nodes), beat, strict=strict)


@contextmanager
def stages(size: Size, server: Redis, cluster: Redis) -> Iterator[dict[str, Stage]]:
    """All peers, running, with their sockets open."""
    with ExitStack() as stack:
        found = {}
        for peer in single_peers() + peers_of_three() + peers_on_cluster():
            redis = cluster if peer.on_cluster else server
            stack.enter_context(peer.running(PING_S, redis.url if peer.nodes > 1 else ""))
            sockets = single_sockets(peer, size) if peer.nodes == 1 else sockets_of_three(peer, size)
            swarm = stack.enter_context(Swarm(sockets))
            stack.callback(peer.kill)
            swarm.open()
            print(f"{peer.name}: {len(sockets)} sockets", flush=True)
            found[peer.name] = Stage(peer, swarm, size, redis.cpu_us)
        yield found


def single_sockets(peer: Peer, size: Size) -> list[Socket]:
    """Pros, a watcher each, the big room (its first are dispatch screens), ours' ticks, the stalled one."""
    port = peer.ports[0]
    sockets = [Socket(port, source) for source in range(size.jobs)]
    sockets += [Socket(port, source, _hears(f"job:{source}")) for source in range(size.jobs)]
    sockets += [
        Socket(port, number, _hears("big", "fleet") if number < SCREENS else _hears("big"))
        for number in range(size.watchers)
    ]
    sockets += [Socket(port, number, _hears("ticks")) for number in range(SCREENS) if peer.name == OURS]
    return [*sockets, Socket(port, 0, _hears("stalled"), small=True)]


def sockets_of_three(peer: Peer, size: Size) -> list[Socket]:
    """As above, without screens; the second node has watchers of other rooms, the third a bystander."""
    here, there, elsewhere = peer.ports
    sockets = [Socket(here, source) for source in range(size.jobs)]
    sockets += [Socket(here, source, _hears(f"job:{source}")) for source in range(size.jobs)]
    sockets += [Socket(here, number, _hears("big")) for number in range(size.watchers)]
    sockets += [Socket(there, source, _hears(f"far:{source}")) for source in range(size.jobs)]
    return [*sockets, Socket(elsewhere, 0, _hears("a room of its own"))]


def _hears(*rooms: str) -> str:
    names = ",".join(f'"{room}"' for room in rooms)
    return f'{{"watch":[{names}]}}'


def way(stage: Stage) -> Way:
    """A sample: one turn of this peer."""

    async def sample() -> Sample:
        stage.measure(stage.relay(ack=True))  # not counted: everybody is cold after the others' turns
        if stage.peer.nodes == 1:
            return _single(stage)
        return _on_cluster(stage) if stage.peer.on_cluster else _three(stage)

    return sample


def _single(stage: Stage) -> Sample:
    sample = _relayed(stage) | _fan_out(stage)
    size, jobs = stage.size, min(1000, stage.size.jobs)
    cpu, found = stage.measure(Beat(0, jobs, jobs, size.seconds, "fleet", each=SCREENS))
    sample["screens"] = cpu / found["delivered"]
    if stage.peer.name == OURS:  # a whole number of ticks, whatever the phase
        cpu, found = stage.measure(Beat(0, jobs, jobs, size.seconds, "ticks", each=SCREENS), strict=False)
        sample["ticks"] = cpu / (found["sent"] * SCREENS)
    if stage.peer.name != FLOOR:
        rate = min(HALF_SATURATION_MOST, 0.5e6 / sample["ack"])
        _, found = stage.measure(stage.relay(ack=True, rate=rate))
        sample |= {"half_rate": rate, "half_screen": found["screen_p99"], "half_ack": found["ack_p99"]}
    return sample


def _relayed(stage: Stage) -> dict[str, float]:
    """Every pro's heartbeats, each to its watcher on the same node."""
    sample = {}
    for name, ack in (("relay", False), ("ack", True)):
        cpu, found = stage.measure(stage.relay(ack=ack), A)
        sample[name] = cpu / found["sent"]
    return sample


def _fan_out(stage: Stage) -> dict[str, float]:
    """Few messages for the one big room."""
    big = Beat(0, 1, BIG_RATE, BIG_PHASES * stage.size.seconds, "big", each=stage.size.watchers)
    cpu, found = stage.measure(big, A)
    return {"fan_out": cpu / found["delivered"]}


def _three(stage: Stage) -> Sample:
    """The same through Redis; the third node stands by while the first works for itself."""
    bystander, redis = stage.peer.cpu_us(C), stage.redis_cpu_us()
    sample = _relayed(stage)
    heartbeats = int(2 * stage.rate * stage.size.seconds)
    sample["bystander"] = (stage.peer.cpu_us(C) - bystander) / heartbeats
    sample["redis"] = (stage.redis_cpu_us() - redis) / heartbeats
    return sample | _fan_out(stage) | _across(stage)


def _on_cluster(stage: Stage) -> Sample:
    """Through a Redis Cluster: the lines where that may make a difference."""
    bystander, redis = stage.peer.cpu_us(C), stage.redis_cpu_us()
    cpu, found = stage.measure(stage.relay(ack=False), A)
    sent = found["sent"]
    return {
        "relay": cpu / sent,
        "bystander": (stage.peer.cpu_us(C) - bystander) / sent,
        "redis": (stage.redis_cpu_us() - redis) / sent,
        **_across(stage),
    }


def _across(stage: Stage) -> dict[str, float]:
    """Heartbeats at one node, every watcher at another."""
    cpu, found = stage.measure(stage.relay(ack=False, room="far:%d"), A, B)
    return {"across": cpu / found["sent"], "across_screen": found["screen_p99"]}


def stalled_growth_mb(stage: Stage) -> float:
    """How much a server grows while one reader does not read. Once per run: the socket stays stalled."""
    size, peer = stage.size, stage.peer
    number = stage.big + size.watchers + (SCREENS if peer.name == OURS else 0)
    before = resident_kb(peer.pids[A])
    stage.swarm.stall(number)
    seconds = size.stalled / STALLED_RATE
    stage.swarm.beat(Beat(0, size.jobs, STALLED_RATE, seconds, "stalled", each=0))
    peer.settled_cpu_us(A)
    return (resident_kb(peer.pids[A]) - before) / 1024
