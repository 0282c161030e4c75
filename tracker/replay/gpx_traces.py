"""Traces from GPX 1.0 and 1.1 files: each `<trk>` is a vehicle, its segments joined.

The parser is expat itself, because it tells the line of a mistake and lets us refuse document type
definitions before any entity is defined: no entity expansion, no external file, whatever the input.
`speed` and `course` are read from GPX 1.0's own elements and from 1.1 extensions alike, by name;
`hdop` is not an accuracy in metres and is left alone.
"""

from __future__ import annotations

from xml.parsers import expat

from tracker.replay.traces import BadTrace, Trace, TraceFix, amount, degrees, heading, instant, make_trace

_NAMESPACES = ("", "http://www.topografix.com/GPX/1/0", "http://www.topografix.com/GPX/1/1")
_VALUES = ("time", "speed", "course", "accuracy")
_MAX_VALUE_CHARS = 200


def read_gpx(content: bytes) -> list[Trace]:
    """The tracks of a GPX file that have points. Raises BadTrace with the line."""
    reader = _Reader()
    try:
        reader.parser.Parse(content, True)
    except expat.ExpatError as error:
        raise BadTrace(f"this is not XML: {expat.ErrorString(error.code)}", line=error.lineno) from None
    traces = [make_trace(name, fixes) for name, fixes in reader.tracks if fixes]
    if not traces:
        raise BadTrace("there are no track points in the file")
    return traces


class _Reader:
    """Collects the tracks while expat walks through the file."""

    def __init__(self) -> None:
        self.tracks: list[tuple[str, list[TraceFix]]] = []
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse_doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self._path: list[str] = []
        self._line = 0  # where the point began
        self._point: dict[str, str] | None = None
        self._name = ""

    def _refuse_doctype(self, *_: object) -> None:
        raise BadTrace("document type definitions are not read", line=self.parser.CurrentLineNumber)

    def _start(self, qualified: str, attributes: dict[str, str]) -> None:
        namespace, _, name = qualified.rpartition(" ")
        if not self._path and (name != "gpx" or namespace not in _NAMESPACES):
            raise BadTrace("this XML is not GPX 1.0 or 1.1", line=self.parser.CurrentLineNumber)
        self._path.append(name)
        if name == "trk":
            self._name = ""
            self.tracks.append(("", []))
        elif name == "trkpt" and "trk" in self._path:
            self._line = self.parser.CurrentLineNumber
            self._point = {key: attributes[key] for key in ("lat", "lon") if key in attributes}

    def _text(self, text: str) -> None:
        name = self._path[-1]
        if self._point is not None and name in _VALUES:
            self._point[name] = (self._point.get(name, "") + text)[:_MAX_VALUE_CHARS]
        elif self._path[-2:] == ["trk", "name"]:
            self._name = (self._name + text)[:_MAX_VALUE_CHARS]

    def _end(self, _: str) -> None:
        name = self._path.pop()
        if name == "trkpt" and self._point is not None:
            self.tracks[-1][1].append(_fix(self._point, self._line))
            self._point = None
        elif name == "trk":
            self.tracks[-1] = (self._unique(self._name.strip()), self.tracks[-1][1])

    def _unique(self, name: str) -> str:
        """The track's name, or its number when it has none or the name is taken."""
        taken = {other for other, _ in self.tracks[:-1]}
        return name if name and name not in taken else f"track {len(self.tracks)}"


def _fix(point: dict[str, str], line: int) -> TraceFix:
    return TraceFix(
        recorded_at=instant(point.get("time"), line),
        lat=degrees(point.get("lat"), "the latitude", 90, line),
        lng=degrees(point.get("lon"), "the longitude", 180, line),
        accuracy_m=amount(point.get("accuracy"), "the accuracy", line),
        heading_deg=heading(point.get("course"), line),
        speed_mps=amount(point.get("speed"), "the speed", line),
    )
