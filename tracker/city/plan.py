"""The town's plan: a grid of blocks between avenues, bent around a river.

Places in the plan are (u, v): u counts blocks from the west edge, v from the south edge, and the
fraction says where in the block. `Plan.at` bends the plan into metres. Because the river is a row
of the plan, the quays follow it and no street ever has to be cut at the water.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from enum import StrEnum

CENTRE = (41.36, -99.42)  # an empty stretch of the Great Plains
COLUMNS = 8
ROWS = 9
SIZE_M = 10_000.0  # from edge to edge, about
RIVER_ROW = 3
RIVER_M = 300.0  # from quay to quay
HIGHWAY_LINE = 1  # the south edge of row 1
DOWNTOWN = (4.0, 5.0)
BRIDGES = (1, 2, 3, 4, 5, 7)  # avenues (their u) that cross the river
BOULEVARD = ((4, 5), (5, 6), (6, 7))  # blocks crossed from corner to corner by a diagonal avenue
PARKS = ((2, 5), (6, 4), (5, 1))  # blocks that are a park
LAKE = (2, 5)  # the park with a lake
GREENS = ((1, 7), (3, 2), (4, 7), (7, 6), (1, 1), (6, 2))  # blocks with a small green inside
GREEN = (0.3, 0.7)  # a green's sides, as parts of its block
COUNTRY = ((0, 0), (7, 0), (0, 8), (7, 8), (0, 7), (6, 0), (7, 7), (0, 6))  # blocks with hardly a house

_MEANDER_M, _MEANDER_LENGTH_M, _MEANDER_REACH_M = 520.0, 6800.0, 1900.0
_SWAY_M, _SWAY_LENGTH_M = 140.0, 7300.0


class AreaKind(StrEnum):
    """What a patch of the map is, when it is not streets."""

    PARK = "park"
    WATER = "water"


@dataclass(frozen=True, slots=True)
class Area:
    """A filled patch of the map; the ring is in metres and not closed."""

    kind: AreaKind
    ring: tuple[tuple[float, float], ...]


class Plan:
    """Where the avenues run and how the town bends, for one seed."""

    def __init__(self, rng: random.Random) -> None:
        self._xs = _lines([rng.uniform(1120, 1420) for _ in range(COLUMNS)])
        widths = [rng.uniform(1080, 1320) for _ in range(ROWS)]
        widths[RIVER_ROW] = RIVER_M
        self._ys = _lines(widths)
        self._river_y = (self._ys[RIVER_ROW] + self._ys[RIVER_ROW + 1]) / 2
        self._phase = rng.uniform(0, math.tau)
        self._twist = {
            (column, row): self._twist_of(rng, column, row)
            for column in range(COLUMNS)
            for row in range(ROWS)
        }

    @staticmethod
    def _twist_of(rng: random.Random, column: int, row: int) -> float:
        """By how many radians the streets inside a block are turned: none downtown, more further out."""
        angle = rng.uniform(0.15, 0.5) * rng.choice((-1, 1))
        if row == RIVER_ROW or (column, row) in BOULEVARD:
            return 0.0
        return angle * min(1.0, max(0.0, blocks_from_downtown(column, row) - 1.2) / 2)

    def at(self, u: float, v: float) -> tuple[float, float]:
        """Metres (x east, y north of the centre) of a place in the plan; also a little outside it."""
        column = min(max(int(u), 0), COLUMNS - 1)
        row = min(max(int(v), 0), ROWS - 1)
        p, q = u - column, v - row
        left, right = self._xs[column], self._xs[column + 1]
        bottom, top = self._ys[row], self._ys[row + 1]
        x, y = left + (right - left) * p, bottom + (top - bottom) * q
        if 0 < p < 1 and 0 < q < 1:
            # Turn the inside of a block, fading to nothing at its edges, so that avenues stay put.
            angle = self._twist[column, row] * math.sin(math.pi * p) * math.sin(math.pi * q)
            dx, dy = x - (left + right) / 2, y - (bottom + top) / 2
            x += dx * (math.cos(angle) - 1) - dy * math.sin(angle)
            y += dx * math.sin(angle) + dy * (math.cos(angle) - 1)
        return self._bend(x, y)

    def _bend(self, x: float, y: float) -> tuple[float, float]:
        """Let the river meander and everything near it follow."""
        meander = _MEANDER_M * math.sin(math.tau * x / _MEANDER_LENGTH_M + self._phase)
        meander *= math.exp(-(((y - self._river_y) / _MEANDER_REACH_M) ** 2))
        sway = math.tau / _SWAY_LENGTH_M
        return x + _SWAY_M * math.sin(y * sway + self._phase), y + meander + _SWAY_M * math.sin(x * sway)

    def areas(self) -> list[Area]:
        """The river, the parks, the greens and the lake."""
        found = [
            Area(AreaKind.WATER, self._ring(-0.6, RIVER_ROW + 0.14, COLUMNS + 0.6, RIVER_ROW + 0.86, 64))
        ]
        for column, row in PARKS:
            ring = self._ring(column + 0.03, row + 0.03, column + 0.97, row + 0.97, 8)
            found.append(Area(AreaKind.PARK, ring))
        for column, row in GREENS:
            low, high = GREEN[0] + 0.02, GREEN[1] - 0.02
            ring = self._ring(column + low, row + low, column + high, row + high, 6)
            found.append(Area(AreaKind.PARK, ring))
        found.append(Area(AreaKind.WATER, self._lake(*LAKE)))
        return found

    def _ring(
        self, u0: float, v0: float, u1: float, v1: float, steps: int
    ) -> tuple[tuple[float, float], ...]:
        """A rectangle of the plan, bent; the long sides in `steps` pieces."""
        us = [u0 + (u1 - u0) * k / steps for k in range(steps + 1)]
        vs = [v0 + (v1 - v0) * k / 4 for k in range(1, 4)]
        around = [(u, v0) for u in us] + [(u1, v) for v in vs]
        around += [(u, v1) for u in reversed(us)] + [(u0, v) for v in reversed(vs)]
        return tuple(self.at(u, v) for u, v in around)

    def _lake(self, column: int, row: int) -> tuple[tuple[float, float], ...]:
        """A lake the shape of a bean."""
        ring = []
        for k in range(28):
            turn = math.tau * k / 28
            reach = 0.2 + 0.05 * math.sin(2 * turn) + 0.03 * math.cos(3 * turn)
            ring.append(
                self.at(column + 0.52 + 1.3 * reach * math.cos(turn), row + 0.45 + reach * math.sin(turn))
            )
        return tuple(ring)


def blocks_from_downtown(column: int, row: int) -> float:
    """How far a block's middle is from downtown, in blocks."""
    return math.hypot(column + 0.5 - DOWNTOWN[0], row + 0.5 - DOWNTOWN[1])


def _lines(widths: list[float]) -> list[float]:
    """Edges of the blocks, centred on zero."""
    edges = [0.0]
    for width in widths:
        edges.append(edges[-1] + width)
    return [edge - edges[-1] / 2 for edge in edges]
