"""What a street network is: nodes joined by edges, and the place on it nearest to a point."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from tracker.city.plane import Plane

MPS_PER_MPH = 0.44704
CELL_M = 250.0  # side of the squares in which edges are looked up


class RoadKind(StrEnum):
    """How big a road is."""

    HIGHWAY = "highway"  # joined only by avenues
    AVENUE = "avenue"  # the arterials, bridges and quays
    STREET = "street"  # through streets between the avenues
    RESIDENTIAL = "residential"  # where people live


SPEED_LIMIT_MPS = {
    RoadKind.HIGHWAY: 55 * MPS_PER_MPH,
    RoadKind.AVENUE: 40 * MPS_PER_MPH,
    RoadKind.STREET: 30 * MPS_PER_MPH,
    RoadKind.RESIDENTIAL: 25 * MPS_PER_MPH,
}


@dataclass(frozen=True, slots=True)
class Edge:
    """A straight piece of road between two nodes, driven both ways."""

    a: int
    b: int
    length_m: float
    kind: RoadKind
    name: str

    @property
    def speed_limit_mps(self) -> float:
        """What may be driven here, in m/s."""
        return SPEED_LIMIT_MPS[self.kind]


@dataclass(frozen=True, slots=True)
class Road:
    """A named line of nodes, unbroken; what a map draws with one stroke."""

    name: str
    kind: RoadKind
    nodes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A point on the network: `offset_m` along edge number `edge`, counted from its node `a`."""

    edge: int
    offset_m: float
    lat: float
    lng: float


class Network:
    """An undirected, connected street network.

    `x`, `y` are the nodes' metres on `plane`; `neighbours[n]` lists (other node, edge number).
    """

    def __init__(self, plane: Plane, points: Iterable[tuple[float, float]], roads: Iterable[Road]) -> None:
        self.plane = plane
        self.x: list[float] = []
        self.y: list[float] = []
        for x, y in points:
            self.x.append(x)
            self.y.append(y)
        self.roads = tuple(roads)
        self.edges: list[Edge] = []
        self.neighbours: list[list[tuple[int, int]]] = [[] for _ in self.x]
        self._edges_in_cell: dict[tuple[int, int], list[int]] = defaultdict(list)
        for road in self.roads:
            for a, b in pairwise(road.nodes):
                self._add(
                    Edge(a, b, math.hypot(self.x[a] - self.x[b], self.y[a] - self.y[b]), road.kind, road.name)
                )

    def _add(self, edge: Edge) -> None:
        number = len(self.edges)
        self.edges.append(edge)
        self.neighbours[edge.a].append((edge.b, number))
        self.neighbours[edge.b].append((edge.a, number))
        columns = sorted((int(self.x[edge.a] // CELL_M), int(self.x[edge.b] // CELL_M)))
        rows = sorted((int(self.y[edge.a] // CELL_M), int(self.y[edge.b] // CELL_M)))
        for column in range(columns[0], columns[1] + 1):
            for row in range(rows[0], rows[1] + 1):
                self._edges_in_cell[column, row].append(number)

    def lat_lng(self, node: int) -> tuple[float, float]:
        """A node's place in degrees."""
        return self.plane.to_degrees(self.x[node], self.y[node])

    def place(self, edge: int, offset_m: float) -> Place:
        """The place `offset_m` metres along an edge (kept between its ends)."""
        e = self.edges[edge]
        offset_m = min(max(offset_m, 0.0), e.length_m)
        part = offset_m / e.length_m
        x = self.x[e.a] + (self.x[e.b] - self.x[e.a]) * part
        y = self.y[e.a] + (self.y[e.b] - self.y[e.a]) * part
        lat, lng = self.plane.to_degrees(x, y)
        return Place(edge, offset_m, lat, lng)

    def nearest(self, lat: float, lng: float) -> Place:
        """The place on the network nearest to a point, however far away the point is."""
        x, y = self.plane.to_metres(lat, lng)
        best_m, best_edge, best_offset_m = math.inf, 0, 0.0
        for number in self._candidates(x, y):
            distance_m, offset_m = self._distance_to(number, x, y)
            if distance_m < best_m:
                best_m, best_edge, best_offset_m = distance_m, number, offset_m
        return self.place(best_edge, best_offset_m)

    def _candidates(self, x: float, y: float) -> Iterable[int]:
        """Edges of the squares around a point; all edges when the point is out of town."""
        column, row = int(x // CELL_M), int(y // CELL_M)
        for reach in (1, 2, 4):
            found = {
                number
                for c in range(column - reach, column + reach + 1)
                for r in range(row - reach, row + reach + 1)
                for number in self._edges_in_cell.get((c, r), ())
            }
            # Every edge nearer than the ring's inner radius is among those found.
            if any(self._distance_to(number, x, y)[0] <= reach * CELL_M for number in found):
                return sorted(found)
        return range(len(self.edges))

    def _distance_to(self, number: int, x: float, y: float) -> tuple[float, float]:
        """(distance to the edge, offset of the nearest place on it), both in metres."""
        e = self.edges[number]
        ax, ay, bx, by = self.x[e.a], self.y[e.a], self.x[e.b], self.y[e.b]
        dx, dy = bx - ax, by - ay
        part = min(max(((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy), 0.0), 1.0)
        return math.hypot(ax + part * dx - x, ay + part * dy - y), part * e.length_m
