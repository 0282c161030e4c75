"""House numbers: every place on the network has an address, and every address is one place."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tracker.city import plan
from tracker.city.names import CITY, DISTRICTS
from tracker.city.network import Network, RoadKind

PLOT_M = 20.0  # a house on each side about every so many metres


@dataclass(frozen=True, slots=True)
class Address:
    """A house: where it is, its full address, and the vague one shown before a claim."""

    lat: float
    lng: float
    text: str
    approximate: str


def addresses(network: Network, rng: random.Random) -> Iterator[Address]:
    """Houses on streets and residential roads, in random order, each once, without end in sight.

    A number counts 20 m plots from the street's beginning, even on one side and odd on the other.
    """
    before_m = _metres_before(network)
    weights = [edge.length_m if edge.kind in _LIVED_IN else 0.0 for edge in network.edges]
    seen: set[str] = set()
    while True:
        (edge,) = rng.choices(range(len(weights)), weights)
        place = network.place(edge, rng.uniform(0.1, 0.9) * network.edges[edge].length_m)
        plot = int((before_m[edge] + place.offset_m) / PLOT_M)
        text = f"{100 + 2 * plot + rng.randrange(2)} {network.edges[edge].name}, {CITY}"
        if text not in seen:
            seen.add(text)
            lat, lng = round(place.lat, 6), round(place.lng, 6)
            yield Address(lat, lng, text, f"{district(network, lat, lng)}, {CITY}")


_LIVED_IN = (RoadKind.STREET, RoadKind.RESIDENTIAL)


def district(network: Network, lat: float, lng: float) -> str:
    """The name of the part of town a point is in (the nearest part, outside of it)."""
    x, y = network.plane.to_metres(lat, lng)
    rows, columns = len(DISTRICTS), len(DISTRICTS[0])
    column = int((x / plan.SIZE_M + 0.5) * columns)
    row = int((y / plan.SIZE_M + 0.5) * rows)
    return DISTRICTS[min(max(row, 0), rows - 1)][min(max(column, 0), columns - 1)]


def _metres_before(network: Network) -> list[float]:
    """For each edge, how many metres of its street come before it.

    Roads and edges were added in the same order, so that they can be walked side by side.
    """
    walked: dict[str, float] = {}
    before = []
    for edge in network.edges:
        before.append(walked.get(edge.name, 0.0))
        walked[edge.name] = before[-1] + edge.length_m
    return before
