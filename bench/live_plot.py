"""A picture of the live bench: bars per line and peer, as SVG written by hand."""

from __future__ import annotations

import statistics
from html import escape

from bench.harness import short
from bench.live_figures import LINES, Figures
from bench.live_peers import (
    FLOOR,
    NODE_JS,
    OURS,
    OURS_CLUSTER,
    OURS_REDIS,
    REDIS_ADAPTER,
    SHARDED,
    SHARDED_CLUSTER,
    STOCK,
    STOCK_REDIS,
)
from bench.live_whole import WHOLE

SHOWN = ("fan_out", "relay", "ack", "across", "bystander", "memory", "accept", "gone", "idle", "screens")
COLOURS = {
    FLOOR: "#9aa0a6",
    NODE_JS: "#7fb77e",
    REDIS_ADAPTER: "#4f9d69",
    SHARDED: "#2f6f4e",
    STOCK: "#e0a458",
    STOCK_REDIS: "#c07c2c",
    OURS: "#4f7cac",
    OURS_REDIS: "#2f5d8a",
    SHARDED_CLUSTER: "#1f4a36",
    OURS_CLUSTER: "#24496c",
    WHOLE: "#1b3a57",
}
BAR, GAP, LEFT, WIDTH = 15, 34, 250, 420
SHEET = LEFT + WIDTH + 110


def plot(figures: Figures) -> str:
    """One panel a line, each with its own scale from zero; whiskers are the least and the most."""
    parts, top = [], 10
    for line in LINES:
        if line.figure not in SHOWN:
            continue
        rows = [(peer, found) for peer in figures.peers if (found := figures.values(peer, line.figure))]
        most = max(max(found) for _, found in rows)
        top += 22
        parts.append(f'<text x="10" y="{top}" class="t">{escape(line.title)}</text>')
        top += 6
        for peer, found in rows:
            parts.append(_bar(peer, found, most, top))
            top += BAR + 3
        top += GAP - 22
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{SHEET}" height="{top}" viewBox="0 0 {SHEET} {top}"'
        ' role="img" aria-label="The live path beside its peers">'
        "<style>text{font:12px system-ui,sans-serif;fill:#222}.t{font-weight:600}.n{text-anchor:end}</style>"
        f'<rect width="{SHEET}" height="{top}" fill="#fff"/>' + "".join(parts) + "</svg>\n"
    )


def _bar(peer: str, found: list[float], most: float, top: int) -> str:
    scale = WIDTH / most if most else 0.0
    median, middle = statistics.median(found), top + BAR / 2
    whiskers = (
        f'<path d="M{LEFT + min(found) * scale:.1f} {middle}H{LEFT + max(found) * scale:.1f}" stroke="#222"/>'
    )
    return (
        f'<text x="{LEFT - 8}" y="{top + 12}" class="n">{escape(peer)}</text>'
        f'<rect x="{LEFT}" y="{top}" width="{max(1.0, median * scale):.1f}" height="{BAR}"'
        f' fill="{COLOURS[peer]}"/>{whiskers}'
        f'<text x="{LEFT + max(found) * scale + 6:.1f}" y="{top + 12}">{escape(short(median))}</text>'
    )
