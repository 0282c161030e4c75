"""Which servers there are and which channels each one owns: one server, or the slots of a Redis Cluster.

The server is asked; no setting says it. HELLO tells whether it is in cluster mode, CLUSTER SLOTS who owns
what. (CLUSTER SHARDS says more, but each node for itself which of its ports a TLS client should use.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot
from redis.exceptions import InvalidResponse, ResponseError

from rooms.redis_bus.link import Dialer, Link
from rooms.redis_bus.url import Address

SLOTS: Final = REDIS_CLUSTER_HASH_SLOTS

slot_of = key_slot  # of a channel's name; what stands between { and } decides when there is such a thing


class Range(NamedTuple):
    """Slots from `first` to `last`, both included, and their owner."""

    first: int
    last: int
    owner: Address


@dataclass(frozen=True, slots=True)
class Layout:
    """The cluster as one of its servers sees it. Slots without an owner are in no range."""

    ranges: tuple[Range, ...]
    replicas: frozenset[Address]

    @property
    def owners(self) -> list[Address]:
        """The servers that own slots."""
        return list(dict.fromkeys(part.owner for part in self.ranges))


async def read_layout(dialer: Dialer, host: str) -> Layout | None:
    """How the cluster is laid out; None when the server is in none. Raises one of `BROKEN`.

    `host` is where it was reached: a server that does not know its own name says nothing in its place.
    """
    link = await dialer.dial()
    try:
        if not await _in_cluster(link):
            return None
        return parse_slots(await link.ask("CLUSTER", "SLOTS"), host)
    finally:
        await link.close()


async def _in_cluster(link: Link) -> bool:
    try:
        told = await link.ask("HELLO")
    except ResponseError:
        return False  # a proxy that does not know the word
    if not isinstance(told, list):
        raise InvalidResponse("The server does not say what it is.")
    return dict(zip(told[::2], told[1::2], strict=False)).get(b"mode") == b"cluster"


def parse_slots(answer: Any, host: str) -> Layout:
    """The answer to CLUSTER SLOTS: `[[first, last, [host, port, id, …], replica, …], …]`.

    Raises InvalidResponse when it is none.
    """
    try:
        ranges = []
        replicas: set[Address] = set()
        for first, last, owner, *others in answer:
            if not 0 <= first <= last < SLOTS:
                raise ValueError(f"slots {first} to {last}")
            ranges.append(Range(first, last, _address(owner, host)))
            replicas.update(_address(other, host) for other in others)
    except (TypeError, ValueError, AttributeError, UnicodeDecodeError) as error:
        raise InvalidResponse(f"The answer to CLUSTER SLOTS is not to be read: {error}") from error
    return Layout(tuple(sorted(ranges)), frozenset(replicas))


def _address(node: list[Any], host: str) -> Address:
    name, port, *_ = node
    return Address(host if name in (None, b"", b"?") else name.decode(), int(port))
