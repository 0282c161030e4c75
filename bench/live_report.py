"""The live bench's table, ratios and targets (shared with nobody: the lines are its own)."""

from __future__ import annotations

from bench.harness import Report, spread
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

# figure, ours, the peer, the most the ratio may be; in the order of the targets
RATIOS = [
    ("fan_out", OURS_REDIS, REDIS_ADAPTER, 0.65),
    ("fan_out", OURS, STOCK, 0.2),
    ("fan_out", OURS, FLOOR, 1.6),
    ("relay", OURS_REDIS, REDIS_ADAPTER, 0.5),
    ("ack", WHOLE, REDIS_ADAPTER, 1.0),
    ("memory", OURS, NODE_JS, 0.5),
    ("accept", OURS, NODE_JS, 0.7),
    ("across", OURS_CLUSTER, SHARDED_CLUSTER, 0.6),
]
WITHOUT_TARGET = [
    ("fan_out", OURS, NODE_JS),
    ("relay", OURS, NODE_JS),
    ("relay", OURS, REDIS_ADAPTER),
    ("relay", OURS, STOCK),
    ("relay", OURS_REDIS, STOCK_REDIS),
    ("relay", OURS, FLOOR),
    ("relay", OURS_CLUSTER, SHARDED_CLUSTER),
    ("relay", OURS_CLUSTER, OURS_REDIS),
    ("ack", OURS, NODE_JS),
    ("ack", OURS_REDIS, REDIS_ADAPTER),
    ("across", OURS_REDIS, STOCK_REDIS),
    ("gone", OURS, NODE_JS),
    ("idle", OURS, NODE_JS),
    ("screens", OURS, NODE_JS),
    ("screens", OURS, STOCK),
]
TITLES = {line.figure: line.title for line in LINES}


def compare(report: Report, figures: Figures) -> None:
    """The table: a row for every line, a column for every peer."""
    report.rows(
        ["", *figures.peers],
        [
            [
                line.title,
                *(
                    spread(found) if (found := figures.values(peer, line.figure)) else ""
                    for peer in figures.peers
                ),
            ]
            for line in LINES
        ],
    )
    report.say("Ratios beside the targets, pair by pair:")
    report.say()
    for figure, ours, peer in WITHOUT_TARGET:
        ratios = figures.ratios(figure, ours, peer)
        if ratios:
            report.say(f"- {TITLES[figure]}: {ours} ÷ {peer} {spread(ratios)}")


def hold_against_targets(report: Report, figures: Figures) -> None:
    """Every target of the project."""
    report.say()
    report.say("Targets:")
    report.say()
    for figure, ours, peer, most in RATIOS:
        ratios = figures.ratios(figure, ours, peer)
        if ratios:
            report.target(f"{TITLES[figure]}: {ours} ÷ {peer}", ratios, most=most)
    nodes = zip(figures.values(REDIS_ADAPTER, "across"), figures.values(SHARDED, "across"), strict=True)
    better = [min(pair) for pair in nodes]
    across = [a / b for a, b in zip(figures.values(OURS_REDIS, "across"), better, strict=True)]
    report.target(f"{TITLES['across']}: {OURS_REDIS} ÷ the better of Node's adapters", across, most=0.6)
    for peer in (OURS_REDIS, OURS_CLUSTER):
        report.target(f"{TITLES['bystander']}: {peer}", figures.values(peer, "bystander"), most=2)
    linear = [
        many / few
        for many, few in zip(figures.values(OURS, "gone"), figures.values(OURS, "few_gone"), strict=True)
    ]
    report.target("gone at once, µs each: most of the crowd ÷ a few of it (linear)", linear, most=1.5)
    report.target(TITLES["stalled"], figures.values(OURS, "stalled"), most=1)
    report.target(
        f"{WHOLE}, half of saturation: heartbeat to screen, p99 ms",
        figures.values(WHOLE, "half_screen"),
        most=25,
    )
    report.target(
        f"{WHOLE}, half of saturation: heartbeat to ack, p99 ms", figures.values(WHOLE, "half_ack"), most=25
    )
