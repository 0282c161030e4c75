"""Build the street network from the plan.

Every node has a whole-number place: `GRAIN` steps per block of the plan. A local street that ends
at an avenue and the avenue therefore agree on the node where they meet without any geometry.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from tracker.city import names, plan
from tracker.city.network import Network, Road, RoadKind
from tracker.city.plan import Plan
from tracker.city.plane import Plane

GRAIN = 40
MIDDLE = GRAIN // 2
Node: TypeAlias = tuple[int, int]


class Stretch(NamedTuple):
    """A line of nodes under one name."""

    name: str
    kind: RoadKind
    nodes: list[Node]


def build_streets(the_plan: Plan, rng: random.Random) -> Network:
    """The whole network: connected, and the same for the same plan and random source."""
    words, local_names = names.through_roads(rng), names.local_streets(rng)
    stretches = list(_local_streets(rng, local_names))
    stretches += _through_streets(words, joints={node for s in stretches for node in s.nodes})
    joints = {node for s in stretches for node in s.nodes}
    stretches += _boulevard(joints)
    stretches += _avenues(words, joints)
    return _network(the_plan, _largest_part(_joined(stretches)))


# --- inside the blocks ---------------------------------------------------------------------------


def _local_streets(rng: random.Random, local_names: Iterator[str]) -> Iterator[Stretch]:
    """Residential streets of every block, with some pieces missing further out."""
    for row in range(plan.ROWS):
        for column in range(plan.COLUMNS):
            ups, acrosses, missing = _pattern(rng, column, row)
            lines = [[_node(column, row, p, q) for q in (0, *_with_middle(acrosses), GRAIN)] for p in ups]
            lines += [[_node(column, row, p, q) for p in (0, *_with_middle(ups), GRAIN)] for q in acrosses]
            for nodes in lines:
                name = next(local_names)
                for a, b in _pieces(nodes):
                    if rng.random() >= missing and _is_open(a, b):
                        yield Stretch(name, RoadKind.RESIDENTIAL, [a, b])


def _pattern(rng: random.Random, column: int, row: int) -> tuple[list[int], list[int], float]:
    """(steps of the streets going up, steps of those going across, share of missing pieces)."""
    far = plan.blocks_from_downtown(column, row)
    if (column, row) in plan.COUNTRY:
        return _spread(rng, 4), _spread(rng, 4), 0.55
    if (column, row) in plan.BOULEVARD:
        both = _spread(rng, 10 if far < 1.5 else 8)
        return both, both, 0.04
    if far < 1.5:
        return _spread(rng, 12), _spread(rng, 10), 0.02
    ups, acrosses = rng.choice(((8, 8), (10, 6), (6, 10), (8, 6)) if far < 3 else ((8, 6), (6, 8), (6, 6)))
    return _spread(rng, ups), _spread(rng, acrosses), 0.1 if far < 3 else 0.22


def _spread(rng: random.Random, strips: int) -> list[int]:
    """Steps that cut a block into strips, a little uneven, without the middle one."""
    even = [round(GRAIN * k / strips) for k in range(1, strips) if 2 * k != strips]
    return [step + (rng.choice((-1, 0, 0, 1)) if strips <= 8 else 0) for step in even]


def _with_middle(steps: Iterable[int]) -> list[int]:
    """Local steps and the through street in the middle, in order."""
    return sorted({*steps, MIDDLE})


# --- through the town ----------------------------------------------------------------------------


def _through_streets(words: Iterator[str], joints: Collection[Node]) -> Iterator[Stretch]:
    """The streets through the middles of the blocks; parks, greens and the river interrupt them."""
    for column in range(plan.COLUMNS):
        word = next(words)
        u = column * GRAIN + MIDDLE
        nodes = [(u, v) for v in range(plan.ROWS * GRAIN + 1) if v % MIDDLE == 0 or (u, v) in joints]
        for a, b in _pieces(nodes):
            if _is_open(a, b):
                yield Stretch(f"{_side(a)} {word} Street", RoadKind.STREET, [a, b])
    for row in range(plan.ROWS):
        name = f"{next(words)} Street"
        v = row * GRAIN + MIDDLE
        nodes = [(u, v) for u in range(plan.COLUMNS * GRAIN + 1) if u % MIDDLE == 0 or (u, v) in joints]
        for a, b in _pieces(nodes):
            if _is_open(a, b):
                yield Stretch(name, RoadKind.STREET, [a, b])


def _boulevard(joints: Collection[Node]) -> Iterator[Stretch]:
    """The diagonal avenue, from corner to corner through blocks whose streets cross it at nodes."""
    for column, row in plan.BOULEVARD:
        diagonal = [_node(column, row, k, k) for k in range(GRAIN + 1)]
        nodes = [node for node in diagonal if node in joints or node in (diagonal[0], diagonal[-1])]
        yield Stretch("Meridian Boulevard", RoadKind.AVENUE, nodes)


def _avenues(words: Iterator[str], joints: Collection[Node]) -> Iterator[Stretch]:
    """The grid of avenues, the quays, the highway and the bridges, with a node at every joint."""
    for line in range(plan.COLUMNS + 1):
        word = next(words)
        u = line * GRAIN
        nodes = [(u, v) for v in range(plan.ROWS * GRAIN + 1) if v % GRAIN == 0 or (u, v) in joints]
        for a, b in _pieces(nodes):
            if _is_town_edge(a, b):
                continue
            if a[1] // GRAIN != plan.RIVER_ROW:
                yield Stretch(f"{_side(a)} {word} Avenue", RoadKind.AVENUE, [a, b])
            elif line in plan.BRIDGES:
                yield Stretch(f"{word} Bridge", RoadKind.AVENUE, [a, b])
    for line in range(plan.ROWS + 1):
        v = line * GRAIN
        kind = RoadKind.HIGHWAY if line == plan.HIGHWAY_LINE else RoadKind.AVENUE
        bend = GRAIN // 5 if kind is RoadKind.HIGHWAY else GRAIN
        name = _NAMED_LINES.get(line) or f"{next(words)} Avenue"
        nodes = [(u, v) for u in range(plan.COLUMNS * GRAIN + 1) if u % bend == 0 or (u, v) in joints]
        for a, b in _pieces(nodes):
            if not _is_town_edge(a, b):
                yield Stretch(name, kind, [a, b])


_NAMED_LINES = {
    plan.HIGHWAY_LINE: "Prairie Expressway",
    plan.RIVER_ROW: "South Quay",
    plan.RIVER_ROW + 1: "North Quay",
}


# --- small rules ---------------------------------------------------------------------------------


def _node(column: int, row: int, p: int, q: int) -> Node:
    return column * GRAIN + p, row * GRAIN + q


def _pieces(nodes: list[Node]) -> Iterator[tuple[Node, Node]]:
    return pairwise(nodes)


def _side(node: Node) -> str:
    """Which side of the river a node is on."""
    return "South" if node[1] < plan.RIVER_ROW * GRAIN else "North"


def _is_open(a: Node, b: Node) -> bool:
    """Whether a street smaller than an avenue may run here: not in water or a park, not onto the highway."""
    highway = plan.HIGHWAY_LINE * GRAIN
    if a[1] != b[1] and highway in (a[1], b[1]):
        return False
    block = (a[0] + b[0]) // (2 * GRAIN), (a[1] + b[1]) // (2 * GRAIN)
    if block[1] == plan.RIVER_ROW or block in plan.PARKS:
        return False
    return block not in plan.GREENS or not (_in_green(a) or _in_green(b))


def _in_green(node: Node) -> bool:
    low, high = plan.GREEN
    return low < node[0] / GRAIN % 1 < high and low < node[1] / GRAIN % 1 < high


def _is_town_edge(a: Node, b: Node) -> bool:
    """Whether a piece of avenue would run along the outside of a country block: the town just ends there."""
    u, v = (a[0] + b[0]) / (2 * GRAIN), (a[1] + b[1]) / (2 * GRAIN)
    if u not in (0, plan.COLUMNS) and v not in (0, plan.ROWS):
        return False
    return (min(int(u), plan.COLUMNS - 1), min(int(v), plan.ROWS - 1)) in plan.COUNTRY


def _joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Pieces that follow each other under one name, as one stretch."""
    joined: list[Stretch] = []
    for s in stretches:
        last = joined[-1] if joined else None
        if last and last[:2] == s[:2] and last.nodes[-1] == s.nodes[0]:
            last.nodes.extend(s.nodes[1:])
        else:
            joined.append(Stretch(s.name, s.kind, list(s.nodes)))
    return joined


def _largest_part(stretches: list[Stretch]) -> list[Stretch]:
    """Without the streets that no other street reaches."""
    leader: dict[Node, Node] = {}

    def find(node: Node) -> Node:
        while leader.setdefault(node, node) != node:
            leader[node] = node = leader[leader[node]]
        return node

    for s in stretches:
        for a, b in _pieces(s.nodes):
            leader[find(a)] = find(b)
    sizes = Counter(find(s.nodes[0]) for s in stretches)
    largest = max(sizes, key=lambda part: (sizes[part], part))
    return [s for s in stretches if find(s.nodes[0]) == largest]


def _network(the_plan: Plan, stretches: list[Stretch]) -> Network:
    """Numbers for the nodes, metres for their places."""
    number: dict[Node, int] = {}
    for s in stretches:
        for node in s.nodes:
            number.setdefault(node, len(number))
    points = (the_plan.at(u / GRAIN, v / GRAIN) for u, v in number)
    roads = (Road(s.name, s.kind, tuple(number[node] for node in s.nodes)) for s in stretches)
    return Network(Plane(*plan.CENTRE), points, roads)
