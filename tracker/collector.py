"""Python's cyclic garbage collector in a server that holds many sockets.

A full collection looks at every object: with 4,000 sockets that stops the loop for 150 ms, measured, and
the defaults ask for one each quarter of a minute under 2,000 heartbeats a second. Nearly all our garbage
has no cycles and is gone without the collector. What imports make is none at all, and looking through it is
a tenth of the time of a start.
"""

from __future__ import annotations

import gc

# Net new objects until the youngest are looked at, and how many such looks until the next generations are.
THRESHOLDS = (20_000, 20, 50)


def pause_collector() -> None:
    """Look at nothing while a server starts, until `quieten_collector`."""
    gc.disable()


def quieten_collector() -> None:
    """Never look again at what the start has made, and seldom at the rest. Call it once, after the start."""
    gc.enable()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
