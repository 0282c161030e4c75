"""What a run of the live bench found, by peer and figure, and the lines of its table."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import Any, Final

from bench.harness import Turns


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: the figure's name in the samples, and what it says."""

    figure: str
    title: str


LINES: Final = [
    Line("fan_out", "fan-out, one room, µs per delivery"),
    Line("relay", "one watcher a job, µs per heartbeat"),
    Line("ack", "the same with an ack, µs"),
    Line("across", "across two nodes, both nodes' µs per heartbeat"),
    Line("bystander", "a bystander node's µs per heartbeat of others' rooms"),
    Line("redis", "Redis' own µs per heartbeat"),
    Line("memory", "idle connection, KB resident"),
    Line("accept", "accepting a connection, µs"),
    Line("gone", "gone at once, µs each"),
    Line("idle", "idle CPU of all connections, % of a core"),
    Line("screens", "10 dispatch screens, µs per delivery"),
    Line("ticks", "the same in ticks of a second, µs per position on a screen"),
    Line("stalled", "growth behind a stalled reader, MB"),
    Line("half_rate", "half of saturation, acked heartbeats/s"),
    Line("half_screen", "there: heartbeat to screen, p99 ms"),
    Line("half_ack", "there: heartbeat to ack, p99 ms"),
]


@dataclass(frozen=True, slots=True)
class Figures:
    """Samples under traffic, with idle connections, and of the stalled reader (once)."""

    traffic: Turns
    crowds: Turns
    stalled: Turns
    bytes_per_position: float

    @property
    def peers(self) -> list[str]:
        """In the table's order."""
        return list(self.traffic.samples)

    def values(self, peer: str, figure: str) -> list[float]:
        """All samples of a figure, in the order of their taking; empty when the peer has none."""
        for turns in (self.traffic, self.crowds, self.stalled):
            samples = turns.samples.get(peer, [])
            if samples and figure in samples[0]:
                return [sample[figure] for sample in samples]
        return []

    def ratios(self, figure: str, above: str, below: str, below_figure: str = "") -> list[float]:
        """Pair by pair, one peer's figure ÷ another's; empty when either has none."""
        pairs = zip(self.values(above, figure), self.values(below, below_figure or figure), strict=False)
        return [a / b if b else math.inf for a, b in pairs]

    def medians(self) -> dict[str, dict[str, float]]:
        """Every figure of every peer."""
        names = {
            figure
            for turns in (self.traffic, self.crowds, self.stalled)
            for samples in turns.samples.values()
            for sample in samples
            for figure in sample
        }
        return {
            peer: {
                figure: statistics.median(values)
                for figure in sorted(names)
                if (values := self.values(peer, figure))
            }
            for peer in self.peers
        }

    def as_json(self) -> dict[str, Any]:
        """For growth.py: the medians, and the database's bytes."""
        return {"medians": self.medians(), "bytes_per_position": self.bytes_per_position}
