"""Read a trace file, whichever format it is in."""

from __future__ import annotations

from pathlib import Path

from tracker.replay.csv_traces import read_csv
from tracker.replay.gpx_traces import read_gpx
from tracker.replay.traces import Trace, read_bytes


def read_traces(path: Path) -> list[Trace]:
    """The traces of a GPX or CSV file, told apart by how it begins. Raises BadTrace."""
    content = read_bytes(path)
    is_xml = content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") or content[:2] in (
        b"\xff\xfe",
        b"\xfe\xff",
    )
    return read_gpx(content) if is_xml else read_csv(content)
