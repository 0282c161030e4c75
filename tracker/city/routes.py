"""The quickest way from one place on the network to another (A*, Hart, Nilsson and Raphael 1968)."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from itertools import pairwise

from tracker.city.network import SPEED_LIMIT_MPS, Edge, Network, Place, RoadKind

_FASTEST_MPS = max(SPEED_LIMIT_MPS.values())
JUNCTION_S = 2.0  # what passing a node costs on average; keeps routes off the zigzag of small streets
_RANK = {RoadKind.RESIDENTIAL: 0, RoadKind.STREET: 1, RoadKind.AVENUE: 2, RoadKind.HIGHWAY: 3}


@dataclass(frozen=True, slots=True)
class Leg:
    """A straight piece of a route. `crossing` is the biggest other road met at its end, if any."""

    length_m: float
    speed_limit_mps: float
    kind: RoadKind
    name: str
    crossing: RoadKind | None


@dataclass(frozen=True, slots=True)
class Route:
    """A way through the city: `points` in metres on the network's plane, one more than `legs`."""

    points: tuple[tuple[float, float], ...]
    legs: tuple[Leg, ...]

    @property
    def length_m(self) -> float:
        """Length of the whole way in metres."""
        return sum(leg.length_m for leg in self.legs)

    def polyline(self, network: Network) -> list[tuple[float, float]]:
        """The way as (lat, lng)."""
        return [network.plane.to_degrees(x, y) for x, y in self.points]


def find_route(network: Network, start: Place, end: Place) -> Route:
    """The quickest route between two places; there always is one, for the network is connected."""
    if start.edge == end.edge:
        return _route(network, start, end, [])
    return _route(network, start, end, _quickest_nodes(network, start, end))


def _quickest_nodes(network: Network, start: Place, end: Place) -> list[int]:
    """The nodes between the two places, in the order they are passed."""
    first, last = network.edges[start.edge], network.edges[end.edge]
    goal_x, goal_y = network.plane.to_metres(end.lat, end.lng)
    x, y, edges, neighbours = network.x, network.y, network.edges, network.neighbours
    finish_s = {
        last.a: end.offset_m / last.speed_limit_mps,
        last.b: (last.length_m - end.offset_m) / last.speed_limit_mps,
    }

    def at_least_s(node: int) -> float:
        return math.hypot(x[node] - goal_x, y[node] - goal_y) / _FASTEST_MPS

    # Node -1 is the goal itself, reached from either end of its edge.
    best_s = {
        first.a: start.offset_m / first.speed_limit_mps,
        first.b: (first.length_m - start.offset_m) / first.speed_limit_mps,
    }
    came_from: dict[int, int] = {}
    queue = [(cost_s + at_least_s(node), cost_s, node) for node, cost_s in best_s.items()]
    heapq.heapify(queue)
    while queue:
        _, cost_s, node = heapq.heappop(queue)
        if node == -1:
            return _backwards(came_from)
        if cost_s > best_s[node]:
            continue
        onward = [(other, cost_s + _cost_s(edges[edge])) for other, edge in neighbours[node]]
        if node in finish_s:
            onward.append((-1, cost_s + finish_s[node]))
        for other, other_s in onward:
            if other_s < best_s.get(other, math.inf):
                best_s[other] = other_s
                came_from[other] = node
                left_s = 0.0 if other == -1 else at_least_s(other)
                heapq.heappush(queue, (other_s + left_s, other_s, other))
    raise AssertionError("a street network is connected")


def _cost_s(edge: Edge) -> float:
    return edge.length_m / edge.speed_limit_mps + JUNCTION_S


def _backwards(came_from: dict[int, int]) -> list[int]:
    """From the goal (-1) back to the start, turned around."""
    nodes = []
    node = came_from[-1]
    while True:
        nodes.append(node)
        if node not in came_from:
            return nodes[::-1]
        node = came_from[node]


def _route(network: Network, start: Place, end: Place, nodes: list[int]) -> Route:
    """Put the two half edges and the nodes between them together."""
    points = [network.plane.to_metres(start.lat, start.lng)]
    points += [(network.x[node], network.y[node]) for node in nodes]
    points.append(network.plane.to_metres(end.lat, end.lng))
    between = [_edge_between(network, a, b) for a, b in pairwise(nodes)]
    edges = [start.edge, *between, end.edge] if nodes else [start.edge]
    kept_points, legs = [points[0]], []
    for place, (edge_number, point) in enumerate(zip(edges, points[1:], strict=True)):
        length_m = math.dist(kept_points[-1], point)
        if length_m < 0.01 and len(edges) > 1:
            continue  # the route begins or ends exactly on a node
        edge = network.edges[edge_number]
        crossing = _crossing(network, nodes[place], edge) if place < len(nodes) else None
        legs.append(Leg(length_m, edge.speed_limit_mps, edge.kind, edge.name, crossing))
        kept_points.append(point)
    return Route(tuple(kept_points), tuple(legs))


def _edge_between(network: Network, a: int, b: int) -> int:
    return next(edge for other, edge in network.neighbours[a] if other == b)


def _crossing(network: Network, node: int, edge: Edge) -> RoadKind | None:
    """The biggest road at a node other than the one we are on; None where nothing joins."""
    others = [network.edges[number] for _, number in network.neighbours[node]]
    kinds = [other.kind for other in others if other.name != edge.name]
    return max(kinds, key=_RANK.__getitem__, default=None)


def gives_way(leg: Leg) -> bool:
    """Whether traffic on this leg yields to the road it meets: the other is bigger."""
    return leg.crossing is not None and _RANK[leg.crossing] > _RANK[leg.kind]
