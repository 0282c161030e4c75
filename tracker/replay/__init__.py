"""Play a recorded trip as a pro, through the public socket: `tracker replay FILE`.

Read in this order: `traces` (what a trace is), `csv_traces` and `gpx_traces` (reading one from a
file), `schedule` (which fix is sent when, and under which time), `device` (a phone that keeps every
heartbeat until it is acked), `play` (the flow), `command` (its options and exit codes).
"""

from __future__ import annotations

from tracker.replay.command import add_arguments, run

__all__ = ["add_arguments", "run"]
